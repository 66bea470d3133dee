import { createRequire } from 'node:module';
import { threadId, workerData } from 'node:worker_threads';
import { DataError } from '../src/domain/errors.ts';

/** What the threads of a pool are asked to do in tests. */
export type Deed =
  | { readonly kind: 'say' }
  | { readonly kind: 'wait'; readonly ms: number; readonly mark?: number }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'stumble' }
  | { readonly kind: 'hoard' }
  | { readonly kind: 'swell' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'inspect'; readonly module: string };

/** What a thread has loaded that has crashed processes: Node's stripper of types, and native addons. */
export interface Loaded {
  readonly typeStripper: readonly string[];
  readonly addons: readonly string[];
}

export default async function work(deed: Deed): Promise<unknown> {
  switch (deed.kind) {
    case 'say':
      return { threadId, workerData };
    case 'wait': {
      const { begun } = workerData as { readonly begun: Int32Array };
      Atomics.add(begun, 0, 1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, deed.ms);
      Atomics.add(begun, 1, 1);
      return deed.mark;
    }
    case 'refuse':
      throw new DataError('no such coin', { details: ['DOGE'], hint: 'Did you mean BTC?' });
    case 'stumble':
      throw new TypeError('x is not a function');
    case 'hoard':
      for (const hoard: number[][] = []; ; ) hoard.push(new Array<number>(100_000).fill(hoard.length));
    case 'swell':
      return new Float64Array(2 ** 40).length;
    case 'quit':
      return process.exit(3);
    case 'inspect':
      return inspect(deed.module);
  }
}

async function inspect(module: string): Promise<Loaded> {
  // Whoever compiles WebAssembly from here on fails.
  Object.defineProperty(globalThis, 'WebAssembly', { value: undefined });
  await import(module);
  const internals = (process as unknown as { readonly moduleLoadList: readonly string[] }).moduleLoadList;
  return {
    typeStripper: internals.filter((name) => name.includes('amaro')),
    addons: Object.keys(createRequire(import.meta.url).cache).filter((file) => file.endsWith('.node')),
  };
}

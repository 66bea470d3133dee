/**
 * The first thing that a worker thread of a pool runs, as JavaScript that thread-types.ts made of it: TypeScript that
 * the thread imports from now on is handed over by the main thread without its types. Imports modules of Node alone.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { getEnvironmentData, MessageChannel, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { STRIPPED, TypedSource } from './thread-types.ts';

const stripped = getEnvironmentData('candor/stripped' satisfies typeof STRIPPED) as unknown;

registerHooks({
  load(url, context, nextLoad) {
    const file = new URL(url);
    if (file.protocol !== 'file:' || !file.pathname.endsWith('.ts')) return nextLoad(url, context);
    const source = withoutTypes(readFileSync(fileURLToPath(file), 'utf8'));
    // What could not be read as TypeScript is left to Node, whose error names the line.
    if (source === undefined) return nextLoad(url, context);
    return { format: 'module', source, shortCircuit: true };
  },
});

/** What was stripped ahead; otherwise asks the main thread and waits, as imports of a thread do in any case. */
function withoutTypes(typescript: string): string | undefined {
  const known = stripped instanceof Map ? (stripped.get(typescript) as string | undefined) : undefined;
  if (known !== undefined) return known;
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const request: TypedSource = { typescript, answered, port: port2 };
  parentPort?.postMessage(request, [port2]);
  Atomics.wait(answered, 0, 0);
  const answer = receiveMessageOnPort(port1) as { readonly message: string | undefined };
  port1.close();
  return answer.message;
}

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { Deed } from '../../test/pool-worker.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { CandorError } from '../domain/errors.ts';
import { Prng } from '../domain/prng.ts';
import { openPool, type PoolOptions, type WorkerPool } from './pool.ts';

const ENTRY = new URL('../../test/pool-worker.ts', import.meta.url);

/** Tasks begun and tasks finished, counted by the threads themselves. */
const begun = new Int32Array(new SharedArrayBuffer(8));
const open: WorkerPool[] = [];

async function poolOf(options: Partial<PoolOptions> = {}): Promise<WorkerPool> {
  begun.fill(0);
  const pool = await openPool({ entry: ENTRY, workerData: { begun }, threads: 2, ...options });
  open.push(pool);
  return pool;
}

const ask = <T>(pool: WorkerPool, deed: Deed, signal?: AbortSignal): Promise<T> =>
  pool.run<T>(deed, signal === undefined ? {} : { signal });

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

describe('a pool of workers', () => {
  test('has as many threads as were wanted, all of them ready', async () => {
    const pool = await poolOf({ threads: 3 });
    const waits = await Promise.all([1, 2, 3].map((mark) => ask<number>(pool, { kind: 'wait', ms: 50, mark })));
    expect(waits).toEqual([1, 2, 3]);
    expect(pool.threads).toBe(3);
  });

  test('shares shared memory and begins tasks in their order', async () => {
    const pool = await poolOf({ threads: 1 });
    const marks: number[] = [];
    const tasks = [5, 1, 3].map((mark) =>
      ask<number>(pool, { kind: 'wait', ms: mark, mark }).then((m) => marks.push(m)),
    );
    await Promise.all(tasks);
    expect(marks).toEqual([5, 1, 3]);
    expect([...begun]).toEqual([3, 3]);
  });

  test('hands an error over with all that it says', async () => {
    const pool = await poolOf();
    const refused = await ask(pool, { kind: 'refuse' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CandorError);
    expect(refused).toMatchObject({
      name: 'DataError',
      message: 'no such coin',
      details: ['DOGE'],
      hint: 'Did you mean BTC?',
    });
    await expect(ask(pool, { kind: 'stumble' })).rejects.toThrow('x is not a function');
  });

  test('ends the wait for a task that runs when the signal is given, and drops those behind it', async () => {
    const pool = await poolOf({ threads: 1 });
    const abort = new AbortController();
    const tasks = [1, 2, 3].map((mark) => ask(pool, { kind: 'wait', ms: 200, mark }, abort.signal));
    const settled = Promise.allSettled(tasks);
    while (begun[0] === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort(new Error('enough'));
    for (const one of await settled) expect(one).toMatchObject({ reason: { message: 'enough' } });
    expect([...begun], 'the one that runs has not finished').toEqual([1, 0]);
    await pool.close();
    expect([...begun], 'closing waited for it, and began no other').toEqual([1, 1]);
  });

  test('runs nothing for a signal that was given before', async () => {
    const pool = await poolOf();
    await expect(ask(pool, { kind: 'say' }, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  });

  test('runs nothing once it is closed, and is closed twice without harm', async () => {
    const pool = await poolOf();
    await Promise.all([pool.close(), pool.close()]);
    await expect(ask(pool, { kind: 'say' })).rejects.toThrow('the pool of workers is closed');
  });
});

describe('a thread that dies', () => {
  test('of memory says so, and the others go on', async () => {
    const pool = await poolOf({ resourceLimits: { maxOldGenerationSizeMb: 48 } });
    const hoarding = ask(pool, { kind: 'hoard' }).catch((error: unknown) => error);
    const waiting = [1, 2, 3, 4].map((mark) => ask<number>(pool, { kind: 'wait', ms: 20, mark }));
    const died = await hoarding;
    expect(died).toBeInstanceOf(CandorError);
    expect(died).toMatchObject({
      message: 'a worker thread ran out of memory',
      details: ['2 workers, 48 MB each'],
      hint: expect.stringContaining('fewer workers'),
    });
    expect(await Promise.all(waiting)).toEqual([1, 2, 3, 4]);
  });

  test('or cannot have the memory that it asks for, says the same', async () => {
    const pool = await poolOf();
    await expect(ask(pool, { kind: 'swell' })).rejects.toMatchObject({ message: 'a worker thread ran out of memory' });
    expect(await ask(pool, { kind: 'wait', ms: 1, mark: 7 })).toBe(7);
  });

  test('is replaced, even when it was the only one', async () => {
    const pool = await poolOf({ threads: 1 });
    await expect(ask(pool, { kind: 'quit' })).rejects.toThrow('exited with code: 3');
    expect(await ask(pool, { kind: 'wait', ms: 1, mark: 7 })).toBe(7);
  });

  test('and cannot be replaced takes no task with it for ever', async () => {
    const text = `
      import { workerData } from 'node:worker_threads';
      if (Atomics.add(workerData.begun, 0, 1) > 0) throw new Error('only once');
      export default () => process.exit(3);`;
    await inTemporaryFolder({ 'once.ts': text }, async (folder) => {
      const pool = await poolOf({ entry: pathToFileURL(join(folder, 'once.ts')), threads: 1 });
      for (const message of ['exited with code: 3', 'only once', 'only once', 'only once']) {
        await expect(pool.run({})).rejects.toThrow(message);
      }
      await pool.close();
    });
  });
});

describe('a worker that cannot start', () => {
  test.each([
    ['throws', "throw new Error('out of luck');", 'out of luck'],
    ['is not there', undefined, 'Cannot find module'],
    ['is no TypeScript that Node reads', 'enum Side { long }', 'enum is not supported'],
  ])('because its module %s: the pool does not open, and says why', async (_, text, message) => {
    await inTemporaryFolder(text === undefined ? {} : { 'entry.ts': text }, async (folder) => {
      await expect(poolOf({ entry: pathToFileURL(join(folder, 'entry.ts')) })).rejects.toThrow(message);
    });
  });

  test('on one thread only releases the others', async () => {
    const text = `
      import { workerData } from 'node:worker_threads';
      if (Atomics.add(workerData.begun, 0, 1) === 1) throw new Error('the second one');
      export default () => 1;`;
    await inTemporaryFolder({ 'entry.ts': text }, async (folder) => {
      const entry = pathToFileURL(join(folder, 'entry.ts'));
      await expect(poolOf({ entry, threads: 3 })).rejects.toThrow('the second one');
    });
  });
});

describe('nothing that can crash a process is in a thread', () => {
  test.each(['./study-worker.ts', '../optimize/cores-worker.ts', '../../strategies/breakout.ts'])(
    '%s brings no WebAssembly and no native addon',
    async (file) => {
      const pool = await poolOf({ threads: 1, workerData: { begun, data: { grids: [] } } });
      const module = new URL(file, import.meta.url).href;
      expect(await ask(pool, { kind: 'inspect', module })).toEqual({ typeStripper: [], addons: [] });
    },
  );
});

test('pools that are stopped at random moments, one after another', async () => {
  const rng = new Prng(1);
  for (let round = 0; round < 12; round++) {
    const abort = new AbortController();
    const pool = await poolOf();
    const tasks = Array.from({ length: 20 }, (_, mark) => ask(pool, { kind: 'wait', ms: 3, mark }, abort.signal));
    const settled = Promise.allSettled(tasks);
    setTimeout(() => abort.abort(new Error('enough')), rng.below(30));
    for (const [mark, one] of (await settled).entries()) {
      if (one.status === 'fulfilled') expect(one.value).toBe(mark);
      else expect(one.reason).toMatchObject({ message: 'enough' });
    }
    await pool.close();
    expect(begun[1]).toBe(begun[0]);
  }
});

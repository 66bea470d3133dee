import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, coordinate, onOneCore, serve, startProgram, startWorker, until } from '../../../test/queue-stage.ts';
import { chunksOf, someWork, standIn } from '../../../test/queue-work.ts';
import { describeWithRedis, RedisServer } from '../../../test/redis-server.ts';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import { StrategyError } from '../../domain/errors.ts';
import { announcedSweeps, withQueue } from './announcements.ts';
import { sendMessage } from './messages.ts';

const inFolder = (body: (folder: string) => Promise<void>, files = {}): Promise<void> => inTemporaryFolder(files, body);

let server: RedisServer;
const children = new Set<{ readonly child: { kill(signal: 'SIGKILL'): boolean } }>();
const started = <T extends { readonly child: { kill(signal: 'SIGKILL'): boolean } }>(one: T): T => {
  children.add(one);
  return one;
};

function useServer(): void {
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    children.clear();
    await ask(server.url, (redis) => redis.flushall());
  });
  afterAll(() => server.stop());
}

describeWithRedis('a sweep over a queue has the bits of one core', () => {
  useServer();

  test('with three workers, one of them killed in the middle, and leaves nothing behind', () =>
    inFolder(async (folder) => {
      const work = someWork('three-workers');
      const chunks = chunksOf(300, 20);
      const workers = [1, 2, 3].map(() => started(startWorker(server.url, folder, { delayMs: 50 })));
      for (const { diary } of workers) await diary.has('waiting for sweeps');
      const { results, diary, ended } = coordinate(server.url, work, chunks);
      await diary.has('3 workers with 6 threads');
      workers[0]?.child.kill('SIGKILL');
      expect(results.size).toBeLessThan(300);
      await ended;
      expect(results).toEqual(onOneCore(work, chunks));
      expect(await ask(server.url, (redis) => redis.keys('*'))).toEqual([]);
    }));

  test('when its coordinator is killed, and another one goes on', () =>
    inFolder(async (folder) => {
      const work = someWork('killed-coordinator');
      const chunks = chunksOf(120, 10);
      const killed = started(startProgram('queue-coordinator.ts', [server.url, 'killed-coordinator', '120', '10']));
      started(startWorker(server.url, folder, { delayMs: 40 }));
      await until(() => killed.diary.lines.length > 20);
      killed.child.kill('SIGKILL');
      await killed.exitCode;
      const stored = new Set(killed.diary.lines.map(Number));
      const missing = chunks.filter(({ first }) => !stored.has(first));
      // Meanwhile the worker goes on with what is in the queue, and its results wait.
      const { results, ended } = coordinate(server.url, work, missing);
      await ended;
      expect(results).toEqual(onOneCore(work, missing));
    }));

  test('when it is stopped and goes on: what was handed over stays', () =>
    inFolder(async (folder) => {
      const work = someWork('stopped');
      const chunks = chunksOf(100, 10);
      const worker = serve(server.url, folder, { openEvaluators: standIn(10) });
      const before = coordinate(server.url, work, chunks);
      await until(() => before.results.size > 10);
      before.stop.abort();
      await before.ended;
      expect(before.results.size).toBeLessThan(100);
      await until(async () => (await ask(server.url, (redis) => redis.keys('*'))).length === 0);
      const rest = chunks.filter(({ first }) => !before.results.has(first));
      const after = coordinate(server.url, work, rest);
      await after.ended;
      await worker.stop();
      expect(new Map([...before.results, ...after.results])).toEqual(onOneCore(work, chunks));
    }));

  test('when Redis crashes and comes back without anything that it knew', () =>
    inFolder(async (folder) => {
      const work = someWork('forgetful');
      const chunks = chunksOf(150, 10);
      const worker = serve(server.url, folder, { openEvaluators: standIn(10) });
      const { results, diary, ended } = coordinate(server.url, work, chunks);
      await until(() => results.size > 20);
      await server.kill();
      await diary.has('is lost; trying again until it is back');
      await server.launch();
      await ended;
      await worker.stop();
      expect(results).toEqual(onOneCore(work, chunks));
      expect(diary.text).toContain('is back');
      expect(diary.text).toContain('Redis has forgotten the sweep; it is told again');
    }));

  test('when all connections are cut again and again', () =>
    inFolder(async (folder) => {
      const work = someWork('cut');
      const chunks = chunksOf(150, 10);
      const worker = serve(server.url, folder, { openEvaluators: standIn(10) });
      const { results, ended } = coordinate(server.url, work, chunks);
      for (let cuts = 1; cuts <= 4; cuts++) {
        await until(() => results.size > cuts * 20);
        await ask(server.url, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
      }
      await ended;
      await worker.stop();
      expect(results).toEqual(onOneCore(work, chunks));
    }));

  test('when results come twice, damaged, or for chunks that nobody asked for', () =>
    inFolder(async (folder) => {
      const work = someWork('noise');
      const chunks = chunksOf(40, 10);
      const { results, diary, ended } = coordinate(server.url, work, chunks);
      await diary.has('waiting for workers: run candor worker --queue …');
      await ask(server.url, async (redis) => {
        const [sweep] = await announcedSweeps(redis);
        const id = sweep?.id ?? '';
        const answers = [...onOneCore(work, chunksOf(3, 10))].map(([first, result]) => ({ first, result }));
        for (const { first, result } of [...answers, ...answers]) {
          await sendMessage(redis, id, { kind: 'result', chunk: { first, count: 10 }, result });
        }
        const [{ result }] = answers as [(typeof answers)[0]];
        await sendMessage(redis, id, { kind: 'result', chunk: { first: 7_000, count: 10 }, result });
        const damaged = ['first', '30', 'count', '10', 'sha256', 'no such', 'payload', 'nothing'];
        await redis.xadd(`candor:sweep:${id}:messages`, '*', 'kind', 'result', ...damaged);
      });
      await diary.has('a result came damaged');
      await until(() => results.size === 3);
      const worker = serve(server.url, folder);
      await ended;
      await worker.stop();
      expect(results).toEqual(onOneCore(work, chunks));
    }));
});

describeWithRedis('a queue', () => {
  useServer();

  test('is never filled with all of a big sweep', () =>
    inFolder(async (folder) => {
      const work = someWork('big');
      const chunks = chunksOf(3_000, 2);
      const { results, ended } = coordinate(server.url, work, chunks);
      const worker = serve(server.url, folder, { workers: 4, openEvaluators: standIn() });
      let most = 0;
      await ask(server.url, async (redis) => {
        await until(async () => {
          const [sweep] = await announcedSweeps(redis);
          if (sweep !== undefined) {
            most = Math.max(most, await withQueue(redis, sweep.id, (queue) => queue.getWaitingCount()));
          }
          return results.size > 2_900;
        });
      });
      await ended;
      await worker.stop();
      expect(results.size).toBe(3_000);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(512);
    }));

  test('has one coordinator for a sweep', () =>
    inFolder(async () => {
      const work = someWork('claimed');
      const first = coordinate(server.url, work, chunksOf(2, 2));
      await first.diary.has('waiting for workers');
      const second = coordinate(server.url, work, chunksOf(2, 2));
      await expect(second.ended).rejects.toThrow('this sweep is already being run');
      const third = coordinate(server.url, work, chunksOf(2, 2));
      await third.diary.has('another process has run this sweep lately');
      third.stop.abort();
      await third.ended;
      expect((await ask(server.url, announcedSweeps)).map(({ name }) => name)).toEqual(['claimed']);
      first.stop.abort();
      await first.ended;
      expect(await ask(server.url, announcedSweeps)).toEqual([]);
    }));

  test('lets a sweep that somebody waits for go before one whose coordinator died', () =>
    inFolder(async (folder) => {
      const dead = started(startProgram('queue-coordinator.ts', [server.url, 'dead', '500', '2']));
      const worker = serve(server.url, folder, { openEvaluators: standIn(100) });
      await until(() => dead.diary.lines.length > 0);
      dead.child.kill('SIGKILL');
      const { results, ended } = coordinate(server.url, someWork('living'), chunksOf(5, 2));
      await ended;
      await worker.stop();
      expect(results.size).toBe(5);
      const [left] = await ask(server.url, announcedSweeps);
      expect(left?.name).toBe('dead');
      const waiting = (redis: Redis) => withQueue(redis, left?.id ?? '', (queue) => queue.getWaitingCount());
      expect(await ask(server.url, waiting)).toBeGreaterThan(100);
    }));

  test('ends a sweep whose strategy fails, with what the strategy says', () =>
    inFolder(async (folder) => {
      const failure = new StrategyError('strategies/a.ts:3 throws: no limit', { hint: 'Set one.', details: ['row 7'] });
      const worker = serve(server.url, folder, { openEvaluators: standIn(0, failure) });
      const { ended } = coordinate(server.url, someWork('failing'), chunksOf(5, 2));
      const { message, hint, details } = failure;
      await expect(ended).rejects.toMatchObject({ message, hint, details });
      await worker.stop();
      expect(await ask(server.url, (redis) => redis.keys('*'))).toEqual([]);
    }));

  test('ends a sweep when its Redis is full, and says what to do', () =>
    inFolder(async () => {
      await ask(server.url, (redis) => redis.config('SET', 'maxmemory', '1mb'));
      try {
        const { ended } = coordinate(server.url, someWork('full'), chunksOf(5, 2));
        await expect(ended).rejects.toThrow(`${server.url} is out of memory: it has reached its maxmemory`);
      } finally {
        await ask(server.url, (redis) => redis.config('SET', 'maxmemory', '0'));
      }
    }));
});

describeWithRedis('a worker', () => {
  useServer();

  test('leaves a sweep whose strategy it has in another version, says so once, and serves the next one', () =>
    inFolder(
      async (folder) => {
        const foreign = coordinate(server.url, someWork('foreign', { mine: 'new text' }), chunksOf(5, 2));
        await foreign.diary.has('waiting for workers');
        const worker = serve(server.url, folder);
        const reason = 'strategies/mine.ts is another version here: bring both machines to the same one (git pull)';
        await worker.diary.has(`not taking part in the sweep 'foreign': ${reason}`);
        await foreign.diary.has(reason);
        const own = coordinate(server.url, someWork('own', { mine: 'old text' }), chunksOf(5, 2));
        await own.ended;
        expect(own.results.size).toBe(5);
        expect(worker.diary.count('not taking part')).toBe(1);
        writeFileSync(join(folder, 'strategies/mine.ts'), 'new text');
        await foreign.ended;
        await worker.stop();
      },
      { 'strategies/mine.ts': 'old text' },
    ));

  test('fetches candles once, and again where the file was damaged', () =>
    inFolder(async (folder) => {
      const run = async (): Promise<string> => {
        const worker = serve(server.url, folder);
        const { ended } = coordinate(server.url, someWork('cached'), chunksOf(3, 2));
        await ended;
        await worker.stop();
        return worker.diary.text;
      };
      expect(await run()).toMatch(/fetching BTC 1h \(0\.1 MB\)/);
      expect(await run()).not.toContain('fetching');
      const cache = join(folder, 'columns');
      const files = readdirSync(cache);
      expect(files).toHaveLength(4);
      writeFileSync(join(cache, files[0] ?? ''), 'not what it was');
      const again = await run();
      expect(again).toContain('is damaged; its candles are fetched again');
      expect(again.match(/fetching/g)).toHaveLength(1);
      expect(await run()).not.toContain('fetching');
    }));

  test('that runs out of memory leaves the sweep to others', () =>
    inFolder(async (folder) => {
      const work = someWork('memory');
      const chunks = chunksOf(20, 2);
      const failure = Object.assign(new Error('a worker thread ran out of memory'), {
        code: 'ERR_WORKER_OUT_OF_MEMORY',
      });
      const poor = serve(server.url, folder, { openEvaluators: standIn(0, failure) });
      const { results, diary, ended } = coordinate(server.url, work, chunks);
      await diary.has('a worker thread ran out of memory. Use fewer --workers.');
      const rich = serve(server.url, folder);
      await ended;
      await Promise.all([poor.stop(), rich.stop()]);
      expect(results).toEqual(onOneCore(work, chunks));
      expect(poor.diary.count('not taking part')).toBe(1);
    }));

  test('that is told to stop finishes its chunk, or gives it back when that takes too long', () =>
    inFolder(async (folder) => {
      const work = someWork('told-to-stop');
      const chunks = chunksOf(8, 2);
      const { results, ended } = coordinate(server.url, work, chunks);
      const slow = started(startWorker(server.url, folder, { delayMs: 60_000 }));
      await slow.diary.has('working on the sweep');
      const quick = started(startWorker(server.url, folder, { delayMs: 300, workers: 1 }));
      await until(() => results.size > 0);
      quick.child.kill('SIGTERM');
      expect(await quick.exitCode).toBe(0);
      slow.child.kill('SIGTERM');
      await slow.diary.has('ended');
      slow.child.kill('SIGKILL');
      const last = started(startWorker(server.url, folder));
      await ended;
      expect(last.diary.text).toContain('working on the sweep');
      expect(results).toEqual(onOneCore(work, chunks));
    }));

  test('ends when it is told to, even without a Redis, and so does the sweep', () =>
    inFolder(async (folder) => {
      const { results, diary, stop, ended } = coordinate(server.url, someWork('alone'), chunksOf(1_000, 2));
      const worker = started(startWorker(server.url, folder));
      await until(() => results.size > 0);
      await server.kill();
      try {
        await worker.diary.has('is lost; trying again until it is back');
        await diary.has('is lost; trying again until it is back');
        worker.child.kill('SIGTERM');
        stop.abort();
        await ended;
        expect(await worker.exitCode).toBe(0);
      } finally {
        await server.launch();
      }
    }));
});

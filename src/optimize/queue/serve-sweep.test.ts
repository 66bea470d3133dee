import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coordinate, serve } from '../../../test/queue-stage.ts';
import { chunksOf, someWork } from '../../../test/queue-work.ts';
import { describeWithRedis, RedisServer } from '../../../test/redis-server.ts';
import { linkCandor } from '../../../test/run-candor.ts';
import { STRATEGIES, sweepOf, sweepWork } from '../../../test/sweeps.ts';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import type { ChunkResult } from '../contract.ts';
import { coresRunner } from '../cores.ts';
import { thisProgram } from '../program.ts';
import { type OpenEvaluators, openCores } from './evaluators.ts';

/** Threads of the real engine; what is done `first` happens after the candles are there and before a thread starts. */
const coresAfter =
  (first: () => void): OpenEvaluators =>
  (work, directory, threads) => {
    first();
    return openCores(work, directory, threads, thisProgram().code);
  };

describeWithRedis('a worker whose threads cannot begin leaves the sweep to others', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  test('because a strategy changed while it fetched; with the right file, it takes part', () =>
    inTemporaryFolder({}, async (folder) => {
      linkCandor(folder);
      mkdirSync(join(folder, 'strategies'));
      const names = ['breakout-volume.ts', 'ema-cross.ts'];
      for (const name of names) copyFileSync(join(STRATEGIES, name), join(folder, 'strategies', name));
      const file = join(folder, 'strategies/ema-cross.ts');
      const text = readFileSync(file, 'utf8');
      const { work, plan } = await sweepWork(sweepOf());
      const chunks = chunksOf(plan.count / 4, 4);
      const alone = new Map<number, ChunkResult>();
      const never = new AbortController().signal;
      await coresRunner(STRATEGIES, 1)(work, chunks, ({ first }, result) => alone.set(first, result), never);

      let openings = 0;
      const openEvaluators = coresAfter(() => {
        if (++openings === 1) writeFileSync(file, `${text}// another version\n`);
      });
      const { results, diary, ended } = coordinate(server.url, work, chunks);
      const worker = serve(server.url, folder, { openEvaluators });
      const reason = 'strategies/ema-cross.ts is another version here';
      await diary.has(reason);
      await worker.diary.has(`not taking part in the sweep 'small': ${reason}`);
      expect(results.size).toBe(0);
      writeFileSync(file, text);
      await ended;
      await worker.stop();
      expect(results).toEqual(alone);
      expect(worker.diary.count('not taking part')).toBe(1);
    }));

  test('because a strategy cannot be loaded here', () =>
    inTemporaryFolder({ 'strategies/mine.ts': 'throw new Error("no such library");' }, async (folder) => {
      const text = readFileSync(join(folder, 'strategies/mine.ts'), 'utf8');
      const { results, diary, ended } = coordinate(server.url, someWork('broken', { mine: text }), chunksOf(5, 2));
      const poor = serve(server.url, folder, { openEvaluators: coresAfter(() => {}) });
      await diary.has('mine.ts:1 cannot be loaded: no such library');
      expect(results.size).toBe(0);
      const rich = serve(server.url, folder);
      await ended;
      await Promise.all([poor.stop(), rich.stop()]);
      expect(results.size).toBe(5);
      expect(poor.diary.count('not taking part')).toBe(1);
    }));

  test("because its threads found other code of Candor than the sweep's", () =>
    inTemporaryFolder({}, async (folder) => {
      const { results, diary, ended } = coordinate(server.url, someWork('new-code'), chunksOf(5, 2));
      // It is announced with a code of the test, which no thread can find.
      const outdated = serve(server.url, folder, { openEvaluators: openCores });
      await diary.has('the files of Candor changed before a thread had loaded them');
      expect(results.size).toBe(0);
      const other = serve(server.url, folder);
      await ended;
      await Promise.all([outdated.stop(), other.stop()]);
      expect(results.size).toBe(5);
    }));
});

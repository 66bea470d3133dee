import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import { openDatabase } from '../market/database.ts';
import { beginSweep } from '../market/sweep-store.ts';
import { coresRunner } from '../optimize/cores.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { identityOf } from '../optimize/identity.ts';
import { parseCondition } from '../optimize/ranking.ts';
import { noRows, specificationOf, storedRows } from '../optimize/stored-sweep.ts';
import { Output } from './output.ts';
import { carryOut, pendingChunks, type SweepRun } from './sweep-run.ts';

const { work, plan } = await sweepWork(sweepOf());
const planned = { work, plan, strategies: [], revised: [], warnings: [] };
const clock = fixedClock(1_000);

/** A run on a database of its own. */
function inDatabase(body: (db: ReturnType<typeof openDatabase>, run: SweepRun, out: Output) => Promise<void>) {
  return inTemporaryFolder({}, async (folder) => {
    const db = openDatabase(join(folder, 'sweeps.sqlite'));
    const sink = { write: () => {} };
    const { fingerprint, fromMs, toMs } = work.data;
    const record = { name: 'small', fingerprint, fromMs, toMs, combinations: plan.count };
    const stored = beginSweep(db, { ...record, identity: identityOf(work), spec: specificationOf(work) }, clock);
    const run: SweepRun = {
      ...{ planned, stored, results: noRows(plan.count), metric: 'expectancyR' },
      runner: coresRunner(STRATEGIES, 1),
      conditions: [parseCondition('trades>=5')],
      signal: new AbortController().signal,
    };
    try {
      await body(db, run, new Output(sink, sink));
    } finally {
      db.close();
    }
  });
}

describe('carrying out a sweep', () => {
  it('stores what it works out, and works out what is missing alone', () =>
    inDatabase(async (db, run, out) => {
      await carryOut(run, db, clock, out);
      const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
      expect(run.results.rows).toEqual(evaluator.evaluate({ first: 0, count: plan.count }));
      const { rows, isDone } = storedRows(db, run.stored);
      expect(rows).toEqual(run.results.rows.map((value) => value + 0));
      expect(pendingChunks(planned, { rows, isDone })).toEqual([]);
      isDone[20] = 0;
      const [pending, ...others] = pendingChunks(planned, { rows, isDone });
      expect(others).toEqual([]);
      expect(pending?.first).toBeLessThanOrEqual(20);
    }));

  it('ends where the disk is full, and what was stored before is there', () =>
    inDatabase(async (db, run, out) => {
      // Pages that a migration has given back would be room, too.
      db.exec('VACUUM');
      db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 1}`);
      await expect(carryOut(run, db, clock, out)).rejects.toThrow('there is no space left to write');
      const { isDone } = storedRows(db, run.stored);
      const done = isDone.reduce((sum, one) => sum + one, 0);
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(plan.count);
      expect(run.results.isDone).toEqual(isDone);
    }));
});

import type { Clock } from '../domain/clock.ts';
import type { MarketDatabase } from '../market/database.ts';
import { type StoredSweep, storeResults } from '../market/sweep-store.ts';
import { type Chunk, type Runner, SWEEP_METRICS, type SweepMetric } from '../optimize/contract.ts';
import { type Condition, isBetter } from '../optimize/ranking.ts';
import type { StoredRows } from '../optimize/stored-sweep.ts';
import { count } from './database.ts';
import type { Output, Progress } from './output.ts';
import type { PlannedSweep } from './sweep-plan.ts';
import { metricText } from './sweep-table.ts';

export interface SweepRun {
  readonly planned: PlannedSweep;
  readonly stored: StoredSweep;
  /** What is there already; the others are worked out and filled in. */
  readonly results: StoredRows;
  readonly runner: Runner;
  /** What 'best so far' means. */
  readonly metric: SweepMetric;
  readonly conditions: readonly Condition[];
  readonly signal: AbortSignal;
}

/** Pieces of which at least one combination has no result yet. */
export function pendingChunks({ plan, work }: PlannedSweep, { isDone }: StoredRows): Chunk[] {
  const rowsOf = new Map(work.data.grids.map(({ interval, to }) => [interval, to]));
  const chunks = plan.chunks((interval) => rowsOf.get(interval) ?? 1);
  return chunks.filter(({ first, count }) => isDone.subarray(first, first + count).includes(0));
}

/** Works out what is missing and stores each piece as it comes; when it is stopped, what was stored stays. */
export async function carryOut(run: SweepRun, db: MarketDatabase, clock: Clock, out: Output): Promise<void> {
  const { planned, stored, results, runner, signal } = run;
  const chunks = pendingChunks(planned, results);
  const progress = new SweepProgress(run, clock, out);
  try {
    await runner(
      planned.work,
      chunks,
      (chunk, rows) => {
        storeResults(db, stored.id, chunk.first, rows);
        results.rows.set(rows, chunk.first * SWEEP_METRICS.length);
        results.isDone.fill(1, chunk.first, chunk.first + chunk.count);
        progress.add(chunk, rows);
      },
      signal,
    );
  } finally {
    progress.stop();
  }
}

/** Combinations a second, time left, best so far. */
class SweepProgress {
  readonly #run: SweepRun;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #bar: Progress;
  readonly #before: number;
  #worked = 0;
  #best = Number.NaN;

  constructor(run: SweepRun, clock: Clock, out: Output) {
    const { isDone } = run.results;
    this.#run = run;
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#before = isDone.reduce((sum, done) => sum + done, 0);
    this.#bar = out.progress(`${count(isDone.length)} combinations`, isDone.length);
    if (this.#before > 0) this.#bar.update(this.#before);
  }

  add(chunk: Chunk, rows: Float64Array): void {
    const { metric, conditions } = this.#run;
    for (let at = 0; at < rows.length; at += SWEEP_METRICS.length) {
      const value = (of: SweepMetric): number => rows[at + SWEEP_METRICS.indexOf(of)] as number;
      if (!isBetter(metric, value(metric), this.#best)) continue;
      if (conditions.every((condition) => condition.holds(value(condition.metric)))) this.#best = value(metric);
    }
    this.#worked += chunk.count;
    const seconds = Math.max(1, this.#clock.nowMs() - this.#startedMs) / 1000;
    const best = Number.isNaN(this.#best) ? '' : `  best ${metricText(metric, this.#best)}`;
    this.#bar.update(this.#before + this.#worked, `${count(Math.round(this.#worked / seconds))}/s${best}`);
  }

  stop(): void {
    this.#bar.stop();
  }
}

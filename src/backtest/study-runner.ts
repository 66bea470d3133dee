import { closeTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import type { StudyStrategy } from '../domain/study.ts';
import { DAY_MS, intervalMs } from '../domain/time.ts';
import { type DrawChunk, drawTable, fanRows } from './draws.ts';
import { failureOf, type StrategyFailure, type StrategyOutcome, type StudyOutcome } from './outcome.ts';
import { openPool, type WorkerPool } from './pool.ts';
import type { Probes } from './probes.ts';
import { isEngineDifference } from './replay.ts';
import { type RotationPlan, rotationPlans } from './rotation.ts';
import type { Judged, StudySetting, Task } from './study-tasks.ts';

/**
 * Draws in one task, one of which is run again on the reference engine: few enough that the bar moves and Ctrl-C is
 * heard, as many as make handing over cost nothing.
 */
const CHUNK_DRAWS = 100;

export interface StudyRun extends StudySetting {
  /** Hash of each strategy's file as it was loaded and checked, by name. */
  readonly fileSha256: ReadonlyMap<string, string>;
  /** Strategies that could not even be loaded; they keep their place in the outcome. */
  readonly failures: ReadonlyMap<string, StrategyFailure>;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Runs a study on all cores: first every strategy itself, then the draws of its controls. A strategy that throws
 * becomes a failure, and the others finish; but where the two engines disagree, the whole study fails, for then no
 * number can be trusted. The answer does not depend on the number of workers, nor on the order in
 * which they finish.
 */
export async function runStudy(run: StudyRun): Promise<StudyOutcome> {
  const { study, costs, strategiesDirectory, data, isBrief = false, elsewhere } = run;
  const terms = { study, costs, strategiesDirectory, data, isBrief };
  const workerData: StudySetting = { ...terms, ...(elsewhere !== undefined && { elsewhere }) };
  const pool = await openPool({ entry: new URL('./study-worker.ts', import.meta.url), workerData });
  try {
    return await new StudyTasks(run, pool).all();
  } finally {
    await pool.close();
  }
}

type Settled<T> = { readonly strategy: StudyStrategy } & (
  | { readonly value: T }
  | { readonly failure: StrategyFailure }
);

/** A task without what is the same for all tasks of a strategy. */
type Work = DistributiveOmit<Task, 'strategy' | 'fileSha256'>;
type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

class StudyTasks {
  readonly #run: StudyRun;
  readonly #pool: WorkerPool;
  readonly #fanRows: readonly number[];
  readonly #total: number;
  #done = 0;

  constructor(run: StudyRun, pool: WorkerPool) {
    const { from, to } = run.data.grids[0];
    const { draws } = run.study.controls;
    this.#run = run;
    this.#pool = pool;
    this.#fanRows = fanRows(to - from);
    const probes = run.elsewhere === undefined ? 0 : 1;
    this.#total = run.study.strategies.length * (1 + probes + 2 * Math.ceil(draws / CHUNK_DRAWS));
  }

  async all(): Promise<StudyOutcome> {
    const { study, data } = this.#run;
    const judged = await Promise.all(study.strategies.map((strategy) => this.#judge(strategy)));
    const longestHoldRows = Math.max(0, ...judged.map((one) => ('value' in one ? one.value.longestHoldRows : 0)));
    const plans = this.#rotationPlans(longestHoldRows);
    const strategies = await Promise.all(
      judged.map((one) => ('value' in one ? this.#control(one, plans) : one.failure)),
    );
    const [{ from, candles }] = data.grids;
    const [columns] = candles.values();
    if (columns === undefined) throw new RangeError('a study needs candles');
    const fanTimesMs = Float64Array.from(this.#fanRows, (row) => closeTimeAt(columns, from + row));
    return { fromMs: data.fromMs, toMs: data.toMs, fanTimesMs, strategies };
  }

  /** One seed, one list of plans: the same offset at the same draw for all strategies (rule 26). */
  #rotationPlans(longestHoldRows: number): RotationPlan[] {
    const { study, data } = this.#run;
    const [{ from, to }] = data.grids;
    const span = { rows: to - from, rowsPerDay: DAY_MS / intervalMs(study.interval), longestHoldRows };
    return rotationPlans(span, study.controls.draws, new Prng(study.controls.seed).fork('rotation'));
  }

  async #judge(strategy: StudyStrategy): Promise<Settled<Judged>> {
    const known = this.#run.failures.get(strategy.name);
    if (known !== undefined) {
      this.#advance(this.#total / this.#run.study.strategies.length);
      return { strategy, failure: known };
    }
    try {
      return { strategy, value: await this.#call<Judged>(strategy, { kind: 'judge' }) };
    } catch (error) {
      this.#run.signal.throwIfAborted();
      if (isEngineDifference(error)) throw error;
      this.#advance(this.#total / this.#run.study.strategies.length - 1);
      return { strategy, failure: failureOf(strategy.name, error) };
    }
  }

  async #control(
    { strategy, value: { outcome, coinFlip } }: { readonly strategy: StudyStrategy; readonly value: Judged },
    plans: readonly RotationPlan[],
  ): Promise<StrategyOutcome> {
    const fanRows = this.#fanRows;
    const rotations = chunks(plans.length).map(({ first, count }) =>
      this.#call<DrawChunk>(strategy, {
        kind: 'rotation',
        firstDraw: first,
        plans: plans.slice(first, first + count),
        fanRows,
      }),
    );
    const flips = chunks(this.#run.study.controls.draws).map(({ first, count }) =>
      this.#call<DrawChunk>(strategy, { kind: 'coin-flip', firstDraw: first, draws: count, legs: coinFlip, fanRows }),
    );
    const probed = this.#probe(strategy, outcome.choice?.chosen ?? 0);
    const [rotation, flip, probes] = await Promise.all([Promise.all(rotations), Promise.all(flips), probed]);
    const controls = { rotation: drawTable('rotation', rotation), coinFlip: drawTable('coin-flip', flip) };
    return { ...outcome, ...controls, ...(probes !== undefined && { probes }) };
  }

  async #probe(strategy: StudyStrategy, chosen: number): Promise<Probes | undefined> {
    if (this.#run.elsewhere === undefined) return undefined;
    return this.#call<Probes>(strategy, { kind: 'probe', chosen });
  }

  async #call<T extends Judged | DrawChunk | Probes>(strategy: StudyStrategy, work: Work): Promise<T> {
    const fileSha256 = this.#run.fileSha256.get(strategy.name);
    if (fileSha256 === undefined) throw new RangeError(`'${strategy.name}' was not loaded`);
    const task: Task = { strategy, fileSha256, ...work };
    const result = await this.#pool.run<T>(task, { signal: this.#run.signal });
    this.#advance(1);
    return result;
  }

  #advance(tasks: number): void {
    this.#done += tasks;
    this.#run.onProgress(this.#done, this.#total);
  }
}

function chunks(draws: number): { readonly first: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(draws / CHUNK_DRAWS) }, (_, i) => ({
    first: i * CHUNK_DRAWS,
    count: Math.min(CHUNK_DRAWS, draws - i * CHUNK_DRAWS),
  }));
}

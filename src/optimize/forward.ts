import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPool } from '../backtest/pool.ts';
import type { CandidateRange, ForwardReplay, ForwardWork } from './forward-bench.ts';
import { ForwardTable } from './forward-table.ts';
import type { ForwardSetting } from './forward-worker.ts';

/** Rows × sets whose signals are found together: their bitmaps stay small, and the bar moves. */
const ROWS_AT_ONCE = 4 * 1024 * 1024;
const MOST_AT_ONCE = 32;

export interface ForwardRun<Conclusion> {
  readonly work: ForwardWork;
  readonly strategiesDirectory: string;
  readonly workers: number;
  /** What follows from the table, and which runs the reference engine repeats before anybody may look at it. */
  readonly conclude: (table: ForwardTable) => Concluded<Conclusion>;
  readonly signal: AbortSignal;
  /** Candidates and replays together. */
  readonly onProgress: (done: number, total: number) => void;
}

export interface Concluded<Conclusion> {
  readonly conclusion: Conclusion;
  readonly replays: readonly ForwardReplay[];
}

/**
 * Runs every candidate on every window, on all cores, and those that matter once more on the reference engine. The
 * table does not depend on the number of workers.
 *
 * @throws EngineDifference where the engines differ; StrategyError when code of the strategy fails on these candles;
 *   the signal's reason when it is given
 */
export async function walkForward<Conclusion>(
  run: ForwardRun<Conclusion>,
): Promise<Concluded<Conclusion> & { readonly table: ForwardTable }> {
  const { work, strategiesDirectory, workers, signal, onProgress } = run;
  const setting: ForwardSetting = { work, strategiesDirectory };
  const ranges = rangesOf(work, workers);
  const pool = await openPool({
    entry: new URL('./forward-worker.ts', import.meta.url),
    imports: [
      pathToFileURL(join(strategiesDirectory, `${work.strategy.name}.ts`)),
      new URL('../index.ts', import.meta.url),
    ],
    workerData: setting,
    threads: workers,
  });
  try {
    const table = new ForwardTable(work.sets.length, work.windows);
    let done = 0;
    await Promise.all(
      ranges.map(async (range) => {
        table.take(range.first, await pool.run<Float64Array>(range, { signal }));
        done += range.count;
        onProgress(done, work.sets.length);
      }),
    );
    const concluded = run.conclude(table);
    const total = done + concluded.replays.length;
    await Promise.all(
      concluded.replays.map(async (replay) => {
        await pool.run(replay, { signal });
        onProgress(++done, total);
      }),
    );
    return { table, ...concluded };
  } finally {
    await pool.close();
  }
}

/** Pieces of the candidates: at least two for each worker, where there are so many. */
function rangesOf({ sets, data, coins }: ForwardWork, workers: number): CandidateRange[] {
  const rows = data.grids[0].to * coins.length;
  const most = Math.min(MOST_AT_ONCE, Math.ceil(sets.length / (2 * workers)), Math.ceil(ROWS_AT_ONCE / rows));
  return Array.from({ length: Math.ceil(sets.length / most) }, (_, i) => ({
    first: i * most,
    count: Math.min(most, sets.length - i * most),
  }));
}

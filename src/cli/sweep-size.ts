import { UsageError } from '../domain/errors.ts';
import type { Chunk } from '../optimize/contract.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { formatDuration, formatNumber } from '../report/format.ts';
import type { Context } from './context.ts';
import {
  type CountedSweep,
  type PlannedSweep,
  planSweep,
  type SweepCandles,
  strategiesOf,
  thinnedOf,
} from './sweep-plan.ts';

/** More than this is more than anyone looks at. */
const MANY_COMBINATIONS = 1_000_000;
const LONG_MS = 3_600_000;
/** Combinations × candles below which no sweep takes long, so that nobody has to wait for an estimate. */
const QUICK_WORK = 1e11;
/** What finding out may take, roughly. */
const PROBE_MS = 2_000;
const PROBE_ROUNDS = 3;
const PROBE_PIECES = 64;
/** What the result of a combination takes in the database. */
const STORED_BYTES = 110;
/** Who has a disk has room for less. */
const LARGE_BYTES = 100e6;

export interface SizeOptions {
  readonly yes: boolean;
  readonly workers: number;
}

/**
 * Loads a sweep that is worth running: one with more combinations than anyone can want, or that would take hours, is
 * run only when its owner says so.
 *
 * @throws UsageError where it is too large and nobody is there to be asked
 */
export async function planSweepOfSize(
  counted: CountedSweep,
  candles: SweepCandles,
  options: SizeOptions,
  context: Context,
): Promise<PlannedSweep | undefined> {
  const { count } = counted.plan;
  const isHuge = count > MANY_COMBINATIONS && !options.yes;
  const planned = await planSweep(isHuge ? thinnedOf(counted) : counted, candles, context);
  for (const warning of planned.warnings) context.out.note(`note: ${warning}`);
  const rows = Math.max(...planned.work.data.grids.map(({ to }) => to));
  if (options.yes || (!isHuge && count * rows < QUICK_WORK)) return planned;
  const lengthMs = await estimateMs(planned, count, options.workers, context);
  if ((isHuge || lengthMs > LONG_MS) && !(await isWanted(count, lengthMs, context))) return undefined;
  return isHuge ? planSweep(counted, candles, context) : planned;
}

/**
 * By some pieces from all over the sweep. Each is timed after its neighbour has run, because in the sweep too most
 * pieces find the code compiled and much of their work done. Of some rounds the quickest counts: what else the machine
 * did makes them slower.
 */
async function estimateMs(
  { work, plan }: PlannedSweep,
  count: number,
  workers: number,
  { root, clock }: Pick<Context, 'root' | 'clock'>,
): Promise<number> {
  const evaluator = await ChunkEvaluator.open(work, strategiesOf({ root }));
  const rowsOf = new Map(work.data.grids.map(({ interval, to }) => [interval, to]));
  const chunks = plan.chunks((interval) => rowsOf.get(interval) ?? 1);
  const places = spread(chunks.length);
  let bestMs = Infinity;
  for (let round = 0; round < PROBE_ROUNDS; round++) {
    const endMs = clock.nowMs() + PROBE_MS / PROBE_ROUNDS;
    let tookMs = 0;
    let tried = 0;
    for (let piece = 0; piece < PROBE_PIECES && (piece === 0 || clock.nowMs() < endMs); piece++) {
      const at = places.next().value as number;
      const chunk = chunks[at] as Chunk;
      evaluator.evaluate(chunks[at - 1] ?? chunk);
      const startedMs = clock.nowMs();
      evaluator.evaluate(chunk);
      tookMs += clock.nowMs() - startedMs;
      tried += chunk.count;
    }
    bestMs = Math.min(bestMs, Math.max(1, tookMs) / tried);
  }
  return (bestMs / workers) * count;
}

/** Places in an order that soon has some from everywhere (multiples of the golden ratio). */
function* spread(count: number): Generator<number, never> {
  for (let i = 0; ; i++) yield Math.floor(((i * 0.618_033_988_75) % 1) * count);
}

async function isWanted(count: number, lengthMs: number, { ask, out }: Context): Promise<boolean> {
  const bytes = count * STORED_BYTES;
  const disk = bytes > LARGE_BYTES ? ` and ${formatBytes(bytes)} of disk` : '';
  const takes = `${formatDuration(lengthMs)}${disk}`;
  const size = `the sweep has ${formatNumber(count)} combinations and would take roughly ${takes}`;
  if (ask === undefined) {
    throw new UsageError(size, {
      hint: 'Leave out what you would not choose anyway, or run it with --yes. The best of so many is lucky for sure.',
    });
  }
  const answer = await ask(`${size}. Run it? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  out.note('not run');
  return false;
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

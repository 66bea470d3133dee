import { UsageError } from '../domain/errors.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { formatDuration, formatNumber } from '../report/format.ts';
import type { Context } from './context.ts';
import {
  type CountedSweep,
  cornersOf,
  type PlannedSweep,
  planSweep,
  type SweepCandles,
  strategiesOf,
} from './sweep-plan.ts';

/** More than this is more than anyone looks at. */
const MANY_COMBINATIONS = 1_000_000;
const LONG_MS = 3_600_000;
/** Combinations × candles below which no sweep takes long, so that nobody has to wait for an estimate. */
const QUICK_WORK = 1e11;
/** What finding out may take. */
const PROBE_MS = 1_000;

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
  const planned = await planSweep(isHuge ? cornersOf(counted) : counted, candles, context);
  for (const warning of planned.warnings) context.out.note(`note: ${warning}`);
  const rows = Math.max(...planned.work.data.grids.map(({ to }) => to));
  if (options.yes || (!isHuge && count * rows < QUICK_WORK)) return planned;
  const lengthMs = await estimateMs(planned, count, options.workers, context);
  if ((isHuge || lengthMs > LONG_MS) && !(await isWanted(count, lengthMs, context))) return undefined;
  return isHuge ? planSweep(counted, candles, context) : planned;
}

/** By a few combinations from all over the sweep; each prepares for itself what many would share, so it is high. */
async function estimateMs(
  { work, plan }: PlannedSweep,
  count: number,
  workers: number,
  context: Context,
): Promise<number> {
  const evaluator = await ChunkEvaluator.open(work, strategiesOf(context));
  const startedMs = context.clock.nowMs();
  let tried = 0;
  let tookMs = 0;
  for (const place of spread(plan.count)) {
    evaluator.evaluate({ first: place, count: 1 });
    tried++;
    tookMs = context.clock.nowMs() - startedMs;
    if (tookMs > PROBE_MS) break;
  }
  return (Math.max(1, tookMs) / tried / workers) * count;
}

/** Up to 256 places, in an order that soon has some from everywhere (multiples of the golden ratio). */
function* spread(count: number): Generator<number> {
  const places = Math.min(count, 256);
  for (let i = 0; i < places; i++) yield Math.floor(((i * 0.618_033_988_75) % 1) * count);
}

async function isWanted(count: number, lengthMs: number, { ask, out }: Context): Promise<boolean> {
  const size = `the sweep has ${formatNumber(count)} combinations and would take about ${formatDuration(lengthMs)}`;
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

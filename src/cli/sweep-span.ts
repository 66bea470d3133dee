import { settleOfRules } from '../backtest/settling.ts';
import { planSpan, type SeriesSpan, type Settling, type SpanRequest } from '../backtest/study-data.ts';
import { CandorError } from '../domain/errors.ts';
import { DAY_MS, formatTime, type Interval, intervalMs } from '../domain/time.ts';
import type { SweepPlan } from '../optimize/plan.ts';
import { formatDuration } from '../report/format.ts';
import { settleOf } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { count } from './database.ts';

/** Settling that takes more of the span than this has made it another sweep than the one that was asked for. */
const MOST_LOST = 0.5;
/** The first of them tell which list is too long. */
const MOST_CAUSES = 6;

/** All that a sweep tries. */
interface Tried {
  readonly plan: SweepPlan;
  readonly strategies: readonly LoadedStrategy[];
}

/**
 * Every combination starts at the same candle, so that one value that takes long to settle cuts the span for all.
 *
 * @throws CandorError where that takes more than half of the span, with the values that do it and the span that is left
 */
export function requireSpan(
  counted: Tried,
  request: SpanRequest,
  settlings: readonly Settling[],
  spans: readonly SeriesSpan[],
): void {
  const whole = planSpan(
    request,
    settlings.map(({ interval }) => ({ interval, candles: 0 })),
    spans,
  );
  const wholeMs = whole.toMs - whole.fromMs;
  const firstMs = (interval: Interval): number =>
    Math.max(...spans.filter((span) => span.interval === interval).map((span) => span.firstOpenMs));
  const settledMs = ({ interval, candles }: Settling): number => firstMs(interval) + candles * intervalMs(interval);
  const leftMs = Math.max(0, whole.toMs - Math.max(whole.fromMs, ...settlings.map(settledMs)));
  if (leftMs >= wholeMs * (1 - MOST_LOST)) return;

  const latestMs = whole.toMs - wholeMs * (1 - MOST_LOST);
  const limits = settlings.map(({ interval }) => ({
    interval,
    candles: Math.floor((latestMs - firstMs(interval)) / intervalMs(interval)),
  }));
  const causes = causesOf(counted, limits);
  const days = Math.floor(leftMs / DAY_MS);
  const shorter = days < 1 ? 'ask for a shorter span' : `ask for the span that is left: 'span: { days: ${days} }'`;
  throw new CandorError(
    `the sweep '${request.name}' would run on ${left(leftMs)} instead of ${formatDuration(wholeMs)}, ` +
      'because all of it waits for what takes longest to settle',
    {
      details: [
        ...causes.slice(0, MOST_CAUSES),
        ...(causes.length > MOST_CAUSES ? [`and ${count(causes.length - MOST_CAUSES)} more`] : []),
        ...limits.map(({ interval }) => `candles of ${interval} begin at ${formatTime(firstMs(interval))}`),
      ],
      hint: `Leave ${causes.length === 1 ? 'it' : 'them'} out, import older candles, or ${shorter}.`,
    },
  );
}

function left(leftMs: number): string {
  return leftMs === 0 ? 'nothing' : formatDuration(leftMs);
}

/**
 * The values with which no combination settles in time; or, where only several together take that long, the set that
 * takes longest.
 */
function causesOf({ plan, strategies }: Tried, limits: readonly Settling[]): string[] {
  const causes = new Set<string>();
  for (const { interval, candles: limit } of limits) {
    const takes = (candles: number): string => `takes ${count(candles)} candles of ${interval}`;
    for (const { at, rules } of plan.sweep.grid) {
      const candles = settleOfRules(rules, interval);
      const rule = Object.entries(at).map(([name, text]) => `${name} ${text}`);
      if (candles > limit) causes.add(`${rule.join(', ') || 'the cell'} ${takes(candles)}`);
    }
    for (const [i, { strategy }] of strategies.entries()) {
      const shortest = new Map<string, number>();
      let longest = { set: '', candles: 0 };
      for (let set = 0; set < plan.setsOf(i); set++) {
        const params = plan.paramsAt(i, set);
        const candles = settleOf(strategy.build(params), interval);
        const values = Object.entries(params).map(([name, value]) => `${name} ${value}`);
        for (const value of values) shortest.set(value, Math.min(candles, shortest.get(value) ?? Infinity));
        if (candles > longest.candles) longest = { set: values.join(', '), candles };
      }
      // Where even the shortest set takes too long, every value of it does, and only the set says something.
      const least = Math.min(...shortest.values());
      const found = [...shortest].filter(([, candles]) => candles > Math.max(limit, least));
      if (found.length === 0 && longest.candles > limit) found.push([longest.set, longest.candles]);
      for (const [value, candles] of found) causes.add(`${strategy.name} ${value} ${takes(candles)}`);
    }
  }
  return [...causes];
}

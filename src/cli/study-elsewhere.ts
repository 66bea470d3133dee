import { assembleStudyData, type CandleSource } from '../backtest/candle-source.ts';
import type { Elsewhere } from '../backtest/elsewhere.ts';
import type { SpanPlan } from '../backtest/study-data.ts';
import type { Untried } from '../backtest/variation.ts';
import { CandorError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { formatDate } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import type { ReportedElsewhere } from '../report/schema.ts';

/** More of them would cost more time than they say. */
const MOST_OTHER_COINS = 20;

export interface ElsewhereRequest {
  readonly study: Pick<Study, 'coins' | 'interval'>;
  /** Of the study, and those that a strategy looks at beside its own. */
  readonly coins: readonly string[];
  readonly plan: SpanPlan;
  readonly source: CandleSource;
  /** What a report looked at, where it is run again: other coins may be stored by now. */
  readonly named?: ReportedElsewhere | undefined;
}

/**
 * Candles that are stored anyway: those of other coins over the span of a study, and those of its own coins over a span
 * of the same length before. Nothing is fetched for it, and what is sealed stays so.
 */
export function elsewhereOf(request: ElsewhereRequest): Elsewhere {
  return { otherCoins: otherCoinsOf(request), before: beforeOf(request) };
}

function otherCoinsOf({ study, coins, plan, source, named }: ElsewhereRequest): Elsewhere['otherCoins'] {
  const told = named?.otherCoins;
  if (told !== undefined && 'reason' in told) return told;
  const { interval } = study;
  const anchorMs = plan.anchors.get(interval) ?? plan.fromMs;
  const covers = (coin: string): boolean => {
    const { firstOpenMs, lastCloseMs } = source.span(coin, interval);
    return firstOpenMs <= anchorMs && lastCloseMs >= plan.toMs && source.instrument(coin).coin === coin;
  };
  const others =
    told?.coins ??
    source
      .coins(interval)
      .filter((coin) => !study.coins.includes(coin) && isThere(() => covers(coin)))
      .sort()
      .slice(0, MOST_OTHER_COINS);
  if (others.length === 0)
    return { reason: `no other coin whose trading rules are known has ${interval} candles over all of this span` };
  const loaded = [...new Set([...others, ...coins])];
  const { fromMs, toMs } = plan;
  const same: SpanPlan = { fromMs, toMs, anchors: new Map([[interval, anchorMs]]), warnings: [] };
  return { coins: others, data: assembleStudyData({ coins: loaded, intervals: [interval] }, same, source) };
}

function beforeOf({ study, coins, plan, source, named }: ElsewhereRequest): Elsewhere['before'] {
  if (named !== undefined && 'reason' in named.before) return named.before;
  const { interval } = study;
  const lengthMs = plan.toMs - plan.fromMs;
  const anchorMs = ((plan.anchors.get(interval) ?? plan.fromMs) - lengthMs) as EpochMs;
  const late = coins.find((coin) => source.span(coin, interval).firstOpenMs > anchorMs);
  if (late !== undefined) return tooLate(late, source.span(late, interval).firstOpenMs, anchorMs);
  const before: SpanPlan = {
    fromMs: (plan.fromMs - lengthMs) as EpochMs,
    toMs: plan.fromMs,
    anchors: new Map([[interval, anchorMs]]),
    warnings: [],
  };
  return assembleStudyData({ coins, intervals: [interval] }, before, source);
}

function tooLate(coin: string, firstMs: number, neededMs: number): Untried {
  const [begin, needed] = [formatDate(firstMs), formatDate(neededMs)];
  return { reason: `candles of ${coin} begin at ${begin}, and it would take those from ${needed} on` };
}

/** A series of which all is sealed, or whose coin has no trading rules, is not there. */
function isThere(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    return false;
  }
}

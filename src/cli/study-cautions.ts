import type { StudyData } from '../backtest/study-data.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import type { FundingRates } from '../domain/candle.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import type { ReportedSettings } from '../report/build.ts';
import { counted } from './database.ts';

/** What makes results look better than they are, or is easier to pass than usual. It belongs to the report. */
export function cautionsOf(study: Pick<Study, 'coins'>, data: StudyData, settings: ReportedSettings): string[] {
  return [...marketCautions(study, data, settings), ...gateCautions(settings.gates)];
}

/** The part of it that bears on trades: candles of several venues, and costs that they did not pay. */
export function marketCautions(
  traded: Pick<Study, 'coins'>,
  data: StudyData,
  costs: Pick<ReportedSettings, 'fees' | 'slippageBps'>,
): string[] {
  return [...sourceCautions(data), ...fundingCautions(traded, data), ...costCautions(costs)];
}

/** One series is of one source; but coins, or intervals, may be of different ones. */
function sourceCautions({ mixed }: StudyData): string[] {
  if (mixed === undefined) return [];
  const parts = [...Map.groupBy(mixed, ({ source }) => source)].map(([source, series]) => {
    const coins = [...Map.groupBy(series, ({ coin }) => coin)].map(([coin, ofCoin]) => {
      const isAll = mixed.every((each) => each.coin !== coin || each.source === source);
      return isAll ? coin : `${coin} ${ofCoin.map(({ interval }) => interval).join('/')}`;
    });
    return `${coins.join(', ')} from ${source}`;
  });
  return [`mixed sources of candles: ${parts.join('; ')}`];
}

function fundingCautions({ coins }: Pick<Study, 'coins'>, { funding, fromMs, toMs }: StudyData): string[] {
  const hours = Math.ceil(toMs / HOUR_MS) - Math.ceil(fromMs / HOUR_MS);
  const storedHours = new Map(coins.map((coin) => [coin, hoursWithin(funding.get(coin), fromMs, toMs)]));
  const without = coins.filter((coin) => storedHours.get(coin) === 0);
  const partly = coins.filter((coin) => !without.includes(coin) && storedHours.get(coin) !== hours);
  return [
    ...(without.length === 0 ? [] : [`no funding is stored for ${without.join(', ')}: trades paid none`]),
    ...partly.map((coin) => {
      const missing = hours - (storedHours.get(coin) as number);
      return `funding of ${coin} is not stored for ${counted(missing, 'hour')} of ${hours}: trades paid none in them`;
    }),
  ];
}

function hoursWithin(rates: FundingRates | undefined, fromMs: number, toMs: number): number {
  return rates?.timesMs.reduce((sum, timeMs) => sum + (timeMs >= fromMs && timeMs < toMs ? 1 : 0), 0) ?? 0;
}

function costCautions({ fees, slippageBps }: Pick<ReportedSettings, 'fees' | 'slippageBps'>): string[] {
  const costs = { 'taker fee': fees.taker, 'maker fee': fees.maker, slippage: slippageBps };
  const free = Object.entries(costs).flatMap(([name, value]) => (value === 0 ? [name] : []));
  return free.length === 0 ? [] : [`set to 0, though it costs money to trade: ${free.join(', ')}`];
}

function gateCautions(gates: GateThresholds): string[] {
  const defaults = DEFAULT_CONFIG.gates;
  const isSofter: Readonly<Record<keyof GateThresholds, boolean>> = {
    alpha: gates.alpha > defaults.alpha,
    targetEdgeR: gates.targetEdgeR > defaults.targetEdgeR,
    minTrades: gates.minTrades < defaults.minTrades,
    minWeeks: gates.minWeeks < defaults.minWeeks,
  };
  const softer = (Object.keys(isSofter) as (keyof GateThresholds)[])
    .filter((name) => isSofter[name])
    .map((name) => `${name} ${gates[name]} instead of ${defaults[name]}`);
  return softer.length === 0 ? [] : [`gates are softer than usual: ${softer.join(', ')}`];
}

/** Newer candles than this are taken for today's. */
const FRESH_MS = 2 * DAY_MS;

/** What depends on the day on which a study is run, and so is no part of its result. */
export function ageNote(
  { span }: Pick<Study, 'span'>,
  { isSynthetic, toMs, sealedFromMs }: StudyData,
  nowMs: number,
): string | undefined {
  const ageMs = nowMs - toMs;
  if (isSynthetic || sealedFromMs !== undefined || !('days' in span) || ageMs <= FRESH_MS) return undefined;
  return `the newest candle is ${counted(Math.floor(ageMs / DAY_MS), 'day')} old`;
}

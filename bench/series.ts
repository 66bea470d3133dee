import { Bench } from 'tinybench';
import type { CandleColumns } from '../src/domain/candle.ts';
import { Evaluation } from '../src/series/evaluation.ts';
import { ownMarket } from '../src/series/market.ts';
import type { Condition, Series } from '../src/series/series.ts';
import { btcCandles } from './candles.ts';
import { LOOKBACKS, SURGES } from './reference-job.ts';

/** One year of minutes. */
const CANDLES = 525_600;

export interface SeriesTiming {
  readonly name: string;
  readonly medianMs: number;
  /** What the project asks of itself, where it does. */
  readonly limitMs?: number;
}

interface Job {
  readonly name: string;
  readonly limitMs?: number;
  readonly wanted: readonly (Series | Condition)[];
  /** Each in an evaluation of its own, so that nothing is shared. */
  readonly apart?: true;
}

const { close, high, volume, atr, adx, macd, bollinger, vwap, every } = ownMarket;

/** The entry sets of the reference job. */
const BREAKOUTS = LOOKBACKS.flatMap((lookback) =>
  SURGES.map((surge) => {
    const breaks = close.gt(high.ago(1).highest(lookback));
    return breaks.and(volume.gt(volume.ago(1).mean(lookback).times(surge)));
  }),
);

/** The same conditions as a plan cannot take apart: computed at every row. */
const EVERYWHERE = BREAKOUTS.map((condition) => condition.not().not());

const JOBS: readonly Job[] = [
  { name: 'close alone (what reading and keeping a column costs)', wanted: [close] },
  { name: 'rolling maximum of 20', limitMs: 10, wanted: [high.highest(20)] },
  { name: 'mean of 20', limitMs: 10, wanted: [close.mean(20)] },
  { name: 'ema of 20', limitMs: 10, wanted: [close.ema(20)] },
  { name: 'deviation of 20', wanted: [close.deviation(20)] },
  { name: 'rank of 20', wanted: [close.rank(20)] },
  { name: 'rsi of 14', wanted: [close.rsi(14)] },
  { name: 'atr of 14', wanted: [atr(14)] },
  { name: 'adx of 14', wanted: [adx(14)] },
  { name: 'macd 12, 26, 9', wanted: [macd().histogram] },
  { name: 'bollinger of 20', wanted: [bollinger().upper, bollinger().lower] },
  { name: 'vwap of 20', wanted: [vwap(20)] },
  { name: "every('4h') mean of 20", wanted: [every('4h').close.mean(20)] },
  { name: 'rolling maxima of 12 lengths, 10 to 65', wanted: LOOKBACKS.map((n) => high.highest(n)) },
  { name: 'means of 12 lengths, 10 to 65', wanted: LOOKBACKS.map((n) => close.mean(n)) },
  { name: 'breakout on volume: 36 entry sets as bitmaps', limitMs: 40, wanted: BREAKOUTS },
  { name: 'the same, all conditions at every row', wanted: EVERYWHERE },
  { name: 'the same, and each set on its own', wanted: EVERYWHERE, apart: true },
];

/** Evaluates each job over a year of one-minute candles, all in one thread. */
export async function benchSeries(): Promise<SeriesTiming[]> {
  const { candles, from } = btcCandles('binance-spot', '1m', CANDLES);
  const bench = new Bench({ time: 300, iterations: 11, warmupTime: 100, warmupIterations: 2 });
  for (const { name, wanted, apart } of JOBS) {
    const parts = apart === undefined ? [wanted] : wanted.map((item) => [item]);
    bench.add(name, () => {
      for (const part of parts) {
        const evaluation = evaluationOn(candles);
        evaluation.request(...part);
        evaluation.advanceTo(CANDLES);
      }
    });
  }
  await bench.run();
  const timings = JOBS.map(({ name, limitMs }, i): SeriesTiming => {
    const medianMs = latencyMs(bench, i);
    return limitMs === undefined ? { name, medianMs } : { name, medianMs, limitMs };
  });
  const live = { name: `one live candle of the 36 sets, ${from}`, medianMs: liveCandleMs(candles) };
  return [...timings, live];
}

function evaluationOn(candles: CandleColumns): Evaluation {
  return new Evaluation({ coin: 'BTC', interval: '1m' }, new Map([['BTC', { candles }]]));
}

function latencyMs(bench: Bench, task: number): number {
  const result = bench.tasks[task]?.result;
  return result !== undefined && 'latency' in result ? result.latency.p50 : Number.NaN;
}

/** The mean time of `advanceTo(seen + 1)` over ten thousand candles. */
function liveCandleMs(candles: CandleColumns): number {
  const evaluation = evaluationOn(candles);
  evaluation.request(...BREAKOUTS);
  evaluation.advanceTo(20_000);
  const start = performance.now();
  for (let end = 20_001; end <= 30_000; end++) evaluation.advanceTo(end);
  return (performance.now() - start) / 10_000;
}

/** One line per job; what misses its limit says so. */
export function seriesTable(timings: readonly SeriesTiming[]): string {
  return timings
    .map(({ name, medianMs, limitMs }) => {
      const time = medianMs < 1 ? `${(medianMs * 1_000).toFixed(1)} µs` : `${medianMs.toFixed(1)} ms`;
      const limit = limitMs === undefined ? '' : `  (limit ${limitMs} ms${medianMs > limitMs ? ': MISSED' : ''})`;
      return `${name.padEnd(56)} ${time.padStart(9)}${limit}`;
    })
    .join('\n');
}

if (import.meta.main) process.stdout.write(`${seriesTable(await benchSeries())}\n`);

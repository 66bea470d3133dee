import { workerData } from 'node:worker_threads';
import type { CandleSource } from '../backtest/candle-source.ts';
import { madeUpSource, syntheticCandles } from '../backtest/synthetic-source.ts';
import { Prng } from '../domain/prng.ts';
import { HOUR_MS, intervalMs } from '../domain/time.ts';
import { permuteBars } from './bar-permutation.ts';
import { judgeMarket, type MarketJudged } from './calibration-market.ts';
import { type CalibrationSetting, type MarketSpec, marketStream } from './calibration-plan.ts';

/** One market, judged; plain data, which JSON carries without a loss. */
export interface MarketRecord extends MarketSpec, MarketJudged {
  /** What it cost, of one core. */
  readonly cpuMs: number;
}

/** Candles that stay together when real ones change places, in hours. */
export const SHUFFLED_BLOCK_HOURS = 12;

const setting = workerData as CalibrationSetting;

/** The entry of a worker thread: one market from its making to its verdicts. */
export default async function work(spec: MarketSpec): Promise<MarketRecord> {
  const startedAt = process.threadCpuUsage();
  const rng = marketStream(setting.seed, spec);
  const source = sourceOf(spec, rng.fork('candles').uint32());
  const judged = await judgeMarket(source, setting.terms, rng.fork('controls').uint32());
  const { user, system } = process.threadCpuUsage(startedAt);
  return { ...spec, ...judged, cpuMs: Math.round((user + system) / 1000) };
}

function sourceOf(spec: MarketSpec, seed: number): CandleSource {
  const { terms, days, real } = setting;
  if (spec.world !== 'shuffled') {
    const { coins, interval, confirm } = terms.study;
    return syntheticCandles({ coins, intervals: [interval, ...confirm], days, seed, edge: spec.edge ?? 0 });
  }
  if (real === undefined) throw new RangeError('there are no real candles to shuffle');
  const blockRows = (SHUFFLED_BLOCK_HOURS * HOUR_MS) / intervalMs(real.interval);
  const shuffled = permuteBars([...real.candles.values()], new Prng(seed), blockRows);
  return madeUpSource({ ...real, candles: new Map(shuffled.map((columns) => [columns.coin, columns])) });
}

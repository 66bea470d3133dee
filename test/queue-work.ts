import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type CandleColumns, emptyColumns, type FundingRates } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS } from '../src/domain/instrument.ts';
import { Prng } from '../src/domain/prng.ts';
import { type Interval, intervalMs } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';
import { fingerprintOf } from '../src/market/fingerprint.ts';
import { type Chunk, type ChunkResult, SWEEP_METRICS, type SweepWork } from '../src/optimize/contract.ts';
import type { Program } from '../src/optimize/program.ts';
import type { OpenEvaluators } from '../src/optimize/queue/evaluators.ts';
import type { QueueTiming } from '../src/optimize/queue/keys.ts';
import { sweepOf } from './sweeps.ts';

/** Nobody waits for seconds in a test; a machine under load must still not be taken for dead. */
export const FAST: Partial<QueueTiming> = {
  silenceMs: 3_000,
  stalledMs: 500,
  tendMs: 300,
  pollMs: 100,
  graceMs: 1_000,
};

/** The same on both sides, also while somebody edits the files of Candor. */
export const PROGRAM: Program = { candor: '0.1.0', node: '24.21.0', code: 'abc' };

export const COINS = ['BTC', 'ETH'] as const;
const ROWS = 3_000;

/** Work of a small sweep on invented candles, some of them missing. `strategies` are texts of files by name. */
export function someWork(name: string, strategies: Readonly<Record<string, string>> = {}): SweepWork {
  const prng = new Prng(7).fork(name);
  const candles = COINS.map((coin) => someCandles(coin, '1h', prng));
  const funding = COINS.map((coin) => someFunding(coin, prng));
  const names = Object.keys(strategies);
  return {
    sweep: sweepOf({
      name,
      coins: COINS,
      intervals: ['1h'],
      strategies: names.map((one) => ({ name: one, params: {} })),
    }),
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
    strategies: names.map((one) => ({ name: one, fileSha256: sha256(strategies[one] ?? '') })),
    data: {
      isSynthetic: false,
      source: 'invented',
      fingerprint: fingerprintOf({ candles, funding }),
      fromMs: epochMs(100 * intervalMs('1h')),
      toMs: epochMs(ROWS * intervalMs('1h')),
      instruments: new Map(BUILT_IN_INSTRUMENTS.map((instrument) => [instrument.coin, instrument])),
      funding: new Map(funding.map((rates) => [rates.coin, rates])),
      grids: [{ interval: '1h', candles: new Map(candles.map((one) => [one.coin, one])), from: 100, to: ROWS }],
    },
  };
}

function someCandles(coin: string, interval: Interval, prng: Prng): CandleColumns {
  const columns = emptyColumns(coin, interval, epochMs(0), ROWS);
  for (let row = 0; row < ROWS; row++) {
    if (row % 97 === 5) continue;
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) columns[name][row] = 100 + prng.uniform();
  }
  return columns;
}

function someFunding(coin: string, prng: Prng): FundingRates {
  const timesMs = Float64Array.from({ length: ROWS }, (_, row) => row * intervalMs('1h'));
  return { coin, timesMs, rates: timesMs.map(() => prng.uniform() * 1e-4) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function chunksOf(chunks: number, count: number): Chunk[] {
  return Array.from({ length: chunks }, (_, i) => ({ first: i * count, count }));
}

/** Stands in for an engine: numbers that depend on candles, combination and metric, and some that are none. */
export function evaluateStandIn({ data }: SweepWork, { first, count }: Chunk): ChunkResult {
  const columns = [...data.grids[0].candles.values()];
  const result = new Float64Array(count * SWEEP_METRICS.length);
  for (let i = 0; i < result.length; i++) {
    const place = first * SWEEP_METRICS.length + i;
    const close = columns[place % columns.length]?.close[place % ROWS] as number;
    result[i] = place % 11 === 3 ? Number.NaN : close * Math.sqrt(place) - 1e6;
  }
  return result;
}

/** Evaluators that take so long for each chunk, and fail where they are told to. */
export function standIn(delayMs = 0, failure?: Error): OpenEvaluators {
  return async (work, _, threads) => ({
    threads,
    evaluate: async (chunk) => {
      await delay(delayMs);
      if (failure !== undefined) throw failure;
      return evaluateStandIn(work, chunk);
    },
    close: async () => {},
  });
}

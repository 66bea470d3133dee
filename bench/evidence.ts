import { Bench } from 'tinybench';
import type { CandleColumns } from '../src/domain/candle.ts';
import { Prng } from '../src/domain/prng.ts';
import { permuteBars } from '../src/evidence/bar-permutation.ts';
import { backtestOverfitting } from '../src/evidence/overfitting.ts';
import type { ReturnMatrix } from '../src/evidence/return-matrix.ts';
import { sharpeMoments } from '../src/evidence/sharpe.ts';
import { realityCheck, superiorAbility } from '../src/evidence/superior-ability.ts';
import { syntheticMarket } from '../src/market/synthetic.ts';

/** Ninety days of hours. */
const PERIODS = 2_160;
const TRIALS = 200;
const BLOCKS = 16;
/** Stretches of a day. */
const Q = 1 / 24;
const RESAMPLES = 1_000;

export interface EvidenceTiming {
  readonly name: string;
  readonly medianMs: number;
  /** What the project asks of itself, where it does. */
  readonly limitMs?: number;
}

/** Statistics of a study of 200 trials over 90 days of hours, all in one thread. */
export async function benchEvidence(): Promise<EvidenceTiming[]> {
  const rng = new Prng(1);
  const returns: ReturnMatrix = {
    periods: PERIODS,
    trials: TRIALS,
    values: Float64Array.from({ length: PERIODS * TRIALS }, () => 0.01 * rng.normal()),
  };
  const column = returns.values.slice(0, PERIODS);
  const market = [...syntheticMarket({ days: PERIODS / 48, seed: 1 }).candles.values()] as CandleColumns[];
  const options = () => ({ q: Q, resamples: RESAMPLES, indices: new Prng(2) });
  const jobs: readonly { readonly name: string; readonly limitMs?: number; readonly run: () => unknown }[] = [
    {
      name: 'PBO and its band: 16 blocks, 200 trials of 2,160 periods',
      limitMs: 2_000,
      run: () => backtestOverfitting(returns, BLOCKS),
    },
    { name: 'SPA: 1,000 resamples of the same', limitMs: 2_000, run: () => superiorAbility(returns, options()) },
    { name: 'Reality Check: 1,000 resamples of the same', run: () => realityCheck(returns, options()) },
    { name: 'moments of one trial', run: () => sharpeMoments(column) },
    { name: 'permutation of 2,160 candles of three coins', run: () => permuteBars(market, rng) },
  ];
  const bench = new Bench({ time: 300, iterations: 7, warmupTime: 100, warmupIterations: 1 });
  for (const { name, run } of jobs) bench.add(name, () => void run());
  await bench.run();
  return jobs.map(({ name, limitMs }, i): EvidenceTiming => {
    const result = bench.tasks[i]?.result;
    const medianMs = result !== undefined && 'latency' in result ? result.latency.p50 : Number.NaN;
    return limitMs === undefined ? { name, medianMs } : { name, medianMs, limitMs };
  });
}

import fc from 'fast-check';
import { fundingColumns } from '../src/backtest/funding.ts';
import type { Leg, RunSpec } from '../src/backtest/run.ts';
import { type CandleColumns, emptyColumns, type FundingRates } from '../src/domain/candle.ts';
import type { Instrument } from '../src/domain/instrument.ts';
import type { Costs, Distance, RiskRules } from '../src/domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../src/domain/signal.ts';
import { HOUR_MS, type Interval, intervalMs } from '../src/domain/time.ts';
import type { EpochMs, MicroUsd } from '../src/domain/units.ts';

/** A run that nobody chose, and the funding rates that its columns were made of. */
export interface RandomRun {
  readonly spec: RunSpec;
  readonly rates: readonly (FundingRates | undefined)[];
}

/** 2025-01-01T00:00Z */
const NEW_YEAR_MS = 1_735_689_600_000;

/** What one candle does, in ticks of its coin: small numbers, so that prices often meet stops and targets exactly. */
export interface Move {
  readonly gap: number;
  readonly body: number;
  readonly above: number;
  readonly below: number;
  readonly isMissing: boolean;
  readonly signals: number;
  readonly atr: number;
}

export interface Grid {
  readonly interval: Interval;
  /** On which of these candles the strategy of a leg may decide. */
  readonly decisionIntervals: readonly [Interval, ...Interval[]];
  readonly firstOpenMs: number;
  readonly length: number;
}

export const gridArbitrary: fc.Arbitrary<Grid> = fc
  .record({
    intervals: fc.constantFrom<readonly [Interval, Grid['decisionIntervals']]>(
      ['1h', ['1h']],
      ['30m', ['30m']],
      ['4h', ['4h']],
      ['30m', ['1h', '30m', '4h']],
      ['1h', ['4h', '1h', '2h']],
    ),
    offset: fc.nat({ max: 30 }),
    length: fc.integer({ min: 2, max: 60 }),
  })
  .map(({ intervals: [interval, decisionIntervals], offset, length }) => ({
    interval,
    decisionIntervals,
    firstOpenMs: NEW_YEAR_MS + offset * intervalMs(interval),
    length,
  }));

const rare = (times: number): fc.Arbitrary<boolean> => fc.nat({ max: times - 1 }).map((value) => value === times - 1);

const signalsArbitrary = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.constantFrom(LONG, SHORT) },
  { weight: 1, arbitrary: fc.constantFrom(EXIT_LONG, EXIT_SHORT, LONG | SHORT, LONG | EXIT_SHORT, SHORT | EXIT_LONG) },
);

export const moveArbitrary: fc.Arbitrary<Move> = fc.record({
  gap: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: -30, max: 30 }) },
    { weight: 1, arbitrary: fc.integer({ min: -400, max: 400 }) },
  ),
  body: fc.oneof(fc.constantFrom(-100, -50, -25, 0, 0, 25, 50, 100), fc.integer({ min: -150, max: 150 })),
  above: fc.constantFrom(0, 0, 1, 2, 10, 25, 50, 100, 101),
  below: fc.constantFrom(0, 0, 1, 2, 10, 25, 50, 100, 101),
  isMissing: rare(15),
  signals: signalsArbitrary,
  atr: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 300 }) }, { weight: 1, arbitrary: fc.constant(0) }),
});

/** A coin and where its price begins, as a whole number of its finest valid step there. */
export interface Coin {
  readonly instrument: Instrument;
  readonly startTicks: number;
  /** Decimals of the step in which it moves. */
  readonly decimals: number;
}

const coinArbitrary: fc.Arbitrary<Coin> = fc
  .record({
    szDecimals: fc.integer({ min: 0, max: 5 }),
    // Five digits just above and below a power of ten, six digits, and few digits left.
    startTicks: fc.constantFrom(500, 1_000, 9_990, 10_020, 12_345, 50_000, 99_950, 100_050, 150_000),
    coarser: fc.nat({ max: 5 }),
    name: fc.constantFrom('BTC', 'ETH', 'SOL', 'DOGE'),
    leverages: fc.constantFrom<readonly number[]>([50, 20], [40], [10, 5], [3], [20, 10]),
    tierFrom: fc.constantFrom(500, 5_000, 60_000),
  })
  .map(({ szDecimals, startTicks, coarser, name, leverages, tierFrom }) => ({
    instrument: {
      coin: name,
      szDecimals,
      marginTiers: leverages.map((maxLeverage, tier) => ({ fromNotionalUsd: tier * tierFrom, maxLeverage })),
      isDelisted: false,
    },
    startTicks,
    decimals: Math.max(0, 6 - szDecimals - coarser),
  }));

export function candlesOf(coin: Coin, grid: Grid, moves: readonly Move[]): CandleColumns {
  const columns = emptyColumns(coin.instrument.coin, grid.interval, grid.firstOpenMs as EpochMs, grid.length);
  const price = (ticks: number): number => Number(`${ticks}e-${coin.decimals}`);
  let last = coin.startTicks;
  // Within bounds, or all equity at leverage 50 soon makes billions, which micro-dollars do not count.
  const bounded = (ticks: number): number =>
    Math.max(Math.ceil(coin.startTicks / 4), Math.min(coin.startTicks * 3, ticks));
  for (const [row, move] of moves.entries()) {
    if (move.isMissing) continue;
    const open = bounded(last + move.gap);
    const close = bounded(open + move.body);
    columns.open[row] = price(open);
    columns.close[row] = price(close);
    columns.high[row] = price(Math.max(open, close) + move.above);
    columns.low[row] = price(Math.max(1, Math.min(open, close) - move.below));
    columns.volume[row] = 1;
    last = close;
  }
  return columns;
}

const ratesArbitrary: fc.Arbitrary<readonly number[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0.0000125) },
    { weight: 3, arbitrary: fc.integer({ min: -40_000_000, max: 60_000_000 }).map((units) => units / 1e10) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  ),
  { minLength: 0, maxLength: 24 },
);

/** Hourly rates that repeat; NaN stands for an hour that nobody stored. */
function fundingOf(coin: string, grid: Grid, repeating: readonly number[]): FundingRates | undefined {
  if (repeating.length === 0) return undefined;
  const hours: { timeMs: number; rate: number }[] = [];
  const endMs = grid.firstOpenMs + grid.length * intervalMs(grid.interval);
  for (let hourMs = Math.floor(grid.firstOpenMs / HOUR_MS) * HOUR_MS; hourMs <= endMs; hourMs += HOUR_MS) {
    const rate = repeating[(hourMs / HOUR_MS) % repeating.length] as number;
    if (!Number.isNaN(rate)) hours.push({ timeMs: hourMs, rate });
  }
  return {
    coin,
    timesMs: Float64Array.from(hours, ({ timeMs }) => timeMs),
    rates: Float64Array.from(hours, ({ rate }) => rate),
  };
}

function legArbitrary(grid: Grid): fc.Arbitrary<{ leg: Leg; rates: FundingRates | undefined }> {
  return fc
    .record({
      coin: coinArbitrary,
      moves: fc.array(moveArbitrary, { minLength: grid.length, maxLength: grid.length }),
      repeating: ratesArbitrary,
      decidesOn: fc.constantFrom(...grid.decisionIntervals),
    })
    .map(({ coin, moves, repeating, decidesOn }) => {
      const candles = candlesOf(coin, grid, moves);
      const rates = fundingOf(coin.instrument.coin, grid, repeating);
      const atr = (share: number): Float64Array =>
        Float64Array.from(moves, (move) =>
          move.atr === 0 ? Number.NaN : Number(`${move.atr * share}e-${coin.decimals}`),
        );
      const leg: Leg = {
        coin: coin.instrument.coin,
        instrument: coin.instrument,
        candles,
        funding: fundingColumns(candles, coin.instrument.szDecimals, rates),
        decisionIntervalMs: intervalMs(decidesOn),
        signals: Uint8Array.from(moves, ({ signals }) => signals),
        stopAtr: atr(1),
        trailAtr: atr(2),
      };
      return { leg, rates };
    });
}

export const distanceArbitrary: fc.Arbitrary<Distance> = fc.oneof(
  fc.constantFrom(0.0005, 0.005, 0.01, 0.01, 0.02, 0.02, 0.05, 0.3).map((fraction) => ({ fraction })),
  fc.constantFrom(0.5, 1, 2, 3.5).map((atr) => ({ atr, period: 14 })),
);

/** Null in so many of four runs. */
const absent = <T>(ofFour: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: ofFour, arbitrary: fc.constant(null) }, { weight: 4 - ofFour, arbitrary });

export const rulesArbitrary: fc.Arbitrary<RiskRules> = fc.record({
  stop: distanceArbitrary,
  target: absent(1, fc.constantFrom(0.5, 1, 1.5, 2, 3)),
  breakEven: absent(2, fc.record({ at: fc.constantFrom(0.5, 1, 1.2) })),
  trail: absent(2, fc.record({ distance: distanceArbitrary, after: fc.constantFrom(0, 0.5, 1) })),
  maxHold: absent(3, fc.integer({ min: 1, max: 8 })),
  sizing: fc.oneof(
    fc.constant<'allEquity'>('allEquity'),
    fc.constantFrom(0.0001, 0.01, 0.02, 0.1).map((riskFraction) => ({ riskFraction })),
  ),
  leverage: fc.constantFrom(1, 1, 1, 2, 3, 5, 10, 25, 50),
  maxOpen: absent(3, fc.integer({ min: 1, max: 2 })),
  maxExposure: absent(3, fc.constantFrom(0.5, 1, 2.5, 10)),
  maxCoinExposure: absent(3, fc.constantFrom(0.5, 2, 10, 30)),
  maxSideExposure: absent(3, fc.constantFrom(0.5, 2, 10, 30)),
  minStopMoveBps: fc.constantFrom(0, 0, 10, 100),
});

export const costsArbitrary: fc.Arbitrary<Costs> = fc.record({
  takerFee: fc.constantFrom(0.00045, 0.00045, 0, 0.001),
  makerFee: fc.constantFrom(0.00015, 0.00015, 0, -0.00002),
  slippageBps: fc.constantFrom(0, 0, 0, 1, 1, 2.5, 10, 150),
});

/** Any run that the exchange could offer: coins, gaps, funding, signals, rules, costs. */
export function runArbitrary(maxLegs = 3): fc.Arbitrary<RandomRun> {
  return gridArbitrary.chain((grid) =>
    fc
      .record({
        legs: fc.array(legArbitrary(grid), { minLength: 1, maxLength: maxLegs }),
        rules: rulesArbitrary,
        costs: costsArbitrary,
        depositUsd: fc.oneof(
          fc.integer({ min: 5_000_000, max: 20_000_000_000 }),
          fc.constantFrom(100_000_000, 10_000_000_000, 100_000_000_000),
        ),
        from: fc.nat({ max: Math.min(5, grid.length) }),
        cut: fc.nat({ max: 2 }),
      })
      .map(({ legs, rules, costs, depositUsd, from, cut }) => ({
        [fc.toStringMethod](): string {
          return told(this.spec);
        },
        spec: {
          legs: legs.map(({ leg }) => leg),
          rules,
          costs,
          depositUsd: depositUsd as MicroUsd,
          from,
          to: Math.max(from, grid.length - cut),
        },
        rates: legs.map(({ rates }) => rates),
      })),
  );
}

/** A counterexample that can be read. */
function told({ legs, ...rest }: RunSpec): string {
  const tables = legs.map((leg) => {
    const { coin, instrument, candles, decisionIntervalMs, signals, stopAtr, trailAtr, funding } = leg;
    const { open, high, low, close } = candles;
    const columns = [open, high, low, close, signals, stopAtr ?? [], trailAtr ?? [], funding.atOpen, funding.inside];
    const rows = Array.from(open, (_, row) => columns.map((column) => column[row]).join(' '));
    const when = `${candles.interval} from ${candles.firstOpenMs}, decides every ${decisionIntervalMs / 60_000}m`;
    const header = `${coin} ${when} ${JSON.stringify(instrument)}`;
    return [header, 'open high low close signals stopAtr trailAtr fundingAtOpen fundingInside', ...rows].join('\n');
  });
  return [JSON.stringify(rest), ...tables].join('\n');
}

/** For tests that may be asked for any number of runs. */
export const NO_HURRY = { timeout: 0 };

/** More runs for those who have the time: CANDOR_FUZZ_RUNS=100000. */
export function fuzzRuns(standard: number): number {
  return Number(process.env['CANDOR_FUZZ_RUNS'] ?? standard);
}

/**
 * What a run comes to; a case whose funding is so absurd that it cannot be counted exactly is left out (one in
 * 300,000): the engine says so then, and there is nothing to look at.
 */
export function countable<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    fc.pre(!(error instanceof RangeError && error.message.endsWith('is no longer exact')));
    throw error;
  }
}

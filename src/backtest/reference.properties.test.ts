import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mirrorArbitrary } from '../../test/mirror.ts';
import { countable, fuzzRuns, NO_HURRY, runArbitrary } from '../../test/random-run.ts';
import { story } from '../../test/story.ts';
import { cashOf } from '../core/ledger.ts';
import { type CandleColumns, closeTimeAt } from '../domain/candle.ts';
import type { Trade } from '../domain/trade.ts';
import { runReference } from './reference.ts';
import type { Leg, RunSpec } from './run.ts';

const RUNS = { numRuns: fuzzRuns(400) };

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

test(
  'cash is conserved to the micro-dollar: deposits + realised − fees + funding, and no trade is left open',
  NO_HURRY,
  () => {
    fc.assert(
      fc.property(runArbitrary(), ({ spec }) => {
        const { trades, ledger, equityUsd } = countable(() => runReference(spec));
        expect(ledger).toEqual({
          depositsUsd: spec.depositUsd,
          realisedUsd: sum(trades.map(({ grossPnlUsd }) => grossPnlUsd)),
          feesUsd: sum(trades.map(({ feesUsd }) => feesUsd)),
          fundingUsd: sum(trades.map(({ fundingUsd }) => fundingUsd)),
        });
        expect(cashOf(ledger)).toBe(spec.depositUsd + sum(trades.map(({ netPnlUsd }) => netPnlUsd)));
        if (equityUsd.length > 0) expect(equityUsd.at(-1)).toBe(cashOf(ledger) / 1e6);
      }),
      RUNS,
    );
  },
);

/** Closed before the data ended, for a reason of its own. */
const settled = (trades: readonly Trade[]): readonly Trade[] => trades.filter(({ reason }) => reason !== 'end');

/** A run, and a row at which something happens to its future. */
const runAndRow = runArbitrary().chain(({ spec }) =>
  fc.record({ spec: fc.constant(spec), row: fc.integer({ min: spec.from, max: spec.to }) }),
);

describe('nothing that happened depends on what came later', () => {
  test('the trades of a longer span begin with those of the shorter, but for those still open', NO_HURRY, () => {
    fc.assert(
      fc.property(runAndRow, ({ spec, row }) => {
        const long = countable(() => runReference(spec));
        const short = runReference({ ...spec, to: row });
        const done = settled(short.trades);
        expect(long.trades.slice(0, done.length)).toEqual(done);
        const endMs = closeTimeAt((spec.legs[0] as Leg).candles, row - 1);
        for (const trade of settled(long.trades).slice(done.length))
          expect(trade.exitTimeMs).toBeGreaterThanOrEqual(endMs);
        const curve = short.equityUsd.slice(0, -1);
        expect(long.equityUsd.slice(0, curve.length)).toEqual(curve);
      }),
      RUNS,
    );
  });

  test('poisoning every later candle, signal, range and rate changes no earlier trade', NO_HURRY, () => {
    fc.assert(
      fc.property(runAndRow, fc.integer({ min: 1, max: 2 ** 31 }), ({ spec, row }, seed) => {
        const clean = countable(() => runReference({ ...spec, to: row }));
        const poisoned = runReference({ ...spec, legs: spec.legs.map((leg) => poison(leg, row, seed)) });
        const done = settled(clean.trades);
        expect(poisoned.trades.slice(0, done.length)).toEqual(done);
        const curve = clean.equityUsd.slice(0, -1);
        expect(poisoned.equityUsd.slice(0, curve.length)).toEqual(curve);
      }),
      RUNS,
    );
  });
});

/** The same leg with a wild future: other prices, by up to a half, other signals, ranges and funding. */
function poison(leg: Leg, from: number, seed: number): Leg {
  const wild = (row: number): number => (Math.imul(seed, row + 1) >>> 16) / 65_536;
  const after = (column: Float64Array, change: (value: number, row: number) => number): Float64Array =>
    column.map((value, row) => (row < from ? value : change(value, row)));
  const scaled = (column: Float64Array): Float64Array => after(column, (price, row) => price * (0.5 + wild(row)));
  const { open, high, low, close } = leg.candles;
  const candles: CandleColumns = {
    ...leg.candles,
    open: scaled(open),
    high: scaled(high),
    low: scaled(low),
    close: scaled(close),
  };
  return {
    ...leg,
    candles,
    signals: leg.signals.map((signal, row) => (row < from ? signal : (wild(row) * 16) & 15)),
    stopAtr: after(leg.stopAtr as Float64Array, (_, row) => wild(row)),
    trailAtr: after(leg.trailAtr as Float64Array, (_, row) => wild(row)),
    funding: {
      ...leg.funding,
      atOpen: after(leg.funding.atOpen, (_, row) => Math.round(wild(row) * 1e6)),
      inside: after(leg.funding.inside, (_, row) => Math.round(wild(row) * -1e6)),
    },
  };
}

describe('rule 21', () => {
  /** One leg and its first entry alone: its trade and its size are fixed, since costs come after. */
  const singleTrade = runArbitrary(1)
    .map(({ spec }) => firstSignalOnly(spec))
    .filter((spec) => runReference(spec).trades.length === 1);

  function firstSignalOnly(spec: RunSpec): RunSpec {
    const leg = spec.legs[0] as Leg;
    const first = leg.signals.findIndex(
      (signal, row) => row >= spec.from && ((signal & 3) === 1 || (signal & 3) === 2),
    );
    const signals = leg.signals.map((signal, row) => (row === first ? signal : signal & ~3));
    return { ...spec, legs: [{ ...leg, signals }] };
  }

  test('worse fees, at a fixed trade and size, never help', NO_HURRY, () => {
    fc.assert(
      fc.property(singleTrade, fc.nat({ max: 100 }), fc.nat({ max: 100 }), (spec, taker, maker) => {
        const { takerFee, makerFee } = spec.costs;
        const costs = { ...spec.costs, takerFee: takerFee + taker / 1e5, makerFee: makerFee + maker / 1e5 };
        const [cheap] = runReference(spec).trades as [Trade];
        const [dear] = runReference({ ...spec, costs }).trades as [Trade];
        const { feesUsd, netPnlUsd, rMultiple, ...same } = dear;
        expect(cheap).toMatchObject(same);
        expect(feesUsd).toBeGreaterThanOrEqual(cheap.feesUsd);
        expect(netPnlUsd).toBeLessThanOrEqual(cheap.netPnlUsd);
        expect(rMultiple).toBeLessThanOrEqual(cheap.rMultiple);
      }),
      RUNS,
    );
  });

  test('worse slippage can help, because stops move with the fill: only fees are in the property', () => {
    const candles = `
      time   open  high  low    close  signal
      10:00  500   500   500    500    long
      11:00  500   505   490.2  495
      12:00  400   405   395    400`;
    // Bought at 500.50 the stop is 490.49, taken at 11:00, before the crash: 490.49 × 0.999 = 489.99951, down.
    story(candles).tells('long 1 @ 500 11:00 → 400 12:00 stop | gross -100');
    story(candles, { costs: { slippageBps: 10 } }).tells('long 1 @ 500.5 11:00 → 489.99 12:00 stop | gross -10.51');
  });

  test('mirrored prices swap long and short: absolute stops, whole ticks, no costs', NO_HURRY, () => {
    fc.assert(
      fc.property(mirrorArbitrary(), ({ spec, mirrored, image }) => {
        const rounded = (trades: readonly Trade[]) =>
          trades.map((trade) => ({ ...trade, maeR: trade.maeR.toFixed(9), mfeR: trade.mfeR.toFixed(9) }));
        const { trades } = runReference(spec);
        expect(rounded(runReference(mirrored).trades)).toEqual(rounded(trades.map(image)));
      }),
      RUNS,
    );
  });
});

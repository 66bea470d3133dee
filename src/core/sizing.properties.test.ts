import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuzzRuns, NO_HURRY } from '../../test/random-run.ts';
import { floorToLots, type Instrument, quantityOf } from '../domain/instrument.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { reaches } from '../domain/rounding.ts';
import { REFUSALS, type Refusal, type Side } from '../domain/trade.ts';
import type { Lots } from '../domain/units.ts';
import { notionalAtClose, refusalCode, refusalOf, sizeEntry, sizingDistance } from './sizing.ts';

describe('a size is one number', () => {
  test('a refusal is below zero, by its place', () => {
    expect(REFUSALS.map(refusalCode)).toEqual(REFUSALS.map((_, place) => -1 - place));
    expect(REFUSALS.map((refusal) => refusalOf(refusalCode(refusal)))).toEqual(REFUSALS);
    expect(() => refusalOf(1)).toThrow('1 is not the code of a refusal');
  });

  test('it is the one that the rules spell out, to the bit', NO_HURRY, () => {
    const told = new Map<string, number>();
    fc.assert(
      fc.property(entryArbitrary, ({ instrument, rules, side, close, atr, freeUsd }) => {
        const distance = sizingDistance(rules, close, atr, atr);
        const plain = plainSize(instrument, rules, side, close, distance, freeUsd);
        const size = sizeEntry(instrument, rules, side, close, distance, freeUsd);
        expect(size < 0 ? refusalOf(size) : size).toBe(plain);
        const [, second] = instrument.marginTiers;
        const isHigh = typeof plain === 'number' && plainValue(instrument, close, plain) >= fromOf(second);
        const kind = typeof plain === 'string' ? plain : isHigh ? 'lots in a higher tier' : 'lots';
        told.set(kind, (told.get(kind) ?? 0) + 1);
      }),
      { numRuns: fuzzRuns(20_000), seed: 1 },
    );
    // Every way out was taken, and often enough to mean something.
    expect(told.size).toBe(8);
    for (const [kind, count] of told) expect(count, kind).toBeGreaterThan(50);
  });

  test('the value is that of the close, to the micro-dollar', () => {
    const coin = { coin: 'COIN', szDecimals: 2, marginTiers: [], isDelisted: false };
    expect(notionalAtClose(coin, 333.33333, 150 as Lots)).toBe(499_999_995);
    expect(() => notionalAtClose(coin, 1e6, 1e9 as Lots)).toThrow('over $9 billion');
  });
});

const fromOf = (tier: Instrument['marginTiers'][number] | undefined): number =>
  (tier?.fromNotionalUsd ?? Number.POSITIVE_INFINITY) * 1e6;
const plainValue = (instrument: Instrument, close: number, lots: number): number =>
  Math.round(quantityOf(instrument, lots as Lots) * close * 1e6);

/** Rules 6, 38, 41 and 45 as they are written, without a thought for speed. */
function plainSize(
  instrument: Instrument,
  rules: RiskRules,
  side: Side,
  close: number,
  distance: number,
  freeMicroUsd: number,
): number | Refusal {
  const maxLeverage = (valueUsd: number): number =>
    instrument.marginTiers.filter((tier) => valueUsd >= fromOf(tier)).at(-1)?.maxLeverage ?? 1;
  const leverage = (valueUsd: number): number => Math.min(rules.leverage, maxLeverage(valueUsd));
  const cash = freeMicroUsd / 1e6;
  if (cash <= 0) return 'no-cash';
  if (Number.isNaN(distance)) return 'no-atr';
  if (side === 'long' && reaches(distance, close)) return 'stop-below-zero';
  const affordable = (valueUsd: number): number => (cash * leverage(valueUsd)) / close;
  const wanted =
    rules.sizing === 'allEquity' ? Number.POSITIVE_INFINITY : (rules.sizing.riskFraction * cash) / distance;
  const first = floorToLots(instrument, Math.min(wanted, affordable(0)));
  const lots = Math.min(first, floorToLots(instrument, affordable(plainValue(instrument, close, first))));
  if (lots < 1) return 'below-one-lot';
  if (!reaches(quantityOf(instrument, lots as Lots) * close, 10)) return 'below-minimum';
  const valueUsd = plainValue(instrument, close, lots);
  const maintenance = 1 / (2 * maxLeverage(valueUsd));
  const liquidation =
    side === 'long'
      ? (close - close / leverage(valueUsd)) / (1 - maintenance)
      : (close + close / leverage(valueUsd)) / (1 + maintenance);
  const isInside =
    side === 'long' ? reaches(liquidation, close - distance) : reaches(-liquidation, -(close + distance));
  return isInside ? 'liquidation-distance' : lots;
}

const OFF = {
  target: null,
  breakEven: null,
  maxHold: null,
  maxOpen: null,
  maxExposure: null,
  maxCoinExposure: null,
  maxSideExposure: null,
  minStopMoveBps: 0,
};

const entryArbitrary = fc
  .record({
    szDecimals: fc.integer({ min: 0, max: 5 }),
    tiers: fc.constantFrom([50, 20], [40], [10, 5, 3], [3], []),
    tierFrom: fc.constantFrom(500, 5_000, 60_000),
    side: fc.constantFrom<Side>('long', 'short'),
    digits: fc.integer({ min: 1_000, max: 999_999 }),
    decimals: fc.nat({ max: 5 }),
    // In hundredths of the close; what is no range, and what is more than the price.
    atr: fc.oneof(fc.double({ min: 0.001, max: 5, noNaN: true }), fc.constantFrom(Number.NaN, 0, 40, 50, 100)),
    freeUsd: fc.oneof(fc.integer({ min: -1_000_000, max: 100_000_000 }), fc.integer({ min: 0, max: 200_000_000_000 })),
    stop: fc.oneof(
      fc.constantFrom(0.0005, 0.01, 0.02, 0.3, 1).map((fraction) => ({ fraction })),
      fc.constantFrom(0.5, 1, 2).map((atr) => ({ atr, period: 14 })),
    ),
    trail: fc.constantFrom(
      null,
      { distance: { fraction: 0.02 }, after: 1 },
      { distance: { atr: 1, period: 3 }, after: 0 },
    ),
    sizing: fc.constantFrom<RiskRules['sizing']>('allEquity', { riskFraction: 0.01 }, { riskFraction: 0.1 }),
    leverage: fc.constantFrom(1, 1, 2, 5, 25, 50),
  })
  .map(({ szDecimals, tiers, tierFrom, side, digits, decimals, atr, freeUsd, ...rules }) => {
    const marginTiers = tiers.map((maxLeverage, tier) => ({ fromNotionalUsd: tier * tierFrom, maxLeverage }));
    const close = Number(`${digits}e-${decimals}`);
    return {
      instrument: { coin: 'COIN', szDecimals, marginTiers, isDelisted: false },
      rules: { ...rules, ...OFF },
      side,
      close,
      atr: (atr * close) / 100,
      freeUsd,
    };
  });

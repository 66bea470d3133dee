import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notionalOf as exactNotional, nextPrice, rounded, Undecidable } from '../../test/oracle-prices.ts';
import { rational } from '../../test/rational.ts';
import {
  BUILT_IN_INSTRUMENTS,
  floorToLots,
  type Instrument,
  isValidPrice,
  lotMicroCoins,
  lowestPrice,
  maxLeverageAt,
  nextPriceAbove,
  nextPriceBelow,
  notionalOf,
  quantityOf,
  roundPrice,
} from './instrument.ts';
import { fromUsd, type Lots, type Price } from './units.ts';

const coin = (szDecimals: number): Instrument => ({
  coin: 'COIN',
  szDecimals,
  marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 20 }],
  isDelisted: false,
});

describe('rule 40: valid prices', () => {
  test.each([
    // szDecimals, price, down, up
    ['six decimals less szDecimals', 5, 1234.56, 1234.5, 1234.6],
    ['five significant figures', 0, 123.4567, 123.45, 123.46],
    ['whole numbers of any length', 0, 123_456.7, 123_456, 123_457],
    ['a valid price stays', 2, 98.765, 98.765, 98.765],
    ['small coins: leading zeros are not significant, but decimals end at six', 0, 0.0012345678, 0.001234, 0.001235],
    ['up over a power of ten', 0, 99_999.5, 99_999, 100_000],
    ['up over one dollar', 0, 0.9999999, 0.99999, 1],
    ['a sub-dollar coin', 1, 0.123456, 0.12345, 0.12346],
    ['doubles: 1.0001 × 500 is not 500.05', 2, 500 * 1.0001, 500.05, 500.05],
  ])('%s', (_, szDecimals, price, down, up) => {
    expect(roundPrice(coin(szDecimals), price, 'down')).toBe(down);
    expect(roundPrice(coin(szDecimals), price, 'up')).toBe(up);
  });

  test.each([
    [0, 100, 100.01, 99.999],
    [0, 99.999, 100, 99.998],
    [0, 10_000, 10_001, 9_999.9],
    [0, 99_999, 100_000, 99_998],
    [0, 100_000, 100_001, 99_999],
    [0, 1, 1.0001, 0.99999],
    [0, 0.1, 0.10001, 0.099999],
    [0, 0.01, 0.010001, 0.009999],
    [5, 1000, 1000.1, 999.9],
    [5, 0.1, 0.2, 0],
  ])('with %d size decimals the neighbours of %d are %d and %d', (szDecimals, price, above, below) => {
    expect(nextPriceAbove(coin(szDecimals), price as Price)).toBe(above);
    expect(nextPriceBelow(coin(szDecimals), price as Price)).toBe(below);
  });

  test('what is not a price is an error, and not a valid price', () => {
    for (const price of [0, -1, Number.NaN]) {
      expect(() => roundPrice(coin(0), price, 'up')).toThrow(RangeError);
      expect(isValidPrice(coin(0), price)).toBe(false);
    }
    expect(isValidPrice(coin(2), 98.7654)).toBe(false);
    expect(isValidPrice(coin(2), 98.765)).toBe(true);
    expect(lowestPrice(coin(5))).toBe(0.1);
  });

  test('five digits end at each power of ten, to the last double', () => {
    const ulp = (price: number): number => price * 2 ** -53;
    for (const bound of [0.1, 1, 10, 100, 1_000, 10_000]) {
      // The step of 10^n is ten times that of the double below it.
      expect(nextPriceAbove(coin(0), bound as Price) - bound).toBeCloseTo(bound / 10_000, 9);
      const below = bound - ulp(bound);
      expect(below).toBeLessThan(bound);
      expect(roundPrice(coin(0), below, 'down')).toBe(bound);
      expect(roundPrice(coin(0), bound * 0.99999, 'down')).toBe(Number((bound * 0.99999).toPrecision(5)));
    }
  });

  test('rounding and neighbours are those of exact arithmetic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 2_000_000_000 }),
        fc.integer({ min: 0, max: 9 }),
        (szDecimals, digits, decimals) => {
          const instrument = coin(szDecimals);
          const price = Number(`${digits}e-${decimals}`);
          fc.pre(price >= lowestPrice(instrument));
          for (const direction of ['up', 'down'] as const) {
            const valid = roundPrice(instrument, price, direction);
            expect(valid).toBe(decided(() => rounded(instrument, rational(price), direction)));
            expect(nextPriceAbove(instrument, valid)).toBe(nextPrice(instrument, rational(valid), 1).toNumber());
            expect(nextPriceBelow(instrument, valid)).toBe(nextPrice(instrument, rational(valid), -1).toNumber());
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

function decided(value: () => { toNumber(): number }): number {
  try {
    return value().toNumber();
  } catch (error) {
    fc.pre(!(error instanceof Undecidable));
    throw error;
  }
}

describe('sizes and values', () => {
  test('sizes round down to the lot, never up', () => {
    expect(floorToLots(coin(2), 0.29)).toBe(29);
    expect(floorToLots(coin(2), 0.2999)).toBe(29);
    expect(floorToLots(coin(0), 0.999)).toBe(0);
    expect(quantityOf(coin(2), 29 as Lots)).toBe(0.29);
    expect(lotMicroCoins(coin(2))).toBe(10_000);
  });

  test('the value of a fill is a whole number of micro-dollars, exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 99_999 }),
        fc.integer({ min: 1, max: 90_000 }),
        fc.integer({ min: 0, max: 4 }),
        (szDecimals, digits, lots, decimals) => {
          const instrument = coin(szDecimals);
          const price = Number(`${digits}e-${decimals}`);
          fc.pre(isValidPrice(instrument, price));
          const exact = exactNotional(instrument, rational(price), BigInt(lots));
          expect(notionalOf(instrument, price as Price, lots as Lots)).toBe(Number(exact));
        },
      ),
    );
  });

  test('a value that doubles cannot count is an error', () => {
    expect(() => notionalOf(coin(0), 100_000 as Price, 1_000_000 as Lots)).toThrow('over $9 billion');
  });
});

describe('margin tiers', () => {
  test('the greatest leverage of a position of that size; the bound belongs to the higher tier', () => {
    const [btc] = BUILT_IN_INSTRUMENTS;
    expect(maxLeverageAt(btc as Instrument, fromUsd(149_999_999))).toBe(40);
    expect(maxLeverageAt(btc as Instrument, fromUsd(150_000_000))).toBe(20);
    const marginTiers = [50, 20, 10, 5].map((maxLeverage, i) => ({ fromNotionalUsd: i * 1_000, maxLeverage }));
    const leverages = [0, 999, 1_000, 2_500, 3_000, 1e9].map((usd) =>
      maxLeverageAt({ ...coin(0), marginTiers }, fromUsd(usd)),
    );
    expect(leverages).toEqual([50, 50, 20, 10, 5, 5]);
    expect(maxLeverageAt({ ...coin(0), marginTiers: [] }, fromUsd(1))).toBe(1);
  });
});

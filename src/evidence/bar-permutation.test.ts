import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { realCandles, walkCandles } from '../../test/series-data.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { type CandleColumns, sliceColumns } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import { permuteBars } from './bar-permutation.ts';
import { permutationPValue } from './p-value.ts';

/** Rows that have a candle. */
function rowsOf({ open }: CandleColumns): number[] {
  return [...open.keys()].filter((row) => !Number.isNaN(open[row]));
}

/** What is permuted, as logarithms, smallest first: high, low and close of each candle, and its gap. */
function movesOf(columns: CandleColumns): number[][] {
  const rows = rowsOf(columns);
  const of = (name: 'high' | 'low' | 'close') =>
    rows.map((row) => Math.log((columns[name][row] as number) / (columns.open[row] as number)));
  const gaps = rows.slice(1).map((row, i) => {
    return Math.log((columns.open[row] as number) / (columns.close[rows[i] as number] as number));
  });
  return [of('high'), of('low'), of('close'), gaps].map((values) => values.sort((a, b) => a - b));
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-9);
  });
}

/** Where the volume of each row comes from: volumes of `numbered` are their rows. */
function numbered(columns: CandleColumns): CandleColumns {
  return { ...columns, volume: columns.volume.map((volume, row) => (Number.isNaN(volume) ? Number.NaN : row)) };
}

describe('permuted candles', () => {
  const markets = fc
    .record({
      length: fc.integer({ min: 1, max: 80 }),
      coins: fc.integer({ min: 1, max: 3 }),
      gaps: fc.constantFrom(0, 0.05, 0.4),
      flat: fc.constantFrom(0, 0.2),
      seed: fc.integer({ min: 0, max: 1e6 }),
    })
    .map(({ length, coins, gaps, flat, seed }) =>
      Array.from({ length: coins }, (_, coin) => walkCandles({ length, gaps, flat, seed: seed + coin })),
    );
  const blocks = fc.constantFrom(1, 2, 7, 24);

  test('property: moves, holes, volumes, first candle and last close are those of the market', () => {
    fc.assert(
      fc.property(markets, blocks, fc.nat(), (market, blockRows, seed) => {
        const permuted = permuteBars(market, new Prng(seed), blockRows);
        market.forEach((columns, coin) => {
          const other = permuted[coin] as CandleColumns;
          expect(rowsOf(other)).toEqual(rowsOf(columns));
          movesOf(other).forEach((moves, i) => {
            expectClose(moves, movesOf(columns)[i] as number[]);
          });
          expect(other.volume.toSorted()).toEqual(columns.volume.toSorted());
          const [first, last] = [rowsOf(columns)[0], rowsOf(columns).at(-1)];
          if (first === undefined || last === undefined) return;
          for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) {
            expect(other[name][first]).toBeCloseTo(columns[name][first] as number, 9);
          }
          expect((other.close[last] as number) / (columns.close[last] as number)).toBeCloseTo(1, 12);
        });
      }),
    );
  });

  test('property: each is a possible candle, and a flat one stays flat', () => {
    fc.assert(
      fc.property(markets, blocks, fc.nat(), (market, blockRows, seed) => {
        for (const columns of permuteBars(market, new Prng(seed), blockRows)) {
          for (const row of rowsOf(columns)) {
            const [open, high, low, close] = [columns.open, columns.high, columns.low, columns.close].map(
              (column) => column[row] as number,
            ) as [number, number, number, number];
            expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
            expect(low).toBeLessThanOrEqual(Math.min(open, close));
            expect(low).toBeGreaterThan(0);
            if (columns.volume[row] === 0) expect([high, low, close]).toEqual([open, open, open]);
          }
        }
      }),
    );
  });

  test('property: all coins change places together, and only where the same coins have a candle', () => {
    fc.assert(
      fc.property(markets, blocks, fc.nat(), (market, blockRows, seed) => {
        const permuted = permuteBars(market.map(numbered), new Prng(seed), blockRows);
        const present = (row: number): string => market.map(({ open }) => Number.isNaN(open[row])).join();
        for (let row = 0; row < (market[0]?.length ?? 0); row++) {
          const sources = new Set(permuted.map(({ volume }) => volume[row]).filter((source) => !Number.isNaN(source)));
          expect(sources.size).toBeLessThanOrEqual(1);
          for (const source of sources) expect(present(source as number)).toBe(present(row));
        }
      }),
    );
  });

  test('the market stays as it was, the same seed gives the same candles, another seed others', () => {
    const market = [walkCandles({ length: 50 }), walkCandles({ length: 50, seed: 2, gaps: 0.2 })];
    const before = structuredClone(market);
    const closes = (seed: number) => permuteBars(market, new Prng(seed)).map(({ close }) => [...close]);
    expect(closes(1)).toEqual(closes(1));
    expect(closes(1)).not.toEqual(closes(2));
    expect(market).toEqual(before);
  });

  test('a coin that begins later does not keep the others from changing places before', () => {
    const long = numbered(walkCandles({ length: 200 }));
    const late = walkCandles({ length: 200, seed: 2 });
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) late[name].fill(Number.NaN, 0, 100);
    const [permuted] = permuteBars([long, late], new Prng(1)) as [CandleColumns, CandleColumns];
    const sources = [...permuted.volume];
    expect(sources.slice(0, 100).filter((source, row) => source !== row).length).toBeGreaterThan(80);
    expect(sources.slice(0, 100).every((source) => source < 100)).toBe(true);
    expect(sources[100]).toBe(100);
  });

  test('blocks stay together but for their borders', () => {
    const columns = numbered(walkCandles({ length: 1_000 }));
    const [{ volume }] = permuteBars([columns], new Prng(5), 25) as [CandleColumns];
    const follow = [...volume.keys()].filter((row) => row > 0 && volume[row] === (volume[row - 1] as number) + 1);
    // 39 blocks of 25, and the oldest 25 rows, which stay.
    expect(follow.length).toBeGreaterThan(999 - 39 - 1);
    expect(follow.length).toBeLessThan(999 - 39 + 6);
    expect([...volume.subarray(0, 25)]).toEqual(Array.from({ length: 25 }, (_, row) => row));
    expect(volume.filter((source, row) => source !== row).length).toBeGreaterThan(800);
  });
});

describe('edges', () => {
  test('no coins, and coins without a candle', () => {
    expect(permuteBars([], new Prng(1))).toEqual([]);
    const empty = walkCandles({ length: 5, gaps: 1 });
    expect(permuteBars([empty], new Prng(1))).toEqual([empty]);
  });

  test('coins that are not on one grid are refused', () => {
    const one = walkCandles({ length: 5 });
    const other = walkCandles({ length: 6, coin: 'ETH' });
    expect(() => permuteBars([one, other], new Prng(1))).toThrow('the candles of BTC and ETH are not on one grid');
    const later = walkCandles({ length: 5, coin: 'SOL', firstSlot: 1 });
    expect(() => permuteBars([one, later], new Prng(1))).toThrow('BTC and SOL');
  });

  test.each([0, 1.5, -1, Number.NaN])('blocks of %d rows are refused', (blockRows) => {
    expect(() => permuteBars([], new Prng(1), blockRows)).toThrow(`blocks of ${blockRows} rows`);
  });
});

/** The best of four trend followers: the sum of what each candle makes after one, two, five, ten that rose or fell. */
function bestOfTrends({ close, length }: CandleColumns): number {
  const logs = close.map(Math.log);
  const results = [1, 2, 5, 10].map((lookback) => {
    let sum = 0;
    for (let row = lookback; row + 1 < length; row++) {
      const trend = Math.sign((logs[row] as number) - (logs[row - lookback] as number));
      sum += trend * ((logs[row + 1] as number) - (logs[row] as number));
    }
    return sum;
  });
  return Math.max(...results);
}

describe('the in-sample test, in which every permutation is optimised anew', () => {
  /** Kolmogorov and Smirnov: the largest distance of the shares from those of a uniform p in 1/m … m/m. */
  function distanceFromUniform(pValues: readonly number[], steps: number): number {
    return Math.max(
      ...Array.from({ length: steps }, (_, i) => {
        const share = pValues.filter((p) => p <= (i + 1) / steps + 1e-12).length / pValues.length;
        return Math.abs(share - (i + 1) / steps);
      }),
    );
  }

  test.each([1, 10])('on noise, p-values are uniform, in blocks of %d', (blockRows) => {
    const rng = new Prng(404);
    const [studies, draws] = [250, 39];
    const pValues = Array.from({ length: studies }, (_, study) => {
      const market = walkCandles({ length: 120, seed: 9_000 + study });
      const drawn = Float64Array.from({ length: draws }, () => {
        return bestOfTrends((permuteBars([market], rng, blockRows) as [CandleColumns])[0]);
      });
      return permutationPValue(bestOfTrends(market), drawn);
    });
    // 1.63 / √n is reached by chance once in a hundred seeds.
    expect(distanceFromUniform(pValues, draws + 1)).toBeLessThan(1.63 / Math.sqrt(studies));
  });

  test('on a market that trends, they are small', () => {
    const rng = new Prng(7);
    const market = walkCandles({ length: 300, seed: 3 });
    let drift = 0;
    for (let row = 0; row < 300; row++) {
      drift += 0.006 * (Math.floor(row / 20) % 2 === 0 ? 1 : -1);
      for (const name of ['open', 'high', 'low', 'close'] as const) {
        market[name][row] = (market[name][row] as number) * Math.exp(drift);
      }
    }
    const drawn = Float64Array.from({ length: 99 }, () =>
      bestOfTrends((permuteBars([market], rng) as [CandleColumns])[0]),
    );
    expect(permutationPValue(bestOfTrends(market), drawn)).toBeLessThan(0.05);
  });
});

describeWithSharedData('on real candles', () => {
  /** Correlation of the size of a candle's move with that of the candle `lag` before. */
  function clustering({ open, close }: CandleColumns, lag: number): number {
    const sizes = close.map((price, row) => Math.abs(Math.log(price / (open[row] as number))));
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const product = (shift: number): number =>
      sizes.subarray(shift).reduce((sum, size, row) => sum + (size - mean) * ((sizes[row] as number) - mean), 0);
    return product(lag) / product(0);
  }

  test('single candles lose the clustering of volatility, days keep most of it; coins keep moving together', () => {
    const market = ['BTC', 'ETH'].map((coin) => {
      const columns = realCandles(coin, '1h');
      return sliceColumns(columns, columns.length - 2_160, columns.length);
    });
    const [btc] = market as [CandleColumns];
    expect(clustering(btc, 1)).toBeGreaterThan(0.1);
    const [single] = permuteBars(market, new Prng(1)) as [CandleColumns];
    expect(Math.abs(clustering(single, 1))).toBeLessThan(0.07);
    const [days, others] = permuteBars(market, new Prng(1), 24) as [CandleColumns, CandleColumns];
    expect(clustering(days, 1)).toBeGreaterThan(0.7 * clustering(btc, 1));
    const together = (a: CandleColumns, b: CandleColumns): number =>
      a.close.filter(
        (price, row) => price > (a.open[row] as number) === (b.close[row] as number) > (b.open[row] as number),
      ).length / a.length;
    const [, eth] = market as [CandleColumns, CandleColumns];
    expect(together(days, others)).toBeCloseTo(together(btc, eth), 2);
  });
});

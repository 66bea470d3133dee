import { describe, expect, test } from 'vitest';
import { type CandleColumns, impossibilityOf, rowAt } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, floorToLots, isValidPrice, quantityOf } from '../domain/instrument.ts';
import { epochMs } from '../domain/units.ts';
import { resample } from './resample.ts';
import { DEFAULT_EDGE, SYNTHETIC_COINS, type SyntheticMarket, syntheticMarket } from './synthetic.ts';

const DAY_ROWS = 48;
const market = syntheticMarket({ days: 400, seed: 3 });
const sameWithoutEdge = syntheticMarket({ days: 400, seed: 3, edge: 0 });

function columnsOf(of: SyntheticMarket, coin: string): CandleColumns {
  const columns = of.candles.get(coin);
  if (columns === undefined) throw new Error(`no ${coin}`);
  return columns;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(a.map((value, i) => (value - meanA) * ((b[i] as number) - meanB))) / (deviation(a) * deviation(b));
}

/** Logarithmic returns from close to close, `rows` candles apart. */
function returns({ close }: CandleColumns, rows = 1): number[] {
  return Array.from({ length: Math.floor((close.length - 1) / rows) }, (_, i) =>
    Math.log((close[(i + 1) * rows] as number) / (close[i * rows] as number)),
  );
}

/** What the price did in the day after each event, in the direction of the breakout. */
function returnsAfter(of: SyntheticMarket, isSurge: boolean): number[] {
  return of.events
    .filter((event) => event.isSurge === isSurge)
    .flatMap(({ coin, timeMs, direction }) => {
      const columns = columnsOf(of, coin);
      const row = rowAt(columns, timeMs);
      if (row + DAY_ROWS >= columns.length) return [];
      return direction * Math.log((columns.open[row + DAY_ROWS] as number) / (columns.open[row] as number));
    });
}

/** Distance from zero in standard errors. */
function standardErrors(values: readonly number[]): number {
  return mean(values) / (deviation(values) / Math.sqrt(values.length));
}

describe('the synthetic market', () => {
  test('the same seed makes the same market, another seed another, and a longer one begins with the shorter', () => {
    const shorter = syntheticMarket({ days: 50, seed: 3 });
    const other = syntheticMarket({ days: 50, seed: 4 });
    for (const coin of SYNTHETIC_COINS) {
      const { close, volume, length } = columnsOf(shorter, coin);
      expect(columnsOf(market, coin).close.subarray(0, length)).toEqual(close);
      expect(columnsOf(market, coin).volume.subarray(0, length)).toEqual(volume);
      expect(columnsOf(other, coin).close).not.toEqual(close);
      expect(market.funding.get(coin)?.rates.subarray(0, 1_000)).toEqual(
        shorter.funding.get(coin)?.rates.subarray(0, 1_000),
      );
    }
  });

  test('every candle is possible, on the ticks and lots of the exchange, and opens where the last one closed', () => {
    for (const instrument of BUILT_IN_INSTRUMENTS) {
      const { open, high, low, close, volume, length } = columnsOf(market, instrument.coin);
      expect(length).toBe(400 * DAY_ROWS);
      for (let row = 0; row < length; row++) {
        const at = (column: Float64Array): number => column[row] as number;
        const candle = { open: at(open), high: at(high), low: at(low), close: at(close), volume: at(volume) };
        expect(impossibilityOf({ openTimeMs: epochMs(0), ...candle })).toBeUndefined();
        for (const price of [candle.open, candle.high, candle.low, candle.close]) {
          if (!isValidPrice(instrument, price)) expect.fail(`${price} is no tick of ${instrument.coin}`);
        }
        if (quantityOf(instrument, floorToLots(instrument, candle.volume)) !== candle.volume || candle.volume <= 0) {
          expect.fail(`${candle.volume} ${instrument.coin} is no volume`);
        }
        if (row > 0 && candle.open !== close[row - 1]) expect.fail(`row ${row} does not open at the last close`);
      }
    }
  });

  test('looks like a market: fat tails, calm after calm and storm after storm, coins that move together', () => {
    for (const coin of SYNTHETIC_COINS) {
      const moves = returns(columnsOf(market, coin));
      const spread = deviation(moves);
      expect(mean(moves.map((move) => (move / spread) ** 4))).toBeGreaterThan(4);
      const sizes = moves.map(Math.abs);
      expect(correlation(sizes.slice(0, -DAY_ROWS / 4), sizes.slice(DAY_ROWS / 4))).toBeGreaterThan(0.05);
      const yearly = spread * Math.sqrt(365 * DAY_ROWS);
      expect(yearly).toBeGreaterThan(0.3);
      expect(yearly).toBeLessThan(1);
    }
    const [btc, eth] = ['BTC', 'ETH'].map((coin) => returns(columnsOf(market, coin)));
    expect(correlation(btc as number[], eth as number[])).toBeGreaterThan(0.35);
    expect(correlation(btc as number[], eth as number[])).toBeLessThan(0.8);
  });

  test('funding is by the exchange’s formula: mostly the base rate, of both signs, within the cap', () => {
    for (const { rates, timesMs } of market.funding.values()) {
      expect(rates).toHaveLength(400 * 24 + 1);
      expect(timesMs.every((time) => time % 3_600_000 === 0)).toBe(true);
      const baseShare = rates.filter((rate) => rate === 0.0000125).length / rates.length;
      expect(baseShare).toBeGreaterThan(0.4);
      expect(rates.some((rate) => rate < 0)).toBe(true);
      expect(Math.max(...rates.map(Math.abs))).toBeLessThan(0.001);
    }
  });

  test('a market must have a length', () => {
    expect(() => syntheticMarket({ days: 0, seed: 1 })).toThrow(/0 days/);
  });
});

describe('the planted edge', () => {
  test('after a breakout on a surge the price drifts on, by about as much as promised', () => {
    const after = returnsAfter(market, true);
    expect(after.length).toBeGreaterThan(300);
    expect(mean(after)).toBeGreaterThan(0.75 * DEFAULT_EDGE);
    expect(mean(after)).toBeLessThan(1.25 * DEFAULT_EDGE);
    expect(standardErrors(after)).toBeGreaterThan(6);
  });

  test('works upwards and downwards alike', () => {
    for (const direction of [1, -1]) {
      const events = market.events.filter((event) => event.direction === direction);
      expect(mean(returnsAfter({ ...market, events }, true))).toBeGreaterThan(0.6 * DEFAULT_EDGE);
    }
  });

  test('after a breakout without one it falls back', () => {
    expect(standardErrors(returnsAfter(market, false))).toBeLessThan(-4);
  });

  test('at any other time there is nothing: the mean return is zero, and yesterday says nothing of today', () => {
    for (const coin of SYNTHETIC_COINS) {
      const daily = returns(columnsOf(market, coin), DAY_ROWS);
      expect(Math.abs(standardErrors(daily))).toBeLessThan(3);
      expect(Math.abs(correlation(daily.slice(0, -1), daily.slice(1)))).toBeLessThan(3 / Math.sqrt(daily.length));
    }
  });

  test('an edge of zero is a market in which surges mean nothing', () => {
    expect(Math.abs(standardErrors(returnsAfter(sameWithoutEdge, true)))).toBeLessThan(3);
    expect(Math.abs(standardErrors(returnsAfter(sameWithoutEdge, false)))).toBeLessThan(3);
  });

  test('the surge can be seen at the close of its hour: volume tells the two kinds of breakout apart', () => {
    const hoursOf = new Map(SYNTHETIC_COINS.map((coin) => [coin, resample(columnsOf(market, coin), '1h')]));
    const ratios = (isSurge: boolean): number[] =>
      market.events
        .filter((event) => event.isSurge === isSurge)
        .map(({ coin, timeMs }) => {
          const hours = hoursOf.get(coin) as CandleColumns;
          const row = rowAt(hours, timeMs) - 1;
          return (hours.volume[row] as number) / mean([...hours.volume.subarray(row - 20, row)]);
        });
    const above = (values: readonly number[]): number => values.filter((ratio) => ratio > 1.5).length / values.length;
    expect(above(ratios(true))).toBeGreaterThan(0.95);
    expect(above(ratios(false))).toBeLessThan(0.08);
  });
});

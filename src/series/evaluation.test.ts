import { describe, expect, test } from 'vitest';
import { bitsToNumbers, closesToCandles, evaluate, realCandles, walkCandles } from '../../test/series-data.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { type CandleColumns, openTimeAt } from '../domain/candle.ts';
import { DataError, LookAheadError, StrategyError } from '../domain/errors.ts';
import { HOUR_MS } from '../domain/time.ts';
import { Evaluation } from './evaluation.ts';
import { ownMarket } from './market.ts';

const { open, high, low, close, volume, funding, every, of } = ownMarket;
const X = Number.NaN;

function on(candles: CandleColumns): Evaluation {
  return new Evaluation(candles, new Map([[candles.coin, { candles }]]));
}

describe('conditions', () => {
  test('a cross is at or below before, and above now', () => {
    const closes = [1, 2, 3, 2, 2, 3, X, 1, 3];
    const [above, below] = evaluate(closesToCandles(closes), [close.crossesAbove(2), close.crossesBelow(2.5)]);
    expect(above).toStrictEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect(below).toStrictEqual([0, 0, 0, 1, 0, 0, 0, 0, 0]);
  });

  test('a comparison with a missing value is false, and stays so through not()', () => {
    const closes = [X, 1, 3];
    const wanted = [close.gt(2), close.lte(2), close.gt(2).not(), close.eq(close), close.eq(close).not()];
    expect(evaluate(closesToCandles(closes), wanted)).toStrictEqual([
      [0, 0, 1],
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
  });

  test('what is decided whatever the missing part may be is decided', () => {
    // close is missing in the first candle, and with it the comparison; 1 > 0 never is.
    const candles = closesToCandles([X, 1]);
    candles.open.fill(1);
    const unknown = close.gt(0);
    const yes = open.gt(0);
    const no = open.lt(0);
    const wanted = [
      unknown.or(yes),
      unknown.and(yes),
      unknown.and(no).not(),
      unknown.or(no).not(),
      yes.and(yes, yes, no),
    ];
    expect(evaluate(candles, wanted).map(([first]) => first)).toStrictEqual([1, 0, 1, 0, 0]);
  });

  test('how often in the last three', () => {
    const [times] = evaluate(closesToCandles([1, 3, 3, 1, X, 3, 3, 3]), [close.gt(2).count(3)]);
    expect(times).toStrictEqual([X, X, 2, 2, X, X, X, 3]);
  });

  test('as it was two candles ago', () => {
    expect(evaluate(closesToCandles([1, 3, 1, 3, 3]), [close.gt(2).ago(2)])).toStrictEqual([[0, 0, 0, 1, 0]]);
  });
});

describe('every: the slower clock of the same coin', () => {
  test('a slow candle is seen at the fast candle that closes with it, and not before', () => {
    // Slot 483,001 is the second hour of a 4h candle: that first one is never whole.
    const candles = closesToCandles([1, 2, 3, 4, 5, 6, 7, 8, 9], 483_001);
    const [seen, before] = evaluate(candles, [every('4h').close, every('4h').close.ago(1)]);
    expect(seen).toStrictEqual([X, X, X, X, X, X, 7, 7, 7]);
    expect(before).toStrictEqual([X, X, X, X, X, X, X, X, X]);
  });

  test('its fields are those of its parts', () => {
    const candles = walkCandles({ length: 8, firstSlot: 483_000 });
    const slow = every('4h');
    const [o, h, l, c, v] = evaluate(candles, [slow.open, slow.high, slow.low, slow.close, slow.volume]);
    for (const [row, from] of [
      [3, 0],
      [7, 4],
    ] as const) {
      const part = (field: 'open' | 'high' | 'low' | 'close' | 'volume'): number[] =>
        Array.from(candles[field].slice(from, from + 4));
      expect([o?.[row], h?.[row], l?.[row], c?.[row]]).toStrictEqual([
        part('open')[0],
        Math.max(...part('high')),
        Math.min(...part('low')),
        part('close')[3],
      ]);
      const inUnits = part('volume')
        .map((x) => Math.round(x * 1e8))
        .reduce((a, b) => a + b);
      expect(v?.[row]).toBe(inUnits / 1e8);
    }
  });

  test('volumes are summed as decimals: ten times 0.1 is 1', () => {
    const candles = closesToCandles(Array.from({ length: 24 }, () => 1));
    candles.volume.fill(0.1);
    expect(evaluate(candles, [every('12h').volume])[0]?.[11]).toBe(1.2);
  });

  test('one that lacks a part is unknown, the next is not', () => {
    const candles = closesToCandles([1, 2, X, 4, 5, 6, 7, 8]);
    const slow = every('4h');
    for (const values of evaluate(candles, [slow.open, slow.high, slow.low, slow.close, slow.volume])) {
      expect(values.map(Number.isNaN)).toStrictEqual([true, true, true, true, true, true, true, false]);
    }
  });

  test('rolling operations count its own candles, together with a fast series those of the faster', () => {
    const closes = Array.from({ length: 48 }, (_, i) => i + 1);
    const [mean, gap] = evaluate(closesToCandles(closes), [
      every('12h').close.mean(2),
      close.minus(every('12h').close),
    ]);
    expect([mean?.[22], mean?.[23], mean?.[35]]).toStrictEqual([X, 18, 30]);
    expect([gap?.[10], gap?.[11], gap?.[12], gap?.[22], gap?.[23]]).toStrictEqual([X, 0, 1, 11, 0]);
  });

  test('a day is made of 4h candles as it is of hours', () => {
    const candles = walkCandles({ length: 600, firstSlot: 483_005, gaps: 0.002 });
    const viaHours = every('1d').close.plus(close.times(0));
    const via4h = every('1d').close.plus(every('4h').close.times(0)).plus(close.times(0));
    const [a, b] = evaluate(candles, [viaHours, via4h]) as [number[], number[]];
    const bothKnown = b.map((value, i) => [value, a[i]]).filter(([value]) => !Number.isNaN(value));
    expect(bothKnown.length).toBeGreaterThan(300);
    for (const [value, expected] of bothKnown) expect(value).toBe(expected);
  });

  test('its own interval is itself', () => {
    const candles = walkCandles({ length: 100, gaps: 0.1 });
    const [slow, fast] = evaluate(candles, [every('1h').close.mean(5), close.mean(5)]);
    expect(slow).toStrictEqual(fast);
  });

  test.each(['30m', '1m'] as const)('%s cannot be made from hours', (interval) => {
    expect(() => on(walkCandles({ length: 5 })).request(every(interval).close)).toThrow(
      `every('${interval}') cannot be made from 1h candles: ${interval} is no multiple of them`,
    );
  });
});

describeWithSharedData('every on real candles', () => {
  test('is the 4h candle that one builds from the hours, and seen in time', () => {
    const candles = realCandles('ETH', '1h');
    const [seen] = evaluate(candles, [every('4h').high]) as [number[]];
    for (let i = 8; i < candles.length; i++) {
      // The last 4h candle that closed at or before the close of this hour.
      const closed = Math.floor((openTimeAt(candles, i) + HOUR_MS) / (4 * HOUR_MS)) * 4 * HOUR_MS;
      const end = (closed - candles.firstOpenMs) / HOUR_MS;
      if (seen[i] !== Math.max(...candles.high.slice(end - 4, end))) expect.fail(`row ${i}`);
    }
  });
});

describe('of: another coin at the same instants', () => {
  const btc = walkCandles({ coin: 'BTC', length: 50, seed: 1 });
  const eth = walkCandles({ coin: 'ETH', length: 50, seed: 2, gaps: 0.1 });
  const markets = new Map([
    ['BTC', { candles: btc }],
    ['ETH', { candles: eth }],
  ]);

  test('reads its candles, gaps included', () => {
    const [spread] = evaluate(btc, [of('ETH').close.minus(close)], { markets });
    expect(spread).toStrictEqual(Array.from(eth.close, (price, i) => price - (btc.close[i] as number)));
  });

  test('a coin that is not there is named', () => {
    const evaluation = new Evaluation(btc, markets);
    expect(() => evaluation.request(of('SOL').close.gt(1))).toThrow(DataError);
    expect(() => evaluation.request(of('SOL').close.gt(1))).toThrow(
      "there are no candles of SOL, which the strategy reads by of('SOL')",
    );
  });

  test('all coins are on one grid', () => {
    const late = walkCandles({ coin: 'ETH', length: 50, firstSlot: 483_001 });
    const other = new Map([...markets, ['ETH', { candles: late }] as const]);
    expect(() => new Evaluation(btc, other)).toThrow('ETH and BTC are not on one grid');
    expect(() => new Evaluation({ coin: 'BTC', interval: '30m' }, markets)).toThrow(DataError);
    expect(() => new Evaluation({ coin: 'DOGE', interval: '1h' }, markets)).toThrow('no candles of DOGE');
  });
});

describe('funding', () => {
  const candles = walkCandles({ length: 8, firstSlot: 483_000 });
  test('is the rate that was settled last; slower clocks see it at their close', () => {
    const fundingRate = Float64Array.from([X, 1, 2, 3, 4, 5, 6, 7]);
    const markets = new Map([['BTC', { candles, fundingRate }]]);
    const [rate, slow] = evaluate(candles, [funding, every('4h').funding], { markets });
    expect(rate).toStrictEqual([X, 1, 2, 3, 4, 5, 6, 7]);
    expect(slow).toStrictEqual([X, X, X, 3, 3, 3, 3, 7]);
  });

  test('where none is stored it is unknown', () => {
    expect(evaluate(candles, [funding, funding.gt(0)])).toStrictEqual([Array(8).fill(X), Array(8).fill(0)]);
  });
});

describe('an evaluation', () => {
  test('of what is asked for later starts at the first row, and gives the same', () => {
    const candles = walkCandles({ length: 10_000, gaps: 0.01 });
    const breakout = close.gt(high.ago(1).highest(20));
    const evaluation = on(candles);
    evaluation.request(volume.mean(3));
    evaluation.advanceTo(5_000);
    const late = evaluation.bits(breakout);
    expect(bitsToNumbers(late, 5_000)).toStrictEqual(evaluate(candles, [breakout])[0]?.slice(0, 5_000));
    expect(bitsToNumbers(late, 10_000).slice(5_000)).not.toContain(1);
    evaluation.advanceTo(10_000);
    expect(evaluation.bits(breakout)).toBe(late);
    expect(bitsToNumbers(late, 10_000)).toStrictEqual(evaluate(candles, [breakout])[0]);
  });

  test('does not read rows that are not reached', () => {
    const candles = walkCandles({ length: 100 });
    const evaluation = on(candles);
    evaluation.request(low.mean(3));
    evaluation.advanceTo(60);
    candles.low.fill(X, 60);
    expect(
      Array.from(evaluation.values(low.mean(3)))
        .map(Number.isNaN)
        .indexOf(true, 2),
    ).toBe(60);
    expect(evaluation.end).toBe(60);
  });

  test('never goes back, nor beyond the columns', () => {
    const evaluation = on(walkCandles({ length: 100 }));
    evaluation.advanceTo(50);
    expect(() => evaluation.advanceTo(49)).toThrow(RangeError);
    expect(() => evaluation.advanceTo(101)).toThrow(RangeError);
  });

  test('of a poisoned expression throws its error, again and again', () => {
    const evaluation = on(walkCandles({ length: 100 }));
    const peek = close.gt(close.ago(-1));
    expect(() => evaluation.bits(peek)).toThrow(LookAheadError);
    expect(() => evaluation.bits(peek)).toThrow(LookAheadError);
    expect(() => evaluation.values(every('4h').close.mean(0))).toThrow(StrategyError);
  });

  test('gives the values of slow series and conditions on the own clock', () => {
    const candles = walkCandles({ length: 24 });
    const rising = every('4h').close.gt(every('4h').open);
    const [bits] = evaluate(candles, [rising]) as [number[]];
    expect(bits.slice(0, 3)).toStrictEqual([0, 0, 0]);
    for (let i = 3; i < 24; i++) {
      const last = Math.floor((i + 1) / 4) * 4;
      expect(bits[i]).toBe(Number((candles.close[last - 1] as number) > (candles.open[last - 4] as number)));
    }
  });
});

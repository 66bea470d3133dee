import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../domain/time.ts';
import { NEW_YEAR_MS } from '../testing.ts';
import { MarkCandles } from './mark-candles.ts';

const at = (seconds: number): number => NEW_YEAR_MS + seconds * 1_000;

/** `minute interval: open high low close, samples`. */
function taken(marks: MarkCandles): string[] {
  return marks.take().map(({ coin, interval, candle }) => {
    const { open, high, low, close, volume, trades, openTimeMs } = candle;
    expect(volume).toBe(0);
    const minute = (openTimeMs - NEW_YEAR_MS) / MINUTE_MS;
    return `${coin} ${minute} ${interval}: ${open} ${high} ${low} ${close}, ${trades}`;
  });
}

describe('mark candles', () => {
  test('begin with the first candle that opens after the first price, at the last price before it', () => {
    const marks = new MarkCandles(['1m']);
    marks.tell('BTC', 100, at(30));
    marks.tell('BTC', 101, at(57));
    marks.tell('BTC', 103, at(63));
    marks.tell('BTC', 99, at(80));
    marks.tell('BTC', 102, at(119));
    expect(taken(marks)).toEqual([]);
    marks.tell('BTC', 104, at(121));
    expect(taken(marks)).toEqual(['BTC 1 1m: 101 103 99 102, 3']);
    expect(taken(marks)).toEqual([]);
  });

  test('a price at the very open is the open', () => {
    const marks = new MarkCandles(['1m']);
    marks.tell('BTC', 100, at(57));
    marks.tell('BTC', 101, at(60));
    marks.tell('BTC', 102, at(120));
    expect(taken(marks)).toEqual(['BTC 1 1m: 101 101 101 101, 1']);
    marks.hear(at(180));
    expect(taken(marks)).toEqual(['BTC 2 1m: 102 102 102 102, 1']);
  });

  test('without a new price a candle is flat, as long as the connection is heard of', () => {
    const marks = new MarkCandles(['1m']);
    marks.tell('BTC', 100, at(50));
    marks.tell('ETH', 20, at(51));
    marks.hear(at(100));
    marks.tell('ETH', 21, at(130));
    expect(taken(marks)).toEqual(['BTC 1 1m: 100 100 100 100, 0', 'ETH 1 1m: 20 20 20 20, 0']);
  });

  test('a candle that a connection did not last through is none', () => {
    const marks = new MarkCandles(['1m', '3m']);
    marks.tell('BTC', 100, at(170));
    marks.tell('BTC', 101, at(200));
    marks.tell('BTC', 102, at(239));
    // The minute was over, but nothing was heard after it.
    marks.forget();
    marks.tell('BTC', 110, at(250));
    marks.tell('BTC', 111, at(299));
    marks.hear(at(330));
    marks.tell('BTC', 112, at(361));
    expect(taken(marks)).toEqual(['BTC 5 1m: 111 111 111 111, 0']);
    for (const seconds of [420, 480, 540]) marks.hear(at(seconds));
    marks.tell('BTC', 113, at(541));
    expect(taken(marks).at(-1)).toBe('BTC 6 3m: 111 112 111 112, 1');
  });

  test.each([
    ['asleep for an hour', 3_600],
    ['set back by an hour', -3_600],
    ['set back by two seconds', -2],
  ])('are not made up by a machine that was %s', (_, seconds) => {
    const marks = new MarkCandles(['1m']);
    for (const second of [50, 80, 110]) marks.tell('BTC', 100, at(second));
    const againSecond = 110 + seconds;
    for (let second = againSecond; second < againSecond + 140; second += 30) marks.tell('BTC', 200, at(second));
    const minute = Math.floor(againSecond / 60) + 1;
    expect(taken(marks)).toEqual([`BTC ${minute} 1m: 200 200 200 200, 2`]);
  });
});

import { describe, expect, test } from 'vitest';
import { coinsOf, settleOf, warmupOf } from './horizon.ts';
import { ownMarket } from './market.ts';

const { close, high, adx, macd, atr, bollinger, every, of, scan } = ownMarket;
const plain = (state: number, inputs: { close: number }): { state: number; value: number } => ({
  state,
  value: inputs.close,
});

describe('how many candles a value needs before it', () => {
  // An ema settles after ln(1e-9) / ln(1 − 2 / (n + 1)) candles, Wilder's smoothing after n − 1 + ln(1e-9) / ln(1 − 1 /
  // n).
  test.each([
    ['the close', close, 0],
    ['ago 5', close.ago(5), 5],
    ['a breakout', close.gt(high.ago(1).highest(20)), 20],
    ['a mean of means', close.mean(10).mean(5), 13],
    ['a band', bollinger(20, 2).upper, 19],
    ['a crossing of two', close.crossesAbove(close.mean(20)), 20],
    ['a crossing of a number', close.crossesAbove(5), 1],
    ['how often in 10', close.gt(close.mean(20)).count(10), 28],
    ['ema 20', close.ema(20), 208],
    ['ema 65', close.ema(65), 674],
    ['macd 12, 26, 9', macd(12, 26, 9).signal, 270 + 93],
    ['atr 14', atr(14), 1 + 13 + 280],
    ['rsi 14', close.rsi(14), 1 + 13 + 280],
    ['adx 14', adx(14), 1 + 2 * (13 + 280)],
    ['a scan', scan({ initial: 0, inputs: { close: close.mean(3) }, step: plain, settle: 7 }), 2 + 7],
  ])('%s', (_, { node }, expected) => {
    expect([warmupOf(node, '1h'), settleOf(node, '1h')]).toStrictEqual([expected, expected]);
  });

  test('a slow clock costs its candles, and at worst the one into which the data begins', () => {
    const { node } = every('4h').close.mean(20);
    // 20 whole 4h candles are 80 hours; at worst three more hours lie before the first whole one.
    expect(warmupOf(node, '1h')).toBe(20 * 4 - 1);
    expect(settleOf(node, '1h')).toBe(20 * 4 - 1 + 3);
    expect(settleOf(node, '30m')).toBe(20 * 8 - 1 + 7);
    expect(settleOf(node, '4h')).toBe(19);
  });

  test('on a slow clock beside a faster one: the longer counts', () => {
    const { node } = close.gt(every('4h').close).and(close.gt(close.mean(100)));
    expect(settleOf(node, '1h')).toBe(99);
  });
});

test('the coins that must be there are those that are read', () => {
  const { node } = close.gt(of('ETH').close.mean(3)).and(of('BTC').every('4h').close.gt(1));
  expect([...coinsOf([node])].sort()).toStrictEqual(['BTC', 'ETH']);
  expect(coinsOf([close.gt(1).node]).size).toBe(0);
});

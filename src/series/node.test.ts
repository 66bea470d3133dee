import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LookAheadError, StrategyError } from '../domain/errors.ts';
import { ownMarket } from './market.ts';
import { callSiteOf } from './poison.ts';
import { Condition, Series } from './series.ts';

const { open, high, close, volume, every, of } = ownMarket;

describe('nodes are interned by their structure', () => {
  test('the same expression written twice is one node', () => {
    const build = (): Condition => close.gt(high.ago(1).highest(20)).and(volume.gt(volume.mean(20).times(1.5)));
    expect(build().node).toBe(build().node);
    expect(every('4h').of('BTC').close.node).toBe(of('BTC').every('4h').close.node);
    expect(close.plus(0).node).toBe(close.plus(-0).node);
    expect(close.ago(0).node).toBe(close.node);
  });

  test('another length, input, clock or order is another node', () => {
    const nodes = [
      close.mean(20),
      close.mean(21),
      open.mean(20),
      close.ema(20),
      every('4h').close.mean(20),
      every('1d').close.mean(20),
      of('BTC').close.mean(20),
      close.minus(open),
      open.minus(close),
      close.minus(1),
    ].map(({ node }) => node.id);
    expect(new Set(nodes).size).toBe(nodes.length);
  });

  test('what a condition bets on lies beside its node', () => {
    const plain = close.gt(open);
    const filter = plain.as('filter');
    expect(filter.node).toBe(plain.node);
    expect([plain.bet, filter.bet]).toStrictEqual([undefined, 'filter']);
  });

  test('a node cannot be changed', () => {
    expect(Object.isFrozen(close.mean(5).node)).toBe(true);
  });
});

describe('clocks', () => {
  test('what is computed of slow candles stays slow until it meets a faster series', () => {
    expect(every('4h').close.times(2).mean(3).node.clock.interval).toBe('4h');
    expect(every('4h').close.gt(every('1d').close).node.clock.interval).toBe('4h');
    expect(every('4h').close.gt(close).node.clock.interval).toBe('own');
    expect(of('BTC').close.minus(close).node.clock).toStrictEqual({ coin: 'own', interval: 'own' });
    expect(of('BTC').close.mean(3).node.clock.coin).toBe('BTC');
  });

  test('a crossing counts candles of the faster clock', () => {
    const slow = every('4h').close.mean(3);
    const written = slow.plus(close.times(0)).crossesAbove(close);
    expect(written.node.clock.interval).toBe('own');
    const [before] = slow.crossesAbove(close).node.inputs;
    // slow.align.ago(1), not slow.ago(1).align
    expect(before?.inputs.map(({ op, inputs }) => [op, inputs[0]?.op])).toStrictEqual([
      ['ago', 'align'],
      ['ago', 'close'],
    ]);
  });

  test('intervals of which none divides the other are not combined', () => {
    const { poison } = every('8h').close.gt(every('12h').close).node;
    expect(poison).toBeInstanceOf(StrategyError);
    expect(poison?.message).toBe('12h and 8h candles cannot be combined: 12h is no multiple of 8h');
  });
});

describe('looking ahead poisons what is built on it', () => {
  test.each([-1, -20, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('ago(%d)', (k) => {
    const condition = close.gt(high.ago(k).highest(20)).and(close.gt(open)).not().ago(2).as('filter');
    expect(condition).toBeInstanceOf(Condition);
    expect(condition.node.poison).toBeInstanceOf(LookAheadError);
    expect(condition.node.poison?.message).toContain(`ago(${k})`);
  });

  test('the error names the line that asked for it, also inside a helper', () => {
    const helper = (series: Series, k: number): Series => series.ago(k);
    const { poison } = close.gt(helper(high, 3 - 5)).node;
    expect(poison?.message).toBe('ago(-2) reads a candle that had not happened yet');
    const site = callSiteOf(poison as Error);
    expect(site?.file).toMatch(/\/src\/series\/node\.test\.ts$/);
    const source = readFileSync(site?.file ?? '', 'utf8').split('\n');
    expect(source[(site?.line ?? 0) - 1]).toContain('=> series.ago(k);');
    expect(poison?.stack?.split('\n')[1]).toContain('node.test.ts');
  });

  test('each poisoned node has its own error', () => {
    const [first, second] = [close.ago(-1), close.ago(-1)];
    expect(first.node.poison).not.toBe(second.node.poison);
  });

  test('of several errors the first is kept', () => {
    expect(close.ago(-3).gt(high.mean(0)).node.poison?.message).toContain('ago(-3)');
  });

  test('change looks back, and only back', () => {
    expect(close.change(-1).node.poison).toBeInstanceOf(LookAheadError);
  });
});

describe('calls that make no sense are refused when the strategy loads', () => {
  const untyped = (value: unknown): never => value as never;
  test.each([
    ['a window of nothing', () => close.mean(0), 'mean(0) is no window'],
    ['a window of half a candle', () => close.highest(2.5), 'highest(2.5) is no window'],
    ['a window of no number', () => close.rsi(Number.NaN), 'rsi(NaN) is no window'],
    ['a lag that no memory holds', () => close.ago(1e9), 'ago(1000000000) reaches back over 1000000 candles'],
    ['a window that no memory holds', () => close.sum(1e9), 'sum(1000000000) is no window'],
    ['the rank of one value', () => close.rank(1), 'rank(1) is no window'],
    ['a count of nothing', () => close.gt(open).count(0), 'count(0) is no window'],
    ['an adx of nothing', () => ownMarket.adx(0), 'adx(0) is no window'],
    ['a missing name', () => close.gt(untyped(undefined)), 'gt takes a series or a number, not undefined'],
    [
      'a condition as a number',
      () => close.plus(untyped(close.gt(open))),
      'plus takes a series or a number, not a condition',
    ],
    ['a series as a condition', () => close.gt(open).and(untyped(close)), 'and takes conditions, not a series'],
    ['no number', () => close.gt(Number.NaN), 'NaN is not a finite number'],
    ['an unknown bet', () => close.gt(open).as(untyped('revrsal')), "as('revrsal') is no bet"],
    ['an unknown interval', () => every(untyped('4hours')).close, "every('4hours') is no interval"],
    ['a coin without a name', () => of('').close, 'of("") names no coin'],
  ])('%s', (_, build, message) => {
    const { poison } = build().node;
    expect(poison).toBeInstanceOf(StrategyError);
    expect(poison?.message).toBe(message);
    expect(poison?.hint).not.toBe('');
    expect(callSiteOf(poison as Error)?.file).toMatch(/node\.test\.ts$/);
  });

  test('an unknown interval is met with the nearest ones', () => {
    expect(every(untyped('4hr')).close.node.poison?.hint).toContain('4h');
  });
});

test('a series and its market can be taken apart', () => {
  const { bollinger, macd } = every('1h');
  expect(bollinger(20, 2).upper).toBeInstanceOf(Series);
  expect(macd(12, 26, 9).histogram).toBeInstanceOf(Series);
});

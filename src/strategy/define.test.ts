import { describe, expect, test } from 'vitest';
import { CandorError, LookAheadError, StrategyError, UsageError } from '../domain/errors.ts';
import type { Market } from '../series/market.ts';
import type { Series } from '../series/series.ts';
import { conditionsOf, defineStrategy, isStrategy, scaleToInterval, settleOf } from './define.ts';
import { choice, int, real } from './params.ts';

const rising = ({ close }: Market) => ({ rising: close.gt(close.ago(1)) });

function refusal(run: () => unknown): CandorError {
  try {
    run();
  } catch (error) {
    if (error instanceof CandorError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a strategy', () => {
  const strategy = defineStrategy({
    name: 'demo',
    thesis: 'continuation',
    summary: 'Breaks out while another coin rises.',
    params: {
      lookback: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 40, step: 10 } }),
      average: choice(['ema', 'mean'], { default: 'mean' }),
    },
    long: ({ close, high, of }, { lookback, average }) => ({
      breakout: close.gt(high.ago(1).highest(lookback)),
      leader: of('ETH').close.gt(of('ETH').close[average](lookback)).as('filter'),
    }),
    exitLong: ({ close, every }, { lookback }) => ({ slow: close.lt(every('4h').close.mean(lookback)) }),
  });

  test('is built from params, with defaults for those left out', () => {
    const built = strategy.build({ lookback: 30 });
    expect(built.params).toEqual({ lookback: 30, average: 'mean' });
    expect(conditionsOf(built).map(({ side, name, bet }) => [side, name, bet])).toEqual([
      ['long', 'breakout', 'continuation'],
      ['long', 'leader', 'filter'],
      // An exit ends a bet and makes none.
      ['exitLong', 'slow', 'filter'],
    ]);
    expect(built.sides.short).toBeUndefined();
    expect(built.coins).toEqual(['ETH']);
  });

  test('built twice is the same graph, node for node', () => {
    const [first, second] = [strategy.build(), strategy.build()];
    expect(conditionsOf(second).map(({ condition }) => condition.node)).toEqual(
      conditionsOf(first).map(({ condition }) => condition.node),
    );
    expect(conditionsOf(second)[0]?.condition.node).toBe(conditionsOf(first)[0]?.condition.node);
  });

  test('settles with its slowest condition, whatever the side', () => {
    // 20 candles of 4h are 80 of 1h, and the data may begin just after one of them opened.
    expect(settleOf(strategy.build(), '1h')).toBeGreaterThanOrEqual(80);
    expect(settleOf(strategy.build(), '1h')).toBeLessThanOrEqual(84);
    expect(settleOf(strategy.build(), '4h')).toBe(20);
  });

  test('keeps its clock time on a finer interval', () => {
    expect(scaleToInterval(strategy, { lookback: 40 }, 2)).toEqual({ lookback: 80, average: 'mean' });
    const scaled = strategy.build(scaleToInterval(strategy, {}, 60));
    expect(scaled.params['lookback']).toBe(1200);
  });

  test('cannot be changed after it was defined', () => {
    expect(Object.isFrozen(strategy)).toBe(true);
    expect(Object.isFrozen(strategy.params)).toBe(true);
    expect(isStrategy(strategy)).toBe(true);
    expect(isStrategy({ ...strategy })).toBe(false);
  });

  test('refuses params that it does not have or that are out of range', () => {
    expect(refusal(() => strategy.build({ lokback: 3 }))).toMatchObject({ hint: 'Did you mean lookback?' });
    expect(() => strategy.build({ lookback: 0 })).toThrow(UsageError);
    expect(() => strategy.build({ average: 'median' })).toThrow('one of ema, mean, not "median"');
  });
});

describe('a definition that cannot be traded is refused', () => {
  test('without long and short', () => {
    const error = refusal(() =>
      defineStrategy({ name: 'idle', thesis: 'reversal', summary: '', params: {}, exitLong: rising }),
    );
    expect(error).toBeInstanceOf(StrategyError);
    expect(error.message).toBe("'idle' has neither long nor short, so it would never trade");
  });

  test('with a part that is misspelt: an exit that nobody reads would cost money', () => {
    const misspelt = { exitlong: rising };
    const error = refusal(() =>
      defineStrategy({ name: 'demo', thesis: 'reversal', summary: '', params: {}, long: rising, ...misspelt }),
    );
    expect(error).toMatchObject({
      message: "'demo' has an unknown part 'exitlong'",
      hint: expect.stringContaining('exitLong'),
    });
  });

  test('with a name that is no file name', () => {
    expect(() =>
      defineStrategy({ name: 'My Idea', thesis: 'reversal', summary: '', params: {}, long: rising }),
    ).toThrow("'My Idea' is no name");
  });

  test('with an empty record: it would be true at every candle', () => {
    const strategy = defineStrategy({ name: 'empty', thesis: 'reversal', summary: '', params: {}, long: () => ({}) });
    expect(() => strategy.build()).toThrow("long of 'empty' has no conditions");
  });

  test('with a side that throws, with the place and the params', () => {
    const strategy = defineStrategy({
      name: 'broken',
      thesis: 'reversal',
      summary: '',
      params: { level: real({ default: 3 }) },
      short: () => {
        throw new TypeError('cannot read the market');
      },
    });
    const error = refusal(() => strategy.build());
    expect(error.message).toMatch(/define\.test\.ts:\d+: short of 'broken' throws: cannot read the market$/);
    expect(error.details).toEqual(['params: level = 3']);
  });
});

describe('bets', () => {
  const define = (thesis: 'continuation' | 'reversal', bet: 'continuation' | 'reversal' | 'filter') =>
    defineStrategy({
      name: 'bets',
      thesis,
      summary: '',
      params: {},
      long: rising,
      short: ({ close }) => ({ falling: close.lt(close.ago(1)).as(bet) }),
    });

  test('that contradict each other are refused with both names', () => {
    const error = refusal(() => define('continuation', 'reversal').build());
    expect(error.message).toBe(
      "'bets' mixes bets: 'rising' (long) bets on continuation, 'falling' (short) on reversal",
    );
    expect(error.hint).toContain(".as('filter')");
  });

  test('that agree, and filters beside them, are fine', () => {
    expect(() => define('continuation', 'continuation').build()).not.toThrow();
    expect(() => define('reversal', 'filter').build()).not.toThrow();
  });

  test('that all contradict the thesis are refused too', () => {
    const strategy = defineStrategy({
      name: 'bets',
      thesis: 'continuation',
      summary: '',
      params: {},
      long: ({ close }) => ({ low: close.lt(10).as('reversal') }),
    });
    expect(() => strategy.build()).toThrow("its thesis is continuation, 'low' (long) on reversal");
  });

  test('an exit may use what it likes', () => {
    const strategy = defineStrategy({
      name: 'exits',
      thesis: 'continuation',
      summary: '',
      params: {},
      long: rising,
      exitLong: ({ close }) => ({ tooFar: close.rsi(7).gt(80).as('reversal') }),
    });
    expect(strategy.build().sides.exitLong?.[0]?.bet).toBe('reversal');
  });
});

describe('an expression that cannot be computed is refused at each build', () => {
  const shifted = (series: Series, by: number) => series.ago(by - 30);
  const strategy = defineStrategy({
    name: 'peeks',
    thesis: 'continuation',
    summary: '',
    params: { lookback: int({ unit: 'candles', default: 40 }) },
    long: ({ close }, { lookback }) => ({ later: shifted(close, lookback).gt(close) }),
  });

  test('where it looks ahead, with file, line, condition and params', () => {
    expect(() => strategy.build({ lookback: 30 })).not.toThrow();
    const error = refusal(() => strategy.build({ lookback: 20 }));
    expect(error).toBeInstanceOf(LookAheadError);
    expect(error.message).toMatch(
      /src\/strategy\/define\.test\.ts:\d+: condition 'later' \(long\) of 'peeks': ago\(-10\) reads a candle/,
    );
    expect(error.details).toEqual(['params: lookback = 20']);
  });

  test('where a window is none', () => {
    const windowless = defineStrategy({
      name: 'windowless',
      thesis: 'reversal',
      summary: '',
      params: {},
      long: ({ close }) => ({ above: close.gt(close.mean(2.5)) }),
    });
    const error = refusal(() => windowless.build());
    expect(error).toBeInstanceOf(StrategyError);
    expect(error.message).toContain("condition 'above' (long) of 'windowless': mean(2.5)");
  });
});

describe('types: what the compiler refuses is refused again where it did not run', () => {
  const common = { name: 'typed', thesis: 'continuation', summary: '', params: { n: int({ default: 3 }) } } as const;

  test('an unknown param', () => {
    const strategy = defineStrategy({
      ...common,
      // @ts-expect-error There is no param `m`.
      long: ({ close }, { m }) => ({ above: close.gt(m) }),
    });
    expect(() => strategy.build()).toThrow('gt takes a series or a number, not undefined');
  });

  test('a wrong thesis', () => {
    // @ts-expect-error A thesis is continuation or reversal.
    expect(() => defineStrategy({ ...common, thesis: 'momentum', long: rising })).toThrow("has the thesis 'momentum'");
  });

  test('a series where a condition belongs', () => {
    // @ts-expect-error A series is a number for each candle, not true or false.
    const strategy = defineStrategy({ ...common, long: ({ close }) => ({ close }) });
    const error = refusal(() => strategy.build());
    expect(error.message).toBe("condition 'close' (long) of 'typed' is no condition, but a series of numbers");
    expect(error.hint).toContain('close.gt(open)');
  });

  test('an interval that does not exist', () => {
    const strategy = defineStrategy({
      ...common,
      // @ts-expect-error There are no candles of 7h.
      long: ({ close, every }) => ({ above: close.gt(every('7h').close) }),
    });
    expect(() => strategy.build()).toThrow("every('7h')");
  });

  test('an option of a choice that does not exist', () => {
    const chosen = defineStrategy({
      ...common,
      params: { average: choice(['ema', 'mean'], { default: 'ema' }) },
      // @ts-expect-error The average is never 'median'.
      long: ({ close }, { average }) => ({ above: close.gt(average === 'median' ? 1 : 2) }),
    });
    expect(chosen.build().params).toEqual({ average: 'ema' });
  });

  test('a bet that does not exist', () => {
    // @ts-expect-error A condition bets on continuation, reversal, or is a filter.
    const strategy = defineStrategy({ ...common, long: ({ close }) => ({ up: close.gt(1).as('trend') }) });
    expect(() => strategy.build()).toThrow("as('trend') is no bet");
  });
});

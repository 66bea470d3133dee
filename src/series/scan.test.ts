import { describe, expect, test } from 'vitest';
import { closesToCandles, evaluate } from '../../test/series-data.ts';
import { StrategyError } from '../domain/errors.ts';
import { ownMarket } from './market.ts';

const { close, open, scan, every } = ownMarket;
const X = Number.NaN;

function runLength(state: { last: number; run: number }, { close: now }: { close: number }) {
  const run = now > state.last ? state.run + 1 : 0;
  return { state: { last: now, run }, value: run };
}

function threshold(state: number, inputs: { close: number }, { above }: { above: number }) {
  const next = inputs.close > above ? state + 1 : state;
  return { state: next, value: next };
}

const risingRun = () =>
  scan({ initial: { last: Number.POSITIVE_INFINITY, run: 0 }, inputs: { close }, step: runLength });

describe('scan', () => {
  test('carries its state from candle to candle, and begins anew after a gap', () => {
    const closes = [1, 2, 3, 2, 3, X, 4, 5];
    expect(evaluate(closesToCandles(closes), [risingRun()])[0]).toStrictEqual([0, 1, 2, 0, 1, X, 0, 1]);
    expect(evaluate(closesToCandles(closes), [risingRun()], { block: 3 })[0]).toStrictEqual([0, 1, 2, 0, 1, X, 0, 1]);
  });

  test('is an ordinary series', () => {
    expect(evaluate(closesToCandles([1, 2, 3, 4, 1]), [risingRun().gte(3)])[0]).toStrictEqual([0, 0, 0, 1, 0]);
  });

  test('is known by its step, its args and where it starts', () => {
    const build = (above: number, initial = 0) =>
      scan({ initial, inputs: { close }, step: threshold, args: { above } });
    expect(build(2).node).toBe(build(2).node);
    expect(build(3).node).not.toBe(build(2).node);
    expect(build(2, 1).node).not.toBe(build(2).node);
    const inline = () => scan({ initial: 0, inputs: { close }, step: (state: number) => ({ state, value: state }) });
    expect(inline().node).not.toBe(inline().node);
  });

  test('each evaluation starts from a copy of the initial state', () => {
    const step = (state: number[], { close: now }: { close: number }) => {
      state.push(now);
      return { state, value: state.length };
    };
    const series = scan({ initial: [] as number[], inputs: { close }, step });
    for (let time = 0; time < 2; time++) {
      expect(evaluate(closesToCandles([1, 1, 1]), [series])[0]).toStrictEqual([1, 2, 3]);
    }
  });

  test('is silent until it has settled, again after a gap', () => {
    const series = scan({ initial: 0, inputs: { close }, step: threshold, args: { above: 0 }, settle: 2 });
    expect(evaluate(closesToCandles([1, 1, 1, 1, X, 1, 1, 1]), [series])[0]).toStrictEqual([X, X, 3, 4, X, X, X, 3]);
  });

  test('reads slow series through their last closed candle', () => {
    const step = (state: number, { slow, fast }: { slow: number; fast: number }) => ({ state, value: fast - slow });
    const series = scan({ initial: 0, inputs: { slow: every('4h').close, fast: close }, step });
    expect(evaluate(closesToCandles([1, 2, 3, 4, 5]), [series])[0]).toStrictEqual([X, X, X, 0, 1]);
  });

  test('one that throws is a strategy error that says what, where and at which candle', () => {
    const careless = (_: null, { close: now }: { close: number }): { state: null; value: number } => {
      if (now === 3) throw new TypeError('three is too much');
      return { state: null, value: now };
    };
    const series = scan({ initial: null, inputs: { close }, step: careless });
    let error: unknown;
    try {
      evaluate(closesToCandles([1, 2, 3]), [series]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(StrategyError);
    expect((error as StrategyError).message).toBe(
      'scan careless failed at the candle of 2025-02-06T02:00Z: three is too much',
    );
    expect((error as StrategyError).details[0]).toMatch(/scan\.test\.ts:\d+$/);
    expect((error as StrategyError).cause).toBeInstanceOf(TypeError);
  });

  test('one that returns no number is told so', () => {
    const step = () => 7 as unknown as { state: number; value: number };
    expect(() => evaluate(closesToCandles([1]), [scan({ initial: 0, inputs: { close }, step })])).toThrow(
      'scan step failed at the candle of 2025-02-06T00:00Z: scan step returned no number as its value',
    );
  });

  test.each([
    ['no step', () => scan({ initial: 0, inputs: { close }, step: undefined as never }), 'scan has no step'],
    [
      'no inputs',
      () => scan({ initial: 0, inputs: {} as { x: never }, step: threshold as never }),
      'scan reads no series',
    ],
    [
      'an input that is no series',
      () => scan({ initial: 0, inputs: { close, hihg: undefined } as never, step: threshold, args: { above: 1 } }),
      'scan reads no series',
    ],
    [
      'a function as its state',
      () => scan({ initial: () => 0, inputs: { close }, step: (state) => ({ state, value: 1 }) }),
      'scan starts from what cannot be copied',
    ],
    [
      'half a candle to settle',
      () => scan({ initial: 0, inputs: { close }, step: threshold, args: { above: 1 }, settle: 0.5 }),
      'scan settles after 0.5 candles',
    ],
    [
      'a poisoned input',
      () => scan({ initial: 0, inputs: { close: open.ago(-1) }, step: threshold, args: { above: 1 } }),
      'ago(-1)',
    ],
  ])('with %s is refused when the strategy loads', (_, build, message) => {
    expect(build().node.poison?.message).toContain(message);
  });
});

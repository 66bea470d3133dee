import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitsToNumbers, closesToCandles, evaluate, walkCandles } from '../../test/series-data.ts';
import type { CandleColumns } from '../domain/candle.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import { Evaluation } from '../series/evaluation.ts';
import { type BuiltStrategy, defineStrategy, SIDE_NAMES } from './define.ts';
import { int } from './params.ts';
import type { SignalBits } from './signal-bits.ts';
import { signalBits, signalFlags } from './signals.ts';

const steps = defineStrategy({
  name: 'steps',
  thesis: 'continuation',
  summary: 'Two rises in a row, or two falls.',
  params: {},
  long: ({ close }) => ({ up: close.gt(close.ago(1)), upBefore: close.ago(1).gt(close.ago(2)) }),
  short: ({ close }) => ({ down: close.lt(close.ago(1)), downBefore: close.ago(1).lt(close.ago(2)) }),
  exitLong: ({ close }) => ({ down: close.lt(close.ago(1)) }),
  exitShort: ({ close }) => ({ up: close.gt(close.ago(1)) }),
});

function flagsOf(built: BuiltStrategy, closes: readonly number[], from = 0, to = closes.length): number[] {
  const candles = closesToCandles(closes);
  const evaluation = new Evaluation({ coin: 'BTC', interval: '1h' }, new Map([['BTC', { candles }]]));
  return Array.from(signalFlags(built, evaluation, from, to));
}

describe('signals', () => {
  test('as a story', () => {
    const { NaN: missing } = Number;
    const story: readonly (readonly [close: number, flags: number])[] = [
      [10, 0],
      [11, EXIT_SHORT], //           one rise: out of a short
      [12, EXIT_SHORT | LONG], //    two rises: in
      [12, 0], //                    nothing happens
      [11, EXIT_LONG],
      [10, EXIT_LONG | SHORT],
      [11, EXIT_SHORT],
      [missing, 0], //               a candle that does not exist says nothing,
      [13, 0], //                    nor does one that would need it
      [14, EXIT_SHORT],
      [15, EXIT_SHORT | LONG],
    ];
    const closes = story.map(([close]) => close);
    expect(flagsOf(steps.build(), closes)).toEqual(story.map(([, flags]) => flags));
  });

  test('a side that contradicts another is not resolved here: both flags are set', () => {
    const both = defineStrategy({
      name: 'both',
      thesis: 'reversal',
      summary: '',
      params: {},
      long: ({ close }) => ({ there: close.gt(0) }),
      short: ({ close }) => ({ there: close.gt(0) }),
    });
    expect(flagsOf(both.build(), [1, 1])).toEqual([LONG | SHORT, LONG | SHORT]);
  });

  test('live: one candle more at a time gives what the batch gave', () => {
    const closes = [10, 11, 12, 11, 10, 9, 10, 11, 12, 13];
    const candles = closesToCandles(closes);
    const evaluation = new Evaluation({ coin: 'BTC', interval: '1h' }, new Map([['BTC', { candles }]]));
    const built = steps.build();
    const live = closes.map((_, row) => signalFlags(built, evaluation, row, row + 1)[0]);
    expect(live).toEqual(flagsOf(built, closes));
  });

  test('property: any part of the rows equals the conditions, joined row by row', () => {
    const built = steps.build();
    const walks = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 140 });
    fc.assert(
      fc.property(walks, fc.nat(), fc.nat(), (closes, a, b) => {
        const [from, to] = [a % (closes.length + 1), b % (closes.length + 1)].sort((x, y) => x - y) as [number, number];
        const expected = closes.map(() => 0);
        for (const [i, side] of SIDE_NAMES.entries()) {
          const conditions = (built.sides[side] ?? []).map(({ condition }) => condition);
          const columns = evaluate(closesToCandles(closes), conditions);
          for (const row of expected.keys()) {
            if (columns.every((column) => column[row] === 1)) expected[row] = (expected[row] as number) + 2 ** i;
          }
        }
        expect(flagsOf(built, closes, from, to)).toEqual(expected.slice(from, to));
      }),
    );
  });
});

describe('signals of many strategies at once', () => {
  const momentum = defineStrategy({
    name: 'momentum',
    thesis: 'continuation',
    summary: 'Above, or below, the close of some candles ago, moving that way.',
    params: { back: int({ unit: 'candles', default: 2, sweep: { from: 2, to: 5, step: 1 } }) },
    long: ({ close }, { back }) => ({ above: close.gt(close.ago(back)), up: close.gt(close.ago(1)) }),
    short: ({ close }, { back }) => ({ below: close.lt(close.ago(back)), down: close.lt(close.ago(1)) }),
    exitLong: ({ close }) => ({ down: close.lt(close.ago(1)) }),
  });
  const walk = (length: number, seed: number) => walkCandles({ length, seed, gaps: 0.02 });
  const on = (candles: CandleColumns): Evaluation => new Evaluation(candles, new Map([['BTC', { candles }]]));

  test('property: each strategy says what its flags say, rows that are not reached say nothing', () => {
    const builds = [2, 3, 4].map((back) => momentum.build({ back })).concat(steps.build());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(300), (length, seed, part) => {
        const candles = walk(length, seed);
        const to = Math.min(part, length);
        const all = signalBits(builds, on(candles), to);
        for (const [i, built] of builds.entries()) {
          const flags = Array.from(signalFlags(built, on(candles), 0, to));
          for (const [flag, side] of SIDE_NAMES.entries()) {
            const bits = all[i]?.[side];
            const said = bits === undefined ? Array(length).fill(0) : bitsToNumbers(bits, length);
            expect(said).toEqual(Array.from({ length }, (_, row) => ((flags[row] ?? 0) >>> flag) & 1));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('the same set of conditions is the same array, whatever its names, order, side or strategy', () => {
    const turned = defineStrategy({
      name: 'turned',
      thesis: 'reversal',
      summary: '',
      params: {},
      long: ({ close }) => ({ falls: close.lt(close.ago(1)) }),
      short: ({ close }) => ({ rises: close.gt(close.ago(1)), stillUp: close.gt(close.ago(4)) }),
    });
    const evaluation = on(walk(100, 1));
    const builds = [momentum.build({ back: 4 }), momentum.build({ back: 5 }), turned.build()];
    const [four, five, other] = signalBits(builds, evaluation, 100) as [SignalBits, SignalBits, SignalBits];
    expect(other.short).toBe(four.long);
    expect(other.long).toBe(four.exitLong);
    expect(five.exitLong).toBe(four.exitLong);
    expect(five.long).not.toBe(four.long);
    expect(Object.keys(other)).toEqual(['long', 'short']);
    // Asked again, it is not computed again.
    expect(signalBits(builds, evaluation, 100)[0]?.long).toBe(four.long);
  });
});

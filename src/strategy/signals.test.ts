import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closesToCandles, evaluate } from '../../test/series-data.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import { Evaluation } from '../series/evaluation.ts';
import { type BuiltStrategy, defineStrategy, SIDE_NAMES } from './define.ts';
import { signalFlags } from './signals.ts';

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

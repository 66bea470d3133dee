import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sweepOf } from '../../test/sweeps.ts';
import type { Sweep } from '../domain/sweep.ts';
import { defineStrategy } from '../strategy/define.ts';
import { choice, int } from '../strategy/params.ts';
import { SweepPlan, withEveryParam } from './plan.ts';

const sized = (sets: number, cells: number, parts: Partial<Sweep> = {}): SweepPlan => {
  const [cell] = sweepOf().grid;
  return new SweepPlan(
    sweepOf({
      strategies: [{ name: 'one', params: { n: Array.from({ length: sets }, (_, i) => i) } }],
      grid: Array.from({ length: cells }, (_, i) => ({ at: { stop: `${i}` }, rules: cell?.rules ?? sweepOf().cell })),
      ...parts,
    }),
  );
};

describe('the order of a sweep', () => {
  it('is interval, coin, strategy, params, cell, the last moving fastest', () => {
    const plan = new SweepPlan(
      sweepOf({
        strategies: [
          { name: 'a', params: { x: [1, 2], y: ['u', 'v'] } },
          { name: 'b', params: {} },
        ],
        grid: sweepOf().grid.slice(0, 2),
      }),
    );
    const told = Array.from({ length: plan.count }, (_, i) => {
      const { block, params, cell } = plan.combinationAt(i);
      return `${block.interval} ${block.coins} ${block.name} ${Object.values(params).join('')} ${cell.at['stop']}`;
    });
    expect(told.slice(0, 12)).toEqual([
      '1h BTC a 1u 1 %',
      '1h BTC a 1u 2 %',
      '1h BTC a 1v 1 %',
      '1h BTC a 1v 2 %',
      '1h BTC a 2u 1 %',
      '1h BTC a 2u 2 %',
      '1h BTC a 2v 1 %',
      '1h BTC a 2v 2 %',
      '1h BTC b  1 %',
      '1h BTC b  2 %',
      '1h ETH a 1u 1 %',
      '1h ETH a 1u 2 %',
    ]);
    expect(told[20]).toBe('2h BTC a 1u 1 %');
    expect(new Set(told).size).toBe(40);
  });

  it('has all coins in one combination where they share an account', () => {
    const plan = sized(2, 2, { account: 'shared' });
    expect(plan.count).toBe(8);
    expect(plan.combinationAt(0).block.coins).toEqual(['BTC', 'ETH']);
  });

  it.each([-1, 0.5, 12, Number.NaN])('has no combination %s', (index) => {
    expect(() => sized(2, 3, { coins: ['BTC'] }).combinationAt(index)).toThrow(RangeError);
  });

  it('names every param in the order of the strategy, with the values that it proposes', () => {
    const strategy = defineStrategy({
      name: 'two',
      thesis: 'continuation',
      summary: 'For the test.',
      params: {
        length: int({ default: 5, sweep: { from: 2, to: 6, step: 2 }, min: 1 }),
        side: choice(['up', 'down'], { default: 'up' }),
        fixed: int({ default: 3 }),
      },
      long: ({ close, open }) => ({ up: close.gt(open) }),
    });
    const asked = (params: Sweep['strategies'][0]['params']): Sweep =>
      withEveryParam(sweepOf({ strategies: [{ name: 'two', params }] }), [strategy]);
    expect(asked({ fixed: [1, 2] }).strategies).toEqual([
      { name: 'two', params: { length: [2, 4, 6], side: ['up', 'down'], fixed: [1, 2] } },
    ]);
    expect(Object.keys(asked({ fixed: [1], length: [9] }).strategies[0]?.params ?? {})).toEqual([
      'length',
      'side',
      'fixed',
    ]);
    expect(() => asked({ lenght: [1] })).toThrow("'two' has no param 'lenght'");
    expect(() => asked({ length: [1, 0] })).toThrow('a whole number from 1 up');
    expect(() => asked({ side: ['left'] })).toThrow('one of up, down');
  });
});

describe('the chunks of a sweep', () => {
  const numbers = fc.record({ sets: fc.integer({ min: 1, max: 200 }), cells: fc.integer({ min: 1, max: 2_500 }) });

  it('are all of it, once, in order, and none is too large or goes over the edge of a block', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(100, 10_000, 525_600, 10_000_000), ({ sets, cells }, rows) => {
        const plan = sized(sets, cells);
        let next = 0;
        for (const { first, count } of plan.chunks(() => rows)) {
          expect(first).toBe(next);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(1_024);
          expect(plan.blockAt(first)).toBe(plan.blockAt(first + count - 1));
          // Whole sets, or a piece of one.
          expect(count % cells === 0 || count < cells).toBe(true);
          next = first + count;
        }
        expect(next).toBe(plan.count);
      }),
      { numRuns: 60 },
    );
  });

  it('hold fewer sets the more candles there are, for each set takes its bitmaps', () => {
    const setsAtOnce = (rows: number): number =>
      Math.max(
        ...sized(1_000, 1)
          .chunks(() => rows)
          .map(({ count }) => count),
      );
    const [short, year, long] = [2_160, 525_600, 10_000_000].map(setsAtOnce) as [number, number, number];
    expect(short).toBe(1_000);
    expect(year).toBeLessThan(short);
    expect(year).toBeGreaterThan(4);
    expect(long).toBeLessThan(year);
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { story } from '../../test/story.ts';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import type { Study } from '../domain/study.ts';
import { loadStrategy } from '../strategy/load.ts';
import { ablate } from './ablation.ts';
import { contenderOf } from './choice.ts';
import { type Elsewhere, elsewhereVariations, nowhereElse } from './elsewhere.ts';
import { bitsOfFlags, hasBit } from './fast/bits.ts';
import { MarketRoom } from './market-room.ts';
import { type Neighbour, neighboursOf } from './neighbours.ts';
import { probe } from './probes.ts';
import { runReference } from './reference.ts';
import { flagsOfBits } from './replay.ts';
import { coarserVariation, doubledCosts, oneLater, ownVariations } from './robustness.ts';
import { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';
import type { Cut, Variation, VariationKind } from './variation.ts';

let study: Study;
let data: StudyData;
let benchOf: (strategy: string, parts?: Partial<Study>, params?: object) => Promise<StrategyBench>;

const COSTS = { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 };

beforeAll(async () => {
  const sweep = sweepOf();
  const { work } = await sweepWork(sweep);
  data = work.data;
  study = { ...sweep, interval: '1h', confirm: [], strategies: [], controls: { draws: 10, seed: 1 } };
  benchOf = async (name, parts = {}, params = {}) =>
    new StrategyBench(
      new MarketRoom(data),
      { ...study, ...parts },
      COSTS,
      await loadStrategy(name, STRATEGIES),
      params as Record<string, unknown>,
    );
});

const cutOf = (bench: StrategyBench): Cut => contenderOf(bench.draw(bench.study.cell, bench.bits));
const named = (variations: readonly Variation[], kind: VariationKind, subject?: string): Cut => {
  const found = variations.find((one) => one.kind === kind && (subject ?? one.subject) === one.subject);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  const { trades, expectancyR } = found;
  return { trades, expectancyR };
};

describe('an entry one candle late', () => {
  const candles = (first: string, second: string): string => `
    time   open  high  low  close  signal
    10:00  500   500   500  500    ${first}
    11:00  500   505   495  500    ${second}
    12:00  510   512   505  510
    13:00  510   511   480  490
  `;

  test('fills at the open after the one that it would have met', () => {
    story(candles('long', '')).tells('long 1 @ 500 11:00 → 490 14:00 stop');
    story(candles('', 'long')).tells('long 1 @ 510 12:00 → 499.8 14:00 stop');
  });

  test('is what the reference engine does with the same signal said a candle later', () => {
    const { spec } = story(candles('long', '')).run();
    const later = spec.legs.map((leg) => ({
      ...leg,
      signals: flagsOfBits(oneLater(bitsOfFlags(leg.signals)), leg.candles.length),
    }));
    expect(runReference({ ...spec, legs: later }).trades).toEqual(story(candles('', 'long')).run().result.trades);
  });

  test('leaves exits where they are, and crosses the words of a bitmap', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 100 }), (said) => {
        const bits = new Uint32Array(Math.ceil(said.length / 32) + 1);
        said.forEach((is, row) => {
          if (is) bits[row >>> 5] = (bits[row >>> 5] as number) | (1 << (row & 31));
        });
        const { long, exitLong } = oneLater({ long: bits, exitLong: bits });
        expect(exitLong).toBe(bits);
        expect(hasBit(long as Uint32Array, 0)).toBe(false);
        said.forEach((is, row) => {
          expect(hasBit(long as Uint32Array, row + 1)).toBe(is);
        });
      }),
    );
  });
});

describe('costs doubled', () => {
  test('cost twice as much: a stop at 490 with slippage and fees, by hand', () => {
    const candles = `
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500
      12:00  480   481   470  475`;
    const costs = { takerFee: 0.001, makerFee: 0, slippageBps: 0 };
    story(candles, { costs }).tells('long 1 @ 500 11:00 → 480 12:00 stop | fees 0.98');
    story(candles, { costs: doubledCosts(costs) }).tells('long 1 @ 500 11:00 → 480 12:00 stop | fees 1.96');
  });
});

describe('variations on the candles of a study', () => {
  test('are those of a study with the other costs, or of one that never named the coin', async () => {
    const bench = await benchOf('breakout-volume');
    const variations = ownVariations(bench);
    const { room, loaded } = bench;
    const dear = new StrategyBench(room, bench.study, doubledCosts(COSTS), loaded, {});
    expect(named(variations, 'costs-doubled')).toEqual(cutOf(dear));
    expect(named(variations, 'without-coin', 'BTC')).toEqual(
      cutOf(await benchOf('breakout-volume', { coins: ['ETH'] })),
    );
    expect(named(variations, 'without-coin', 'ETH')).toEqual(
      cutOf(await benchOf('breakout-volume', { coins: ['BTC'] })),
    );
  });

  test('say so where there is but one coin', async () => {
    const variations = ownVariations(await benchOf('breakout-volume', { coins: ['ETH'] }));
    expect(variations.find(({ kind }) => kind === 'without-coin')).toMatchObject({
      absent: 'the study has one coin',
      expectancyR: Number.NaN,
    });
  });

  test('on candles twice as long are a study on those, with half as many everywhere', async () => {
    const coarse = await benchOf(
      'breakout-volume',
      { interval: '2h', cell: { ...study.cell, maxHold: 12 } },
      { lookback: 10 },
    );
    const { trades } = coarserVariation(await benchOf('breakout-volume'));
    const expected = cutOf(coarse);
    expect(expected.trades).toBeGreaterThan(10);
    expect(trades).toBe(expected.trades);
  });

  test('elsewhere are the same strategy on other candles, each coin with an account of its own', async () => {
    const bench = await benchOf('breakout-volume', { coins: ['BTC'] });
    const elsewhere: Elsewhere = { otherCoins: { coins: ['ETH', 'BTC'], data }, before: data };
    const variations = elsewhereVariations(bench, elsewhere);
    const [btc, eth] = [cutOf(bench), cutOf(await benchOf('breakout-volume', { coins: ['ETH'] }))];
    const both = named(variations, 'other-coins', '2');
    expect(both.trades).toBe(btc.trades + eth.trades);
    expect(both.expectancyR).toBeCloseTo(
      (btc.trades * btc.expectancyR + eth.trades * eth.expectancyR) / (btc.trades + eth.trades),
      12,
    );
    expect(named(variations, 'span-before')).toEqual(btc);
    expect(elsewhereVariations(bench, nowhereElse('nobody asked')).map(({ absent }) => absent)).toEqual([
      'nobody asked',
      'nobody asked',
    ]);
  });
});

describe('neighbours', () => {
  test('are every param a step up and down, and every pair, each a run of its own', async () => {
    const found = neighboursOf(await benchOf('breakout-volume')) as Neighbour[];
    expect(found.map(({ changed }) => changed)).toEqual([
      { lookback: 15 },
      { lookback: 25 },
      { surge: 1 },
      { surge: 2 },
      { lookback: 15, surge: 1 },
      { lookback: 15, surge: 2 },
      { lookback: 25, surge: 1 },
      { lookback: 25, surge: 2 },
    ]);
    for (const { changed, trades, expectancyR } of found) {
      expect({ trades, expectancyR }).toEqual(cutOf(await benchOf('breakout-volume', {}, changed)));
    }
  });

  test('that take longer to settle than there are candles are told, not run', async () => {
    const found = neighboursOf(await benchOf('breakout-volume', {}, { lookback: 2_000 })) as Neighbour[];
    expect(found[0]).toMatchObject({ trades: 0, absent: expect.stringMatching(/^it takes \d+ candles to settle/) });
  });
});

test('a condition is worth what the side makes with it, without it, and with it alone', async () => {
  const bench = await benchOf('breakout-volume');
  const [breakout, surge] = ablate(bench).filter(({ side }) => side === 'long');
  const longOnly = bench.bits.map(({ long }) => ({ long: long as Uint32Array }));
  expect(breakout?.whole).toEqual(contenderOf(bench.draw(study.cell, longOnly)));
  // Of two conditions, one without the other is the other alone.
  expect(breakout?.without).toEqual(surge?.alone);
  expect(surge?.without).toEqual(breakout?.alone);
  expect(breakout?.alone.trades).toBeGreaterThan(breakout?.whole.trades ?? Number.NaN);
});

test('nothing is found out twice differently', async () => {
  const once = probe(await benchOf('ema-cross'), nowhereElse('nobody asked'));
  expect(probe(await benchOf('ema-cross'), nowhereElse('nobody asked'))).toEqual(once);
});

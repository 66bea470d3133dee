import { describe, expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { blockLengthMs, bootstrapExpectancy } from './bootstrap.ts';

const trade = (entryTimeMs: number, rMultiple: number) => ({ entryTimeMs: epochMs(entryTimeMs), rMultiple });
const ninetyDays = { fromMs: 0, toMs: 90 * DAY_MS, blockMs: 3 * DAY_MS };

describe('calendar blocks', () => {
  test('are three days long, or whole days that hold the longest holding', () => {
    expect(blockLengthMs(0)).toBe(3 * DAY_MS);
    expect(blockLengthMs(48 * HOUR_MS)).toBe(3 * DAY_MS);
    expect(blockLengthMs(73 * HOUR_MS)).toBe(4 * DAY_MS);
  });

  test('start at midnight: a span that starts at noon touches one block more', () => {
    const noon = { ...ninetyDays, fromMs: 12 * HOUR_MS, toMs: 90.5 * DAY_MS };
    expect(bootstrapExpectancy([trade(noon.fromMs, 1)], noon, 0.05, new Prng(1), 10).blocks).toBe(31);
  });

  test('under twenty of them there are no bounds', () => {
    const bounds = bootstrapExpectancy([trade(0, 1)], { ...ninetyDays, toMs: 57 * DAY_MS }, 0.05, new Prng(1));
    expect(bounds).toMatchObject({ isAvailable: false, blocks: 19 });
    expect(bounds).toHaveProperty('reason', 'the span has 19 blocks of 3 days, and 20 are needed');
  });

  test('without trades there are none either', () => {
    expect(bootstrapExpectancy([], ninetyDays, 0.05, new Prng(1))).toHaveProperty('reason', 'there are no trades');
  });
});

test('the same seed gives the same bounds, and alike trades leave no doubt', () => {
  const trades = Array.from({ length: 60 }, (_, i) => trade(i * 1.5 * DAY_MS, i % 2 === 0 ? 2 : -1));
  const run = (): unknown => bootstrapExpectancy(trades, ninetyDays, 0.05, new Prng(9), 500);
  expect(run()).toEqual(run());
  const sure = bootstrapExpectancy(
    trades.map(({ entryTimeMs }) => trade(entryTimeMs, 0.5)),
    ninetyDays,
    0.05,
    new Prng(1),
  );
  expect(sure).toMatchObject({ lowerR: 0.5, upperR: 0.5 });
  expect(sure).toHaveProperty('standardErrorR', expect.closeTo(0, 12));
});

test('the standard error of independent trades is sd / √n', () => {
  const rng = new Prng(4);
  const trades = Array.from({ length: 900 }, (_, i) => trade((i * DAY_MS) / 10, rng.normal()));
  const bounds = bootstrapExpectancy(trades, ninetyDays, 0.05, new Prng(1));
  if (!bounds.isAvailable) throw new Error(bounds.reason);
  // Estimated from 30 blocks, it has a standard error of its own of 1 / √(2 · 30), 13 %.
  expect(Math.abs(bounds.standardErrorR * 30 - 1)).toBeLessThan(0.4);
});

/** Winners and losers of a fair 2 R game, three coins entering together and mostly sharing their fate. */
function clusteredTrades(clusters: number, rng: Prng) {
  return Array.from({ length: clusters }, () => {
    const entryTimeMs = Math.floor(rng.uniform() * 90 * 24) * HOUR_MS;
    const isCommonWin = rng.uniform() < 1 / 3;
    return Array.from({ length: 3 }, () => {
      const isWin = rng.uniform() < 0.7 ? isCommonWin : rng.uniform() < 1 / 3;
      return trade(entryTimeMs, isWin ? 2 : -1);
    });
  }).flat();
}

test('coverage: without edge, the lower bound of clustered trades is above zero in about one study of twenty', () => {
  const rng = new Prng(31);
  const studies = 600;
  let blockwise = 0;
  let tradeByTrade = 0;
  for (let study = 0; study < studies; study++) {
    const trades = clusteredTrades(33, rng);
    const bounds = bootstrapExpectancy(trades, ninetyDays, 0.05, rng, 400);
    if (bounds.isAvailable && bounds.lowerR > 0) blockwise++;
    // What the same bootstrap says when each trade has a block of its own: the way that rule 27 warns of.
    const apart = trades.map(({ rMultiple }, i) => trade(i * 3 * DAY_MS, rMultiple));
    const naive = bootstrapExpectancy(apart, { ...ninetyDays, toMs: 297 * DAY_MS }, 0.05, rng, 400);
    if (naive.isAvailable && naive.lowerR > 0) tradeByTrade++;
  }
  const tolerance = 4 * Math.sqrt((0.05 * 0.95) / studies);
  expect(Math.abs(blockwise / studies - 0.05)).toBeLessThan(tolerance);
  expect(tradeByTrade).toBeGreaterThan(1.5 * blockwise);
});

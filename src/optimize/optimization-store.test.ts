import { describe, expect, test } from 'vitest';
import { fixedClock } from '../domain/clock.ts';
import { epochMs } from '../domain/units.ts';
import { memoryDatabase, NEW_YEAR_MS } from '../market/testing.ts';
import type { DecisionWord } from './decision.ts';
import { incumbentOf, legState, listChanges, rollBack, takePending } from './incumbent.ts';
import { beginSchedule, isDone, listOptimizations, storeOptimization } from './optimization-store.ts';
import type { OptimizationReport } from './optimize.ts';

const ON = { strategy: 'breakout-volume', interval: '1h' } as const;
const BTC = { ...ON, coin: 'BTC' };
const DUE = { job: 'monthly', strategy: ON.strategy, scheduledMs: epochMs(NEW_YEAR_MS) };
const TIMES = { schedule: '0 6 1 * *', timeZone: 'UTC' };

/** As much of a report as the store looks at. */
function reportOf(word: DecisionWord, params = { lookback: 30 }): OptimizationReport {
  return {
    job: 'monthly',
    strategy: { name: ON.strategy, fileSha256: 'f' },
    ...{ interval: '1h', coins: ['BTC', 'ETH'], data: { fingerprint: 'prints' } },
    decision: { word, story: `a story: ${word}` },
    chosen: { params },
  } as unknown as OptimizationReport;
}

const at = (day: number) => fixedClock(NEW_YEAR_MS + day * 86_400_000);

describe('what a run leaves behind', () => {
  test('is a row for each, the newest first, with all of its report', () => {
    const db = memoryDatabase();
    storeOptimization(db, reportOf('kept'), null, at(0));
    storeOptimization(db, reportOf('kept'), epochMs(NEW_YEAR_MS), at(31));
    expect(listOptimizations(db)).toEqual([
      { id: 2, decidedMs: at(31).nowMs(), scheduledMs: NEW_YEAR_MS, report: reportOf('kept') },
      { id: 1, decidedMs: NEW_YEAR_MS, scheduledMs: null, report: reportOf('kept') },
    ]);
    expect(listChanges(db)).toEqual([]);
  });

  test('reads as a story: swapped, stood down, still down, resumed, rolled back', () => {
    const db = memoryDatabase();
    const told: string[] = [];
    const tell = (what: string): void => {
      const { inForce, pending, mayEnter } = legState(db, BTC);
      const shown = (one: typeof inForce | null): string =>
        one === null ? '–' : `${JSON.stringify(one.params)}${one.isTrading ? '' : ' off'}`;
      told.push(`${what}: ${shown(inForce)}, pending ${shown(pending)}, ${mayEnter ? 'may enter' : 'no entry'}`);
    };
    tell('at first');
    storeOptimization(db, reportOf('swapped'), null, at(0));
    tell('swapped');
    takePending(db, BTC, at(1));
    tell('flat');
    storeOptimization(db, reportOf('stood down'), null, at(31));
    tell('stood down');
    storeOptimization(db, reportOf('stood down'), null, at(62));
    tell('still');
    takePending(db, BTC, at(63));
    storeOptimization(db, reportOf('resumed'), null, at(93));
    tell('resumed');
    takePending(db, BTC, at(94));
    rollBack(db, ON, at(95));
    tell('rolled back');
    expect(told).toEqual([
      'at first: null, pending –, may enter',
      'swapped: null, pending {"lookback":30}, may enter',
      'flat: {"lookback":30}, pending –, may enter',
      'stood down: {"lookback":30}, pending {"lookback":30} off, no entry',
      'still: {"lookback":30}, pending {"lookback":30} off, no entry',
      'resumed: {"lookback":30} off, pending {"lookback":30}, no entry',
      'rolled back: {"lookback":30}, pending null, may enter',
    ]);
    expect(listChanges(db).map(({ kind, optimization }) => [kind, optimization])).toEqual([
      ['rollback', null],
      ['resume', 4],
      ['stand-down', 2],
      ['swap', 1],
    ]);
  });

  test('reaches coins that came to the file after a swap', () => {
    const db = memoryDatabase();
    storeOptimization(db, reportOf('swapped'), null, at(0));
    storeOptimization(db, { ...reportOf('kept'), coins: ['BTC', 'SOL'] }, null, at(31));
    expect(legState(db, { ...ON, coin: 'SOL' }).pending).toMatchObject({ params: { lookback: 30 } });
  });

  test('is one run for each time of the schedule: the second is refused, and leaves nothing behind', () => {
    const db = memoryDatabase();
    expect(isDone(db, DUE)).toBe(false);
    storeOptimization(db, reportOf('kept'), DUE.scheduledMs, at(0));
    expect(isDone(db, DUE)).toBe(true);
    expect(isDone(db, { ...DUE, strategy: 'ema-cross' })).toBe(false);
    expect(() => storeOptimization(db, reportOf('swapped'), DUE.scheduledMs, at(1))).toThrow();
    expect(listOptimizations(db)).toHaveLength(1);
    expect(incumbentOf(db, ON).change).toBeNull();
  });
});

test('a schedule is kept since it was first heard of, and anew when it is another one', () => {
  const db = memoryDatabase();
  expect(beginSchedule(db, 'monthly', TIMES, at(0))).toBe(at(0).nowMs());
  expect(beginSchedule(db, 'monthly', TIMES, at(40))).toBe(at(0).nowMs());
  expect(beginSchedule(db, 'monthly', { ...TIMES, timeZone: 'Europe/Berlin' }, at(41))).toBe(at(41).nowMs());
  expect(beginSchedule(db, 'monthly', TIMES, at(42))).toBe(at(42).nowMs());
});

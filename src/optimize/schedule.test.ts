import { describe, expect, it } from 'vitest';
import type { Timer } from '../domain/clock.ts';
import { DAY_MS, formatTime, HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { keepSchedule } from './keep-schedule.ts';
import { Schedule } from './schedule.ts';

const at = (text: string): EpochMs => epochMs(Date.parse(`${text}Z`));
const monthly = (timeZone = 'UTC'): Schedule => new Schedule({ schedule: '0 6 1 * *', timeZone });

function timesAfter(schedule: Schedule, from: string, count: number): string[] {
  const times: string[] = [];
  let now = at(from);
  while (times.length < count) {
    const next = schedule.nextAfter(now);
    if (next === undefined) return [...times, 'never'];
    times.push(formatTime(next));
    now = next;
  }
  return times;
}

describe('a schedule', () => {
  it('comes on the first of each month', () => {
    expect(timesAfter(monthly(), '2026-11-30T12:00', 3)).toEqual([
      '2026-12-01T06:00Z',
      '2027-01-01T06:00Z',
      '2027-02-01T06:00Z',
    ]);
    expect(timesAfter(monthly(), '2026-12-01T05:59', 1)).toEqual(['2026-12-01T06:00Z']);
    expect(timesAfter(monthly(), '2026-12-01T06:00', 1)).toEqual(['2027-01-01T06:00Z']);
  });

  it('keeps to the clocks of its time zone, in summer and in winter', () => {
    expect(timesAfter(monthly('Europe/Berlin'), '2026-03-02T00:00', 2)).toEqual([
      '2026-04-01T04:00Z',
      '2026-05-01T04:00Z',
    ]);
    expect(timesAfter(monthly('Europe/Berlin'), '2026-10-02T00:00', 1)).toEqual(['2026-11-01T05:00Z']);
    expect(timesAfter(monthly('Asia/Kathmandu'), '2026-01-02T00:00', 1)).toEqual(['2026-02-01T00:15Z']);
    expect(timesAfter(monthly('Pacific/Kiritimati'), '2026-01-02T00:00', 1)).toEqual(['2026-01-31T16:00Z']);
  });

  it('leaves out no day on which clocks are set forward over its time, and takes none twice that are set back', () => {
    const nightly = new Schedule({ schedule: '30 2 * * *', timeZone: 'Europe/Berlin' });
    expect(timesAfter(nightly, '2026-03-28T00:00', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:30Z',
      '2026-03-30T00:30Z',
    ]);
    expect(timesAfter(nightly, '2026-10-24T12:00', 2)).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
  });

  it('knows leap days, and days that never come', () => {
    expect(timesAfter(new Schedule({ schedule: '0 0 29 2 *', timeZone: 'UTC' }), '2026-01-01T00:00', 1)).toEqual([
      '2028-02-29T00:00Z',
    ]);
    expect(timesAfter(new Schedule({ schedule: '*/20 6,18 * * 1', timeZone: 'UTC' }), '2026-12-01T00:00', 4)).toEqual([
      '2026-12-07T06:00Z',
      '2026-12-07T06:20Z',
      '2026-12-07T06:40Z',
      '2026-12-07T18:00Z',
    ]);
  });

  it('is due for the last time that came, however many did, and not for what came before it was kept', () => {
    const latest = (after: string, now: string): string | undefined => {
      const due = monthly().latest(at(after), at(now));
      return due === undefined ? undefined : formatTime(due);
    };
    expect(latest('2026-01-15T00:00', '2026-05-20T00:00')).toBe('2026-05-01T06:00Z');
    expect(latest('2026-01-15T00:00', '2026-02-01T06:00')).toBe('2026-02-01T06:00Z');
    expect(latest('2026-01-15T00:00', '2026-02-01T05:59')).toBeUndefined();
    expect(latest('2026-05-01T06:00', '2026-05-20T00:00')).toBeUndefined();
  });
});

/** A clock whose days pass in no time, and that can be set. */
class SimulatedTimer implements Timer {
  #nowMs: number;
  readonly #until: number;
  readonly #end: AbortController;
  readonly settings: { readonly atMs: number; readonly byMs: number }[] = [];
  #setMs = 0;

  constructor(from: string, until: string, end: AbortController) {
    this.#nowMs = at(from);
    this.#until = at(until);
    this.#end = end;
  }

  nowMs(): EpochMs {
    return epochMs(this.#nowMs + this.#setMs);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#nowMs += ms;
    const [next] = this.settings;
    if (next !== undefined && this.#nowMs >= next.atMs) {
      this.#setMs += next.byMs;
      this.settings.shift();
    }
    if (this.#nowMs >= this.#until) this.#end.abort();
    signal?.throwIfAborted();
  }
}

interface Kept {
  readonly from: string;
  readonly until: string;
  readonly since?: string;
  readonly failsUntil?: string;
  readonly settings?: readonly { readonly at: string; readonly byMs: number }[];
}

/** What a process that keeps the schedule does: when it worked, for which time, and what it said. */
async function diaryOf({ from, until, since = from, failsUntil, settings = [] }: Kept): Promise<string[]> {
  const end = new AbortController();
  const timer = new SimulatedTimer(from, until, end);
  for (const { at: when, byMs } of settings) timer.settings.push({ atMs: at(when), byMs });
  const done = new Set<number>();
  const diary: string[] = [];
  let working = 0;
  await keepSchedule({
    schedule: monthly(),
    sinceMs: at(since),
    timer,
    signal: end.signal,
    isDone: (dueMs) => done.has(dueMs),
    work: async (dueMs) => {
      expect(++working).toBe(1);
      const nowMs = timer.nowMs();
      await timer.sleep(7 * MINUTE_MS);
      working--;
      if (failsUntil !== undefined && nowMs < at(failsUntil)) throw new Error('no candles');
      done.add(dueMs);
      diary.push(`${formatTime(nowMs)} for ${formatTime(dueMs)}`);
    },
    onWait: () => {},
    onFailure: (error, _, retryMs) => diary.push(`${(error as Error).message}, again in ${retryMs / MINUTE_MS} min`),
  });
  return diary;
}

describe('keeping a schedule', () => {
  it('works once for each time', async () => {
    expect(await diaryOf({ from: '2026-01-15T00:00', until: '2026-04-15T00:00' })).toEqual([
      '2026-02-01T06:00Z for 2026-02-01T06:00Z',
      '2026-03-01T06:00Z for 2026-03-01T06:00Z',
      '2026-04-01T06:00Z for 2026-04-01T06:00Z',
    ]);
  });

  it('makes up what was missed, and only the last of it', async () => {
    const kept = { from: '2026-05-20T00:00', until: '2026-05-21T00:00', since: '2026-01-15T00:00' };
    expect(await diaryOf(kept)).toEqual(['2026-05-20T00:00Z for 2026-05-01T06:00Z']);
  });

  it('does not take for missed what was due before it was ever kept', async () => {
    expect(await diaryOf({ from: '2026-05-20T00:00', until: '2026-05-21T00:00' })).toEqual([]);
  });

  it('tries again what failed, at a growing distance', async () => {
    const kept = { from: '2026-01-31T00:00', until: '2026-02-02T00:00', failsUntil: '2026-02-01T08:00' };
    const diary = await diaryOf(kept);
    expect(diary.slice(0, -1)).toEqual(
      [1, 2, 4, 8, 16, 32, 60].map((minutes) => `no candles, again in ${minutes} min`),
    );
    expect(diary.at(-1)).toMatch(/^2026-02-01T08:52Z for 2026-02-01T06:00Z$/);
  });

  it('does not work twice where the clock is set back, nor miss anything where it is set forward', async () => {
    const back = { from: '2026-01-31T00:00', until: '2026-02-03T00:00' };
    const setBack = await diaryOf({ ...back, settings: [{ at: '2026-02-01T06:30', byMs: -DAY_MS }] });
    expect(setBack).toEqual(['2026-02-01T06:00Z for 2026-02-01T06:00Z']);
    const setForward = await diaryOf({ ...back, settings: [{ at: '2026-02-01T05:00', byMs: 2 * HOUR_MS }] });
    expect(setForward).toEqual(['2026-02-01T07:00Z for 2026-02-01T06:00Z']);
  });

  it('ends when it is told to while it waits', async () => {
    const end = new AbortController();
    const waits: (EpochMs | undefined)[] = [];
    await keepSchedule({
      schedule: monthly(),
      sinceMs: at('2026-01-01T00:00'),
      timer: {
        nowMs: () => at('2026-01-15T00:00'),
        sleep: (_, signal) => {
          end.abort();
          return Promise.reject(signal?.reason);
        },
      },
      signal: end.signal,
      isDone: () => true,
      work: () => expect.fail('there was nothing to do'),
      onWait: (next) => waits.push(next),
      onFailure: () => expect.fail('nothing failed'),
    });
    expect(waits).toEqual([at('2026-02-01T06:00')]);
  });
});

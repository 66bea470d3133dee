import { createTask, parse } from 'node-cron';
import type { ScheduleTimes } from '../domain/optimizer.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';

/** A schedule that comes on 29 February alone comes within so many days. */
const LONGEST_WAIT_DAYS = 3_000;

/**
 * When a cron expression is due, in a time zone, for whatever clock asks. node-cron reads the expression and knows its
 * days; its own timers wait by the clock of the machine alone, and know nothing of what was due before they began.
 *
 * Clocks that are set forward skip some times of the day: what was due in them is due as long after midnight as on
 * other days. Of times that come twice, the first counts.
 */
export class Schedule {
  readonly #offsets: Intl.DateTimeFormat;
  readonly #isDay: (date: Date) => boolean;
  /** Milliseconds after midnight, in order. */
  readonly #times: readonly number[];

  /** @param times were checked when the config was read */
  constructor({ schedule, timeZone }: ScheduleTimes) {
    const [, , day, month, weekday] = schedule.trim().split(/\s+/);
    const midnights = createTask(`0 0 ${day} ${month} ${weekday}`, () => {}, { timezone: 'UTC' });
    const { hour, minute } = parse(schedule);
    this.#isDay = (date) => midnights.match(date);
    this.#times = hour
      .flatMap((hours) => minute.map((minutes) => hours * HOUR_MS + minutes * MINUTE_MS))
      .sort((a, b) => a - b);
    this.#offsets = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** The first time after an instant; undefined for a day that never comes, like 31 February. */
  nextAfter(timeMs: EpochMs): EpochMs | undefined {
    const firstDay = this.#localDay(timeMs) - DAY_MS;
    for (let day = firstDay; day < firstDay + LONGEST_WAIT_DAYS * DAY_MS; day += DAY_MS) {
      const found = this.#instantsOn(day).find((instant) => instant > timeMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The last time after `afterMs` and up to `nowMs`: what is due, however many were missed before it. */
  latest(afterMs: EpochMs, nowMs: EpochMs): EpochMs | undefined {
    const lastDay = this.#localDay(afterMs) - DAY_MS;
    for (let day = this.#localDay(nowMs) + DAY_MS; day >= lastDay; day -= DAY_MS) {
      const found = this.#instantsOn(day).findLast((instant) => instant > afterMs && instant <= nowMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** @param day midnight of the time zone, written as if it were UTC */
  #instantsOn(day: number): EpochMs[] {
    if (!this.#isDay(new Date(day))) return [];
    return this.#times.map((time) => this.#instantOf(day + time)).sort((a, b) => a - b);
  }

  #localDay(timeMs: number): number {
    return Math.floor((timeMs + this.#offsetMs(timeMs)) / DAY_MS) * DAY_MS;
  }

  /** The instant at which clocks of the time zone show a time: by the offset of the day before, then by the new one. */
  #instantOf(localMs: number): EpochMs {
    const before = localMs - this.#offsetMs(localMs - DAY_MS);
    if (before + this.#offsetMs(before) === localMs) return epochMs(before);
    const after = localMs - this.#offsetMs(localMs + DAY_MS);
    return epochMs(after + this.#offsetMs(after) === localMs ? after : before);
  }

  /** What clocks of the time zone are ahead of UTC. */
  #offsetMs(timeMs: number): number {
    const parts = new Map(this.#offsets.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
    return shown - Math.floor(timeMs / 1_000) * 1_000;
  }
}

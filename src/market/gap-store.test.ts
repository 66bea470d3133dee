import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { writeCandles } from './candle-store.ts';
import { openDatabase } from './database.ts';
import { writeFunding } from './funding-store.ts';
import { type ExplainedGap, GAP_REASONS, type GapClaim, type GapReason, gapsOf, recordGaps } from './gap-store.ts';
import { listSeries, type SeriesSpan } from './series-store.ts';
import { candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;

function claim(from: number, to: number, reason: GapReason, origin = 'the exchange'): GapClaim {
  return { fromMs: at(from), toMs: at(to), reason, origin };
}

/** `1–3 venue-stop`, with `!` for what lies outside and `?` for what nobody has said anything of. */
function shown({ fromMs, toMs, missing, reason, origin, isOutside }: ExplainedGap): string {
  const hour = (timeMs: number): number => (timeMs - NEW_YEAR_MS) / HOUR_MS;
  expect(missing).toBe(hour(toMs) - hour(fromMs));
  return `${isOutside ? '!' : ''}${hour(fromMs)}–${hour(toMs)} ${reason}${origin === null ? '?' : ''}`;
}

describe('a claim', () => {
  test('explains a hole, or part of it; of the rest nobody knows why', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0]), TEST_DELIVERY);
    writeCandles(db, BTC, candlesAt([9]), TEST_DELIVERY);
    recordGaps(db, BTC, [claim(2, 5, 'venue-stop')]);
    const [series] = listSeries(db) as [SeriesSpan];
    expect(gapsOf(db, series).map(shown)).toEqual(['1–2 unknown?', '2–5 venue-stop', '5–9 unknown?']);
  });

  test('may reach before the first row, and then says nothing of the series itself', () => {
    const db = memoryDatabase();
    recordGaps(db, BTC, [claim(-9, -5, 'before-listing'), claim(-5, 0, 'not-served')]);
    writeCandles(db, BTC, candlesAt([0, 1]), TEST_DELIVERY);
    const [series] = listSeries(db) as [SeriesSpan];
    expect(gapsOf(db, series).map(shown)).toEqual(['!-9–-5 before-listing', '!-5–0 not-served']);
    // An older archive is imported after all.
    writeCandles(db, BTC, candlesAt([-7, -2]), TEST_DELIVERY);
    expect(gapsOf(db, series).map(shown)).toEqual([
      '!-9–-7 before-listing',
      '-6–-5 before-listing',
      '-5–-2 not-served',
      '-1–0 not-served',
    ]);
  });

  test('of times that have rows is not kept', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 1, 4]), TEST_DELIVERY);
    recordGaps(db, BTC, [claim(0, 6, 'venue-stop')]);
    const [series] = listSeries(db) as [SeriesSpan];
    expect(gapsOf(db, series).map(shown)).toEqual(['2–4 venue-stop', '!5–6 venue-stop']);
  });

  test('replaces an earlier one, but "unknown" replaces nothing', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 8]), TEST_DELIVERY);
    recordGaps(db, BTC, [claim(1, 8, 'not-served'), claim(3, 5, 'venue-stop'), claim(2, 7, 'unknown')]);
    const [series] = listSeries(db) as [SeriesSpan];
    expect(gapsOf(db, series).map(shown)).toEqual(['1–3 not-served', '3–5 venue-stop', '5–8 not-served']);
    recordGaps(db, BTC, [claim(5, 8, 'venue-stop')]);
    expect(gapsOf(db, series).map(shown)).toEqual(['1–3 not-served', '3–8 venue-stop']);
  });

  test('shrinks when rows arrive, and is gone when all have', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 6]), TEST_DELIVERY);
    recordGaps(db, BTC, [claim(1, 6, 'venue-stop')]);
    const [series] = listSeries(db) as [SeriesSpan];
    writeCandles(db, BTC, candlesAt([1, 3]), TEST_DELIVERY);
    expect(gapsOf(db, series).map(shown)).toEqual(['2–3 venue-stop', '4–6 venue-stop']);
    writeCandles(db, BTC, candlesAt([2, 4, 5]), TEST_DELIVERY);
    expect(gapsOf(db, series)).toEqual([]);
    expect(db.prepare('SELECT count(*) FROM gaps').pluck().get()).toBe(0);
  });

  test('of funding is kept likewise', () => {
    const db = memoryDatabase();
    const rows = [0, 1, 4].map((hour) => ({ timeMs: epochMs(at(hour) + 17), rate: 0.1 }));
    writeFunding(db, BTC, rows, TEST_DELIVERY);
    recordGaps(db, { ...BTC, kind: 'funding' }, [claim(-3, 0, 'before-listing'), claim(2, 3, 'venue-stop')]);
    const [series] = listSeries(db) as [SeriesSpan];
    expect(gapsOf(db, series).map(shown)).toEqual(['!-3–0 before-listing', '2–3 venue-stop', '3–4 unknown?']);
    writeFunding(db, BTC, [{ timeMs: epochMs(at(2)), rate: 0.1 }], TEST_DELIVERY);
    expect(gapsOf(db, series).map(shown)).toEqual(['!-3–0 before-listing', '3–4 unknown?']);
  });
});

describe('any order of rows and claims', () => {
  const rows = fc.uniqueArray(fc.nat(199), { minLength: 1, maxLength: 12 }).map((hours) => hours.sort((a, b) => a - b));
  const said = fc
    .record({ from: fc.nat(199), length: fc.integer({ min: 1, max: 120 }), reason: fc.constantFrom(...GAP_REASONS) })
    .map(({ from, length, reason }) => claim(from, from + length, reason));
  const steps = fc.array(
    fc.oneof(
      rows.map((hours) => ({ hours })),
      said.map((of) => ({ of })),
    ),
    { minLength: 1, maxLength: 10 },
  );

  test('leaves of each hour what was said last of it, where nothing is stored', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const db = openDatabase(':memory:');
        const stored = new Set<number>();
        const reasons = new Map<number, GapReason>();
        const say = (hour: number, reason: GapReason): void => {
          if (stored.has(hour) || (reason === 'unknown' && reasons.has(hour))) return;
          reasons.set(hour, reason);
        };
        for (const step of all) {
          if ('of' in step) {
            recordGaps(db, BTC, [step.of]);
            for (let t = step.of.fromMs; t < step.of.toMs; t += HOUR_MS) say((t - at(0)) / HOUR_MS, step.of.reason);
          } else {
            writeCandles(db, BTC, candlesAt(step.hours), { ...TEST_DELIVERY, origin: 'the exchange' });
            for (const hour of step.hours) {
              stored.add(hour);
              reasons.delete(hour);
            }
            for (let hour = step.hours[0] as number; hour < (step.hours.at(-1) as number); hour++) say(hour, 'unknown');
          }
        }
        const [series] = listSeries(db);
        if (series !== undefined) expect(hourly(gapsOf(db, series))).toEqual(expected(stored, reasons));
        const claims = db.prepare('SELECT from_ms, to_ms, reason FROM gaps ORDER BY from_ms').raw().all() as [
          number,
          number,
          string,
        ][];
        for (let i = 1; i < claims.length; i++) {
          const before = claims[i - 1] as (typeof claims)[number];
          const after = claims[i] as (typeof claims)[number];
          expect(after[0]).toBeGreaterThanOrEqual(before[1]);
          if (after[0] === before[1]) expect(after[2]).not.toBe(before[2]);
        }
        db.close();
      }),
      { numRuns: 150 },
    );
  });

  function hourly(gaps: readonly ExplainedGap[]): Map<number, string> {
    const hours = new Map<number, string>();
    for (const { fromMs, toMs, reason, origin, isOutside } of gaps) {
      for (let t = fromMs; t < toMs; t += HOUR_MS) {
        const hour = (t - at(0)) / HOUR_MS;
        expect(hours.has(hour)).toBe(false);
        hours.set(hour, `${reason} ${origin !== null} ${isOutside}`);
      }
    }
    return hours;
  }

  function expected(stored: ReadonlySet<number>, reasons: ReadonlyMap<number, GapReason>): Map<number, string> {
    const [first, last] = [Math.min(...stored), Math.max(...stored)];
    const hours = new Map<number, string>();
    for (let hour = 0; hour < 400; hour++) {
      const isOutside = hour < first || hour > last;
      const reason = reasons.get(hour);
      if (stored.has(hour) || (isOutside && reason === undefined)) continue;
      hours.set(hour, `${reason ?? 'unknown'} ${reason !== undefined} ${isOutside}`);
    }
    return hours;
  }
});

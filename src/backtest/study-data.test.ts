import { describe, expect, test } from 'vitest';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { Study } from '../domain/study.ts';
import { type Interval, intervalMs, parseTime } from '../domain/time.ts';
import type { EpochMs, MicroUsd } from '../domain/units.ts';
import { planSpan, type SeriesSpan, spanRequestOf } from './study-data.ts';

const study = (span: Study['span']): Study => ({
  name: 'test',
  coins: ['BTC', 'ETH'],
  interval: '1h',
  confirm: ['30m'],
  span,
  strategies: [],
  cell: {} as RiskRules,
  grid: [],
  controls: { draws: 100, seed: 1 },
  depositUsd: 0 as MicroUsd,
});

const series = (coin: string, interval: Interval, first: string, lastOpen: string): SeriesSpan => ({
  coin,
  interval,
  firstOpenMs: parseTime(first),
  lastCloseMs: (parseTime(lastOpen) + intervalMs(interval)) as EpochMs,
});

const spans = [
  series('BTC', '1h', '2025-01-01', '2025-07-26T03:00'),
  series('ETH', '1h', '2025-01-01', '2025-07-26T05:00'),
  series('BTC', '30m', '2025-01-01', '2025-07-26T04:30'),
  series('ETH', '30m', '2025-01-01', '2025-07-26T04:30'),
];
const settlings = [
  { interval: '1h', candles: 100 },
  { interval: '30m', candles: 200 },
] as const;

describe('the span of a study', () => {
  test('the newest days end where the shortest series ends, and warm-up precedes them', () => {
    const plan = planSpan(spanRequestOf(study({ days: 90 })), settlings, spans);
    expect(plan.toMs).toBe(parseTime('2025-07-26T04:00'));
    expect(plan.fromMs).toBe(parseTime('2025-04-27T04:00'));
    expect(plan.anchors.get('1h')).toBe(parseTime('2025-04-27T04:00') - 100 * intervalMs('1h'));
    expect(plan.anchors.get('30m')).toBe(parseTime('2025-04-27T04:00') - 200 * intervalMs('30m'));
    expect(plan.warnings).toEqual([]);
  });

  test('it starts later, and says so, where the indicators have not settled', () => {
    const plan = planSpan(spanRequestOf(study({ days: 365 })), settlings, spans);
    // 100 hours and 200 half hours after the first candle are the same instant.
    expect(plan.fromMs).toBe(parseTime('2025-01-05T04:00'));
    expect(plan.warnings).toEqual([
      'the study starts at 2025-01-05T04:00Z, 163 days later than asked for: ' +
        'before it the indicators have not settled',
    ]);
  });

  test('certain dates are kept, and a missing end is said', () => {
    const span = { fromMs: parseTime('2025-07-01'), toMs: parseTime('2025-08-01') };
    const plan = planSpan(spanRequestOf(study(span)), settlings, spans);
    expect(plan.fromMs).toBe(parseTime('2025-07-01'));
    expect(plan.toMs).toBe(parseTime('2025-07-26T04:00'));
    expect(plan.warnings).toEqual([
      'the study ends at 2025-07-26T04:00Z, earlier than asked for: there are no newer candles',
    ]);
  });

  test('with less than a day left it is refused, with what there is and what to do', () => {
    const span = { fromMs: parseTime('2024-01-01'), toMs: parseTime('2024-06-01') };
    let error: unknown;
    try {
      planSpan(spanRequestOf(study(span)), settlings, spans.slice(1, 3));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      message: "there are not enough candles for the study 'test'",
      details: [
        'wanted: 2024-01-01T00:00Z to 2024-06-01T00:00Z',
        'stored: ETH 1h, 2025-01-01T00:00Z to 2025-07-26T06:00Z',
        'stored: BTC 30m, 2025-01-01T00:00Z to 2025-07-26T05:00Z',
        '1h: the indicators take 100 candles to settle',
        '30m: the indicators take 200 candles to settle',
      ],
      hint: expect.stringContaining('Import candles of that time'),
    });
    const tooSlow = [{ interval: '1h', candles: 9_999 }] as const;
    expect(() => planSpan(spanRequestOf(study({ days: 9 })), tooSlow, spans)).toThrow('not enough');
  });

  test('that of a sweep on several intervals begins and ends where candles of all of them do', () => {
    const intervals = ['8h', '12h'] as const;
    const long = intervals.map((interval) => series('BTC', interval, '2025-01-01', '2025-07-26T00:00'));
    const wanted = { kind: 'sweep', name: 'test', span: { days: 30 }, intervals } as const;
    const plan = planSpan(
      wanted,
      [
        { interval: '8h', candles: 4 },
        { interval: '12h', candles: 3 },
      ],
      long,
    );
    expect(plan.toMs).toBe(parseTime('2025-07-26'));
    expect(plan.fromMs).toBe(parseTime('2025-06-26'));
    expect(plan.anchors.get('8h')).toBe(parseTime('2025-06-24T16:00'));
    expect(plan.anchors.get('12h')).toBe(parseTime('2025-06-24T12:00'));
  });
});

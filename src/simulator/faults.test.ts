import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../domain/time.ts';
import { type FaultPlan, Faults, type SocketFault } from './faults.ts';
import { MinuteMeter } from './limits.ts';
import { wrongShapeOf } from './wrong-shape.ts';

const PLAN: FaultPlan = { seed: 3, chances: { failure: 0.1, slow: 0.05, duplicated: 0.2 } };

function requestsUnder(plan: FaultPlan, count = 400): (string | undefined)[] {
  const faults = new Faults(plan);
  return Array.from({ length: count }, () => faults.forHttp('meta'));
}

describe('by plan', () => {
  test('a seed gives the same faults, about as often as planned, and each is counted', () => {
    expect(requestsUnder(PLAN)).toEqual(requestsUnder(PLAN));
    expect(requestsUnder(PLAN)).not.toEqual(requestsUnder({ ...PLAN, seed: 4 }));
    const failures = requestsUnder(PLAN).filter((kind) => kind === 'failure').length;
    expect(failures).toBeGreaterThan(20);
    expect(failures).toBeLessThan(65);
    const faults = new Faults(PLAN);
    const met = Array.from({ length: 100 }, () => faults.forMessage('candle')).filter((kind) => kind !== undefined);
    expect(faults.counts).toEqual({ duplicated: met.length });
  });

  test('too many requests come in bursts', () => {
    const faults = requestsUnder({ seed: 1, chances: { busy: 0.05 }, busyRequests: 4 });
    const bursts = faults
      .map((kind) => (kind === 'busy' ? 'x' : ' '))
      .join('')
      .trim()
      .split(/ +/);
    expect(bursts.length).toBeGreaterThan(3);
    expect(Math.min(...bursts.map(({ length }) => length))).toBe(4);
  });

  test('sockets are struck again and again, at the mean distance', () => {
    const faults = new Faults({ seed: 1, everyMs: { dropped: HOUR_MS, silent: 4 * HOUR_MS } });
    const struck: SocketFault[] = [];
    faults.attach({ strike: (kind) => void struck.push(kind) });
    for (
      let nowMs = faults.nextStrikeMs(0) as number;
      nowMs < 400 * HOUR_MS;
      nowMs = faults.nextStrikeMs(nowMs) as number
    ) {
      faults.strike(nowMs);
    }
    const drops = struck.filter((kind) => kind === 'dropped').length;
    expect(drops).toBeGreaterThan(320);
    expect(drops).toBeLessThan(480);
    expect(faults.counts).toEqual({ dropped: drops, silent: struck.length - drops });
  });

  test('none without a plan', () => {
    const faults = new Faults();
    expect([faults.forHttp('meta'), faults.forMessage('candle'), faults.nextStrikeMs(0)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('on demand: so many times, for what it was ordered for', () => {
  const faults = new Faults();
  faults.next('failure', 2, 'candleSnapshot');
  faults.next('late', 1, 'candle');
  expect(faults.forHttp('meta')).toBeUndefined();
  expect(faults.forMessage('activeAssetCtx')).toBeUndefined();
  expect([1, 2, 3].map(() => faults.forHttp('candleSnapshot'))).toEqual(['failure', 'failure', undefined]);
  expect([1, 2].map(() => faults.forMessage('candle'))).toEqual(['late', undefined]);
  expect(faults.counts).toEqual({ failure: 2, late: 1 });
});

describe('the wrong shape', () => {
  const answer = [
    { t: 1, o: '2.0' },
    { t: 2, o: '3.0' },
  ];

  test.each([
    ['a field is gone', [1, 0, 0], [{ t: 1, o: '2.0' }, { o: '3.0' }]],
    [
      'a text where a number was',
      [0, 0, 1],
      [
        { t: '1', o: '2.0' },
        { t: 2, o: '3.0' },
      ],
    ],
    [
      'a number where a text was',
      [0, 1, 1],
      [
        { t: 1, o: 2 },
        { t: 2, o: '3.0' },
      ],
    ],
  ])('%s', (_, picks, wrong) => {
    const left = [...picks];
    expect(wrongShapeOf(answer, () => left.shift() as number)).toEqual(wrong);
  });

  test('nothing is no list any more', () => {
    expect(wrongShapeOf([], () => 0)).toEqual({});
    expect(wrongShapeOf({}, () => 0)).toEqual([]);
    expect(wrongShapeOf(null, () => 0)).toBe('null');
  });
});

test('a meter forgets after a minute, address by address', () => {
  const meter = new MinuteMeter();
  meter.add('a', 0, 100);
  meter.add('a', 30_000, 20);
  meter.add('b', 30_000, 5);
  expect([meter.used('a', 59_999), meter.used('a', 60_000), meter.used('a', 90_000)]).toEqual([120, 20, 0]);
  expect(meter.used('b', 60_000)).toBe(5);
  expect(meter.used('c', 60_000)).toBe(0);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrawRecorder, drawTable, fanRows, quantiles } from './draws.ts';
import { METRICS, type Metrics } from './metrics.ts';

const metricsOfDraw = (draw: number): Metrics =>
  Object.fromEntries(METRICS.map((name, i) => [name, draw * 100 + i])) as Metrics;

function recorded(firstDraw: number, draws: number, rows: readonly number[]): DrawRecorder {
  const recorder = new DrawRecorder(firstDraw, draws, rows);
  for (let draw = firstDraw; draw < firstDraw + draws; draw++) {
    recorder.record(metricsOfDraw(draw), Float64Array.of(draw, 10 * draw, 100 * draw));
  }
  return recorder;
}

describe('a table of draws', () => {
  test('property: however the draws are cut into chunks, and in whatever order these come back, it is the same', () => {
    const whole = drawTable('rotation', [recorded(0, 21, [0, 2]).chunk()]);
    expect(whole.metrics.expectancyR[7]).toBe(702);
    expect([...whole.fan.p05, ...whole.fan.p50, ...whole.fan.p95]).toEqual([1, 100, 10, 1000, 19, 1900]);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 5 });
    fc.assert(
      fc.property(cuts, fc.nat(), (inside, turn) => {
        const ends = [...inside.toSorted((a, b) => a - b), 21];
        const chunks = ends.map((end, i) => recorded(ends[i - 1] ?? 0, end - (ends[i - 1] ?? 0), [0, 2]).chunk());
        const by = turn % chunks.length;
        expect(drawTable('rotation', [...chunks.slice(by), ...chunks.slice(0, by)])).toEqual(whole);
      }),
    );
  });

  test('a missing, a double or a broken chunk is refused', () => {
    const [first, second] = [recorded(0, 5, [0]).chunk(), recorded(5, 5, [0]).chunk()];
    expect(() => drawTable('coin-flip', [second])).toThrow('draw 0 is missing');
    expect(() => drawTable('coin-flip', [first, first, second])).toThrow('draw 5 is missing or there twice');
    const recorder = new DrawRecorder(0, 2, []);
    recorder.record(metricsOfDraw(0), new Float64Array());
    expect(() => recorder.chunk()).toThrow('1 of 2 draws');
    recorder.record(metricsOfDraw(1), new Float64Array());
    expect(() => recorder.record(metricsOfDraw(2), new Float64Array())).toThrow('more than the 2 draws');
  });

  test('no draws make an empty table', () => {
    expect(drawTable('rotation', [])).toMatchObject({ draws: 0, fan: { p50: new Float64Array() } });
  });
});

test('quantiles are of type 7 and leave out NaN', () => {
  expect(quantiles(Float64Array.of(4, Number.NaN, 1, 3, 2), [0, 0.05, 0.5, 1])).toEqual([1, 1.15, 2.5, 4]);
  expect(quantiles(Float64Array.of(Number.NaN), [0.5])).toEqual([Number.NaN]);
  expect(quantiles(Float64Array.of(-1, 10, 9), [0.5])).toEqual([9]);
});

test('property: quantiles are those of the sorted values', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double()), { maxLength: 80 });
  const shares = fc.array(fc.constantFrom(0, 0.05, 0.1, 0.5, 0.77, 0.95, 1), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(values, shares, (drawn, wanted) => {
      const sorted = Float64Array.from(drawn.filter((value) => !Number.isNaN(value))).sort();
      const ascending = wanted.toSorted((a, b) => a - b);
      const expected = ascending.map((share) => {
        const place = share * (sorted.length - 1);
        const below = sorted[Math.floor(place)] ?? Number.NaN;
        const above = sorted[Math.ceil(place)] ?? Number.NaN;
        return below + (above - below) * (place - Math.floor(place));
      });
      // A zero may come out with either sign.
      expect(quantiles(Float64Array.from(drawn), ascending).map((value) => value + 0)).toEqual(
        expected.map((value) => value + 0),
      );
    }),
  );
});

test('the fan is noted at rows spread over the run, the last included', () => {
  expect(fanRows(10, 5)).toEqual([1, 3, 5, 7, 9]);
  expect(fanRows(3, 5)).toEqual([0, 1, 2]);
  expect(fanRows(2160).at(-1)).toBe(2159);
  expect(fanRows(0)).toEqual([]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candlesOf, walkedCoin } from '../../test/simulated-exchange.ts';
import { type CandleColumns, columnsOf } from '../domain/candle.ts';
import { HOUR_MS, INTERVALS, type Interval, intervalMs, MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { resample } from '../market/resample.ts';
import { CoinTape, type EmptyRowRule, type Revision } from './coin-tape.ts';

const START_MS = Date.UTC(2025, 0, 1);

type Row = readonly [open: number, high: number, low: number, close: number, volume: number];
const HALT: Row = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN];

/** Minutes from the new year on. */
function minutes(...rows: readonly Row[]): CandleColumns {
  const candles = rows.map(([open, high, low, close, volume], i) => {
    return { openTimeMs: epochMs(START_MS + i * MINUTE_MS), open, high, low, close, volume };
  });
  return columnsOf('BTC', '1m', candles);
}

function tapeOf(
  columns: CandleColumns,
  emptyRows: EmptyRowRule = { afterMs: 5 * SECOND_MS },
  revisions: readonly Revision[] = [],
): CoinTape {
  return new CoinTape({ candles: [columns], emptyRows, revisions });
}

/** What is served of the interval at `minute:second` after the new year, as `open high low close volume trades`. */
function served(tape: CoinTape, interval: Interval, minute: number, second: number): string[] {
  const nowMs = START_MS + minute * MINUTE_MS + second * SECOND_MS;
  return tape
    .candles(interval, START_MS, nowMs, nowMs)
    .map(({ openTimeMs, open, high, low, close, volume, trades }) =>
      [(openTimeMs - START_MS) / MINUTE_MS, '|', open, high, low, close, volume, trades].join(' '),
    );
}

const RISING: Row = [100, 103, 99, 102, 8];
const FALLING: Row = [102, 104, 98, 99, 4];
const EMPTY: Row = [99, 99, 99, 99, 0];

describe('a candle comes about', () => {
  const tape = tapeOf(minutes(RISING, FALLING));

  test.each([
    ['nobody has traded yet', 0, 1, []],
    ['the open', 0, 2, ['0 | 100 100 100 100 2 1']],
    ['a rising one falls first', 0, 18, ['0 | 100 100 99 99 4 2']],
    ['then rises', 0, 36, ['0 | 100 103 99 103 6 3']],
    ['and closes', 0, 59, ['0 | 100 103 99 102 8 4']],
    ['the next is not there at the boundary', 1, 0, ['0 | 100 103 99 102 8 4']],
    ['a falling one rises first', 1, 18, ['0 | 100 103 99 102 8 4', '1 | 102 104 102 104 2 2']],
    ['at its end', 2, 0, ['0 | 100 103 99 102 8 4', '1 | 102 104 98 99 4 4']],
  ] as const)('%s', (_, minute, second, rows) => {
    expect(served(tape, '1m', minute, second)).toEqual(rows);
  });

  test('and every longer one with it', () => {
    expect(served(tape, '3m', 1, 18)).toEqual(['0 | 100 104 99 104 10 6']);
    expect(served(tape, '1h', 2, 0)).toEqual(['0 | 100 104 98 99 12 8']);
  });

  test('trades are what the volume grows by', () => {
    const trades = tape.trades(START_MS, START_MS + 2 * MINUTE_MS);
    expect(trades.map(({ timeMs, price, size }) => `${(timeMs - START_MS) / 1e3} s: ${size} at ${price}`)).toEqual([
      '1.2 s: 2 at 100',
      '18 s: 2 at 99',
      '36 s: 2 at 103',
      '58.2 s: 2 at 102',
      '61.2 s: 1 at 102',
      '78 s: 1 at 104',
      '96 s: 1 at 98',
      '118.2 s: 1 at 99',
    ]);
  });
});

describe('a minute without trades', () => {
  const rows = minutes(FALLING, EMPTY, RISING);
  const before = '0 | 102 104 98 99 4 4';
  const flat = '1 | 99 99 99 99 0 0';

  test('its flat row comes some seconds after its close', () => {
    const tape = tapeOf(rows, { afterMs: 5 * SECOND_MS });
    expect(served(tape, '1m', 1, 59)).toEqual([before]);
    expect(served(tape, '1m', 2, 1)).toEqual([before]);
    expect(served(tape, '1m', 2, 5)).toEqual([before, flat, '2 | 100 100 100 100 2 1']);
  });

  test('or with the next trade', () => {
    const tape = tapeOf(rows, 'with-next-trade');
    expect(served(tape, '1m', 2, 1)).toEqual([before]);
    expect(served(tape, '1m', 2, 2)).toEqual([before, flat, '2 | 100 100 100 100 2 1']);
    expect(tape.nextTradeMs(START_MS + MINUTE_MS)).toBe(START_MS + 2 * MINUTE_MS + 1_200);
  });

  test('leaves the last price standing', () => {
    expect(tapeOf(rows).lastPrice(START_MS + 90 * SECOND_MS)).toBe(99);
  });
});

test('a halt leaves no candle behind, and longer ones are joined of what there was', () => {
  const tape = tapeOf(minutes(RISING, HALT, FALLING));
  expect(served(tape, '1m', 3, 10)).toEqual(['0 | 100 103 99 102 8 4', '2 | 102 104 98 99 4 4']);
  expect(served(tape, '3m', 3, 0)).toEqual(['0 | 100 104 98 99 12 8']);
  expect([0, 1, 2].map((minute) => tape.isOpen(START_MS + minute * MINUTE_MS))).toEqual([true, false, true]);
  expect(tape.lastPrice(START_MS + MINUTE_MS)).toBe(102);
  expect(tape.lastPrice(START_MS - 1)).toBeUndefined();
});

test('a candle that is revised some seconds after its close', () => {
  const first = { close: 103, volume: 6, trades: 3 };
  const tape = tapeOf(minutes(RISING, FALLING, RISING), undefined, [
    { interval: '1m', openTimeMs: START_MS, afterMs: 30 * SECOND_MS, first },
  ]);
  expect(served(tape, '1m', 0, 59)).toEqual(['0 | 100 103 99 103 6 3']);
  expect(served(tape, '1m', 1, 0)).toEqual(['0 | 100 103 99 103 6 3']);
  expect(served(tape, '3m', 1, 0)).toEqual(['0 | 100 103 99 103 6 3']);
  expect(served(tape, '1m', 1, 30)[0]).toBe('0 | 100 103 99 102 8 4');
  expect(tape.final('1m', START_MS)?.close).toBe(102);
});

test('candles of an interval that are given are served as they are, and form of the finest', () => {
  const odd = columnsOf('BTC', '3m', [
    { openTimeMs: epochMs(START_MS), open: 100, high: 200, low: 50, close: 101, volume: 77 },
  ]);
  const tape = new CoinTape({
    candles: [odd, minutes(RISING, FALLING, RISING)],
    emptyRows: { afterMs: 0 },
    revisions: [],
  });
  expect(tape.interval).toBe('1m');
  expect(served(tape, '3m', 1, 0)).toEqual(['0 | 100 103 99 102 8 4']);
  expect(served(tape, '3m', 3, 0)).toEqual(['0 | 100 200 50 101 77 4']);
});

describe('longer candles', () => {
  const coin = walkedCoin('BTC', { startMs: START_MS, days: 2, seed: 7, emptyShare: 0.2 });
  const minutesOfTwoDays = candlesOf(coin)[0] as CandleColumns;

  test.each(INTERVALS.slice(1))('%s are what resampling makes of the minutes', (interval) => {
    const tape = tapeOf(minutesOfTwoDays);
    const expected = resample(minutesOfTwoDays, interval);
    for (let row = 0; row < expected.length; row++) {
      const openMs = expected.firstOpenMs + row * intervalMs(interval);
      expect(tape.final(interval, openMs)).toMatchObject({
        openTimeMs: openMs,
        open: expected.open[row],
        high: expected.high[row],
        low: expected.low[row],
        close: expected.close[row],
        volume: expected.volume[row],
      });
    }
  });

  test('at any moment only the last one is forming, and it never takes anything back', () => {
    const tape = tapeOf(minutesOfTwoDays);
    fc.assert(
      fc.property(
        fc.constantFrom<Interval>('1m', '5m', '1h', '4h'),
        fc.integer({ min: 1, max: 47 * HOUR_MS }),
        fc.integer({ min: 1, max: 20 * MINUTE_MS }),
        (interval, elapsedMs, moreMs) => {
          const nowMs = START_MS + elapsedMs;
          const now = tape.candles(interval, START_MS, nowMs, nowMs);
          const later = tape.candles(interval, START_MS, nowMs + moreMs, nowMs + moreMs);
          const forming = now.filter((candle) => candle.openTimeMs + intervalMs(interval) > nowMs);
          expect(forming).toEqual(forming.length === 0 ? [] : now.slice(-1));
          const closed = now.slice(0, now.length - forming.length);
          expect(later.filter(({ openTimeMs }) => closed.some((each) => each.openTimeMs === openTimeMs))).toEqual(
            closed,
          );
          for (const early of forming) {
            const grown = later.find(({ openTimeMs }) => openTimeMs === early.openTimeMs);
            expect(grown).toMatchObject({ open: early.open });
            expect([grown?.high, grown?.volume, grown?.trades].map(Number)).toSatisfy(([high, volume, trades]) => {
              return high >= early.high && volume >= early.volume && trades >= early.trades;
            });
            expect(grown?.low).toBeLessThanOrEqual(early.low);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of more candles than are asked for the newest are served, and those that overlap the start', () => {
    const tape = tapeOf(minutesOfTwoDays, { afterMs: 0 });
    const nowMs = START_MS + 3 * HOUR_MS;
    const opens = (fromMs: number, count?: number) =>
      tape.candles('1h', START_MS + fromMs, nowMs, nowMs, count).map((each) => (each.openTimeMs - START_MS) / HOUR_MS);
    expect(opens(0)).toEqual([0, 1, 2]);
    expect(opens(HOUR_MS - 1)).toEqual([0, 1, 2]);
    expect(opens(HOUR_MS)).toEqual([1, 2]);
    expect(opens(0, 2)).toEqual([1, 2]);
  });
});

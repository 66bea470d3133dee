import { describe, expect, test } from 'vitest';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { auditDatabase } from './audit.ts';
import { writeCandles } from './candle-store.ts';
import { writeFunding } from './funding-store.ts';
import { recordGaps } from './gap-store.ts';
import { importFile } from './import.ts';
import { candleAt, candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const at = (index: number): number => NEW_YEAR_MS + index * HOUR_MS;

describe('the audit of a series', () => {
  test('counts rows, gaps, silent candles and revisions', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, [...candlesAt([0, 1]), { ...candleAt(4), volume: 0 }, candleAt(5)], TEST_DELIVERY);
    writeCandles(db, BTC, [candleAt(0, 7)], TEST_DELIVERY);
    expect(auditDatabase(db)).toMatchObject({
      integrity: [],
      disagreements: [],
      series: [
        {
          coin: 'BTC',
          rows: 4,
          firstOpenMs: at(0),
          lastOpenMs: at(5),
          gaps: [{ fromMs: at(2), toMs: at(4), missing: 2, reason: 'unknown', origin: 'a test' }],
          missing: 2,
          zeroVolumeFraction: 0.25,
          impossible: [],
          revisions: 1,
        },
      ],
    });
  });

  test('finds candles that no market can have made, whoever wrote them', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 1, 2, 3]), TEST_DELIVERY);
    db.prepare('UPDATE candles SET h = 1 WHERE t = ?').run(at(1));
    db.prepare('UPDATE candles SET v = -1 WHERE t = ?').run(at(3));
    expect(auditDatabase(db).series[0]?.impossible).toEqual([at(1), at(3)]);
  });

  test('funding every hour or every eight hours is whole; other distances are holes', () => {
    const db = memoryDatabase();
    const rows = [0, 8, 16, 17, 18, 20, 21].map((hour) => ({ timeMs: epochMs(at(hour)), rate: 0.0001 }));
    writeFunding(db, { source: 'hyperliquid', coin: 'BTC' }, rows, TEST_DELIVERY);
    expect(auditDatabase(db).series).toMatchObject([
      { kind: 'funding', rows: 7, missing: 1, gaps: [{ fromMs: at(19) }] },
    ]);
  });
});

describe('the check of intervals against each other', () => {
  test('names the candle and the fields that differ from its parts', () => {
    const db = memoryDatabase();
    const halves = candlesAt([0, 1, 2, 3, 4, 5, 6, 7], 30 * MINUTE_MS);
    writeCandles(db, { ...BTC, interval: '30m' }, halves, TEST_DELIVERY);
    const hour = (i: number) => ({
      openTimeMs: epochMs(at(i)),
      open: 100 + 2 * i,
      high: 103 + 2 * i,
      low: 99 + 2 * i,
      close: 102 + 2 * i,
      volume: 21 + 4 * i,
    });
    writeCandles(db, BTC, [hour(0), { ...hour(1), high: 200, volume: 1 }, hour(2), hour(3), hour(4)], TEST_DELIVERY);
    expect(auditDatabase(db).disagreements).toEqual([
      {
        source: 'hyperliquid',
        coin: 'BTC',
        kind: 'trade',
        interval: '1h',
        partInterval: '30m',
        openTimeMs: at(1),
        fields: [
          { field: 'high', stored: 200, fromParts: 105 },
          { field: 'volume', stored: 1, fromParts: 25 },
        ],
      },
    ]);
  });

  test('another source of the coin is not compared', () => {
    const db = memoryDatabase();
    writeCandles(
      db,
      { ...BTC, source: 'binance-spot', interval: '30m' },
      candlesAt([0, 1], HOUR_MS / 2),
      TEST_DELIVERY,
    );
    writeCandles(db, BTC, candlesAt([0]), TEST_DELIVERY);
    expect(auditDatabase(db).disagreements).toEqual([]);
  });
});

describe('the check of mark prices', () => {
  const mark = { ...BTC, kind: 'mark' } as const;

  test('compares them among themselves, and never with trades', () => {
    const db = memoryDatabase();
    const quiet = (index: number, price: number, stepMs: number) => ({ ...candleAt(index, price, stepMs), volume: 0 });
    const halves = [quiet(0, 100, 30 * MINUTE_MS), quiet(1, 101, 30 * MINUTE_MS)];
    writeCandles(db, { ...mark, interval: '30m' }, halves, TEST_DELIVERY);
    writeCandles(db, mark, [{ ...quiet(0, 100, HOUR_MS), high: 103, low: 99, close: 105 }], TEST_DELIVERY);
    writeCandles(db, BTC, [candleAt(0, 777)], TEST_DELIVERY);
    expect(auditDatabase(db).disagreements).toEqual([
      {
        source: 'hyperliquid',
        coin: 'BTC',
        kind: 'mark',
        interval: '1h',
        partInterval: '30m',
        openTimeMs: at(0),
        fields: [{ field: 'close', stored: 105, fromParts: 102 }],
      },
    ]);
  });

  test('has no share of silent candles, since nobody trades at it', () => {
    const db = memoryDatabase();
    writeCandles(
      db,
      mark,
      [
        { ...candleAt(0), volume: 0 },
        { ...candleAt(3), volume: 0 },
      ],
      TEST_DELIVERY,
    );
    recordGaps(db, mark, [{ fromMs: at(-9), toMs: at(0), reason: 'not-served', origin: 'the stream begins here' }]);
    expect(auditDatabase(db).series).toMatchObject([
      { kind: 'mark', rows: 2, gapCount: 2, missing: 2, zeroVolumeFraction: null, impossible: [] },
    ]);
  });
});

describeWithSharedData('real candles', () => {
  test.each(['30m', '15m', '5m'])('the hour of 2025-04-20 10:00 disagrees with its own %s candles', async (part) => {
    const db = memoryDatabase();
    const coins = ['BTC', 'ETH', 'SOL'];
    for (const coin of coins) {
      for (const interval of [part, '1h']) {
        await importFile(db, sharedData(`candles/hyperliquid_${coin}_${interval}.csv.gz`));
      }
    }
    const found = auditDatabase(db).disagreements.filter(({ openTimeMs }) => openTimeMs === Date.UTC(2025, 3, 20, 10));
    expect(found).toMatchObject(coins.map((coin) => ({ coin, interval: '1h', partInterval: part })));
    for (const { fields } of found) expect(fields.map(({ field }) => field)).toEqual(['open', 'high', 'volume']);
  });

  test('the hour that disagrees with its own halves is found on all six coins', async () => {
    const db = memoryDatabase();
    const coins = ['BTC', 'ETH', 'SOL', 'HYPE', 'XRP', 'DOGE'];
    for (const coin of coins) {
      for (const interval of ['30m', '1h']) {
        await importFile(db, sharedData(`candles/hyperliquid_${coin}_${interval}.csv.gz`));
      }
    }
    const { disagreements, series } = auditDatabase(db);
    expect(series.every((each) => each.missing === 0)).toBe(true);
    const found = disagreements.map((each) => `${each.coin} ${new Date(each.openTimeMs).toISOString().slice(0, 13)}`);
    expect(found.filter((text) => text.endsWith('2025-04-20T10')).sort()).toEqual(
      coins.map((coin) => `${coin} 2025-04-20T10`).sort(),
    );
    // DOGE and SOL have one more such hour.
    expect(found.filter((text) => !text.endsWith('2025-04-20T10'))).toEqual([
      'DOGE 2025-06-08T10',
      'SOL 2025-06-08T10',
    ]);
  });

  test('funding: the three hours that the exchange left out', async () => {
    const db = memoryDatabase();
    await importFile(db, sharedData('funding/hyperliquid_BTC_funding.csv.gz'));
    const [series] = auditDatabase(db).series;
    expect(series).toMatchObject({ rows: 18_778, missing: 3 });
    expect(series?.gaps.map((gap) => new Date(gap.fromMs).toISOString().slice(0, 16))).toEqual([
      '2023-07-02T20:00',
      '2023-08-23T20:00',
      '2024-08-15T13:00',
    ]);
  });
});

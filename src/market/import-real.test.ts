import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { fixedClock } from '../domain/clock.ts';
import { MINUTE_MS } from '../domain/time.ts';
import { loadCandles } from './candle-store.ts';
import { gapsOf } from './gap-store.ts';
import { importFile } from './import.ts';
import { loadInstruments } from './instrument-store.ts';
import { findCandleSeries } from './series-store.ts';
import { csvRow, memoryDatabase, refusalOfPath, temporaryFolder } from './testing.ts';

describeWithSharedData('real files', () => {
  test('twenty thousand minutes off the grid are refused, counted, the first named, the cause said', async () => {
    const error = await refusalOfPath(sharedData('defects/binance-spot_BTC_1m_201712-201802.csv.gz'));
    expect(error.message).toMatch(/21,602 of 127,340 lines are bad/);
    expect(error.details).toEqual([
      'line 4,683: time off the grid: 2017-12-04T06:00:20.799Z is no 1m open (the first of 21,602 such lines)',
    ]);
    expect(error.hint).toMatch(/restart \(they open 20\.799 s or 14\.789 s after the grid\)/);
  });

  test('local time read as UTC is refused and recognised by its lost and its repeated hour', async () => {
    const error = await refusalOfPath(sharedData('defects/binance-um_BTC_30m_newyork-local-time.csv.gz'));
    expect(error.message).toMatch(/2 of 16,944 lines are bad/);
    expect(error.details[0]).toMatch(/^line 14,653: time seen before: 2025-11-02T01:00Z \(the first of 2/);
    expect(error.hint).toMatch(/daylight saving, read as UTC.*2025-03-09T02:00Z/);
  });

  test('an outage is imported, and known', async () => {
    const db = memoryDatabase();
    const result = await importFile(db, sharedData('defects/binance-spot_ETH_1m_20230320-0331.csv.gz'));
    expect(result).toMatchObject({ added: 17_200, gaps: [{ missing: 80 }] });
    const series = findCandleSeries(db, { coin: 'ETH', interval: '1m' });
    expect(gapsOf(db, series)).toEqual([
      {
        fromMs: Date.UTC(2023, 2, 24, 12, 40),
        toMs: Date.UTC(2023, 2, 24, 14),
        missing: 80,
        reason: 'unknown',
        origin: 'binance-spot_ETH_1m_20230320-0331.csv.gz',
        isOutside: false,
      },
    ]);
  });

  test('a thin market is imported with all its silent minutes', async () => {
    const db = memoryDatabase();
    const result = await importFile(db, sharedData('defects/freqtrade_UNITTEST-BTC_1m_gappy.csv.gz'));
    expect(result).toMatchObject({ source: 'freqtrade', coin: 'UNITTEST-BTC', interval: '1m', added: 13_681 });
    const gaps = gapsOf(db, findCandleSeries(db, { coin: 'UNITTEST-BTC', interval: '1m' }));
    expect(gaps).toHaveLength(538);
    expect(gaps.reduce((sum, gap) => sum + gap.missing, 0)).toBe(717);
    const columns = loadCandles(db, { coin: 'UNITTEST-BTC', interval: '1m' });
    expect(columns.close.filter(Number.isNaN)).toHaveLength(717);
    expect(columns.length).toBe(13_681 + 717);
  });

  test('every candle of a file comes back as it stands in it', async () => {
    const db = memoryDatabase();
    const path = sharedData('candles/hyperliquid_SOL_30m.csv.gz');
    await importFile(db, path);
    const text = gunzipSync(readFileSync(path)).toString().trim().split('\n').slice(1);
    const columns = loadCandles(db, { coin: 'SOL', interval: '30m' });
    expect(columns.length).toBe(text.length);
    const written = text.map((_, i) =>
      csvRow({
        openTimeMs: (columns.firstOpenMs + i * 30 * MINUTE_MS) as never,
        open: columns.open[i] as number,
        high: columns.high[i] as number,
        low: columns.low[i] as number,
        close: columns.close[i] as number,
        volume: columns.volume[i] as number,
      }),
    );
    expect(written).toEqual(text);
  });

  test("the exchange's meta brings the rules of 229 coins, delisted ones included", async () => {
    const db = memoryDatabase();
    const path = sharedData('recorded-api/agentic-2026-03-10/hyperliquid_meta.json');
    expect(await importFile(db, path)).toMatchObject({ kind: 'instruments', rows: 229, added: 229 });
    expect(await importFile(db, path)).toMatchObject({ added: 0, unchanged: 229, changed: 0 });
    const instruments = loadInstruments(db);
    expect([...instruments.values()].filter((instrument) => instrument.isDelisted)).toHaveLength(39);
    expect(instruments.get('kPEPE')).toEqual({
      coin: 'kPEPE',
      szDecimals: 0,
      marginTiers: [
        { fromNotionalUsd: 0, maxLeverage: 10 },
        { fromNotionalUsd: 20_000_000, maxLeverage: 5 },
      ],
      isDelisted: false,
    });
    expect(instruments.get('ATOM')?.marginTiers).toEqual([{ fromNotionalUsd: 0, maxLeverage: 5 }]);
  });

  test('recorded funding and candles in JSON, also under another name', async () => {
    const db = memoryDatabase();
    const copy = join(temporaryFolder(), 'copy');
    copyFileSync(sharedData('recorded-api/agentic-2026-03-10/hyperliquid_funding_btc.json'), copy);
    expect(await importFile(db, copy)).toMatchObject({ kind: 'funding', coin: 'BTC', added: 163 });
    const candles = sharedData('recorded-api/transcribed/yassi80_candleSnapshot_ETH_1h.json');
    expect(await importFile(db, candles, { clock: fixedClock(2e12) })).toMatchObject({ coin: 'ETH', added: 25 });
  });
});

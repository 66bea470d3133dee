import { describe, expect, test } from 'vitest';
import { columnsOf, emptyColumns } from '../domain/candle.ts';
import { epochMs } from '../domain/units.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { fingerprintOf } from './fingerprint.ts';
import { fundingRates } from './funding-rates.ts';
import { candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const BTC = columnsOf('BTC', '1h', candlesAt([0, 1, 3]));
const ETH = columnsOf('ETH', '1h', candlesAt([0, 1]));
const FUNDING = fundingRates('BTC', [[NEW_YEAR_MS, 0.0000125]]);

describe('the fingerprint of data', () => {
  test('is that of these bytes, on every machine and in every version', () => {
    expect(fingerprintOf({ candles: [BTC, ETH], funding: [FUNDING] })).toMatchInlineSnapshot(
      `"703eff6305ddc2aba6ddee9167ca7eb73879825d91229e78560ce30e049eccf5"`,
    );
  });

  test('does not ask where the data was stored, from which source, in which order, or how far the grid reaches', () => {
    const db = memoryDatabase();
    const key = { source: 'somewhere', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
    writeCandles(db, key, candlesAt([3]), TEST_DELIVERY);
    writeCandles(db, key, candlesAt([0, 1]), TEST_DELIVERY);
    const wider = emptyColumns('BTC', '1h', epochMs(NEW_YEAR_MS - 7_200_000), 9);
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) wider[field].set(BTC[field], 2);
    const expected = fingerprintOf({ candles: [BTC, ETH], funding: [FUNDING] });
    expect(fingerprintOf({ candles: [ETH, loadCandles(db, key)], funding: [FUNDING] })).toBe(expected);
    expect(fingerprintOf({ candles: [wider, ETH], funding: [FUNDING] })).toBe(expected);
  });

  test('changes with any value, time, coin, interval, and with what is there at all', () => {
    const changed = columnsOf('BTC', '1h', candlesAt([0, 1, 3]));
    changed.volume[3] = 13.000000000000002;
    const all = [
      { candles: [BTC, ETH], funding: [FUNDING] },
      { candles: [changed, ETH], funding: [FUNDING] },
      { candles: [columnsOf('BTC', '1h', candlesAt([0, 1, 2])), ETH], funding: [FUNDING] },
      { candles: [{ ...BTC, coin: 'SOL' }, ETH], funding: [FUNDING] },
      { candles: [{ ...BTC, firstOpenMs: epochMs(NEW_YEAR_MS + 3_600_000) }, ETH], funding: [FUNDING] },
      { candles: [columnsOf('BTC', '30m', candlesAt([0, 1, 3], 1_800_000)), ETH], funding: [FUNDING] },
      { candles: [BTC], funding: [FUNDING] },
      { candles: [BTC, ETH], funding: [] },
      { candles: [BTC, ETH], funding: [fundingRates('BTC', [[NEW_YEAR_MS, 0.000012500000000000002]])] },
    ];
    expect(new Set(all.map(fingerprintOf)).size).toBe(all.length);
  });
});

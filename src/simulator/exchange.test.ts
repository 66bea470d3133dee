import { HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { expect, onTestFinished, test } from 'vitest';
import { columnsOf } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { SimulatedExchange } from './exchange.ts';
import { PlayedMarket } from './played-market.ts';
import { simulate } from './simulation.ts';
import { VirtualClock } from './virtual-clock.ts';

const START_MS = Date.UTC(2025, 0, 1);
const BTC = BUILT_IN_INSTRUMENTS[0] as Instrument;

function minutes(coin: string, count: number) {
  return columnsOf(
    coin,
    '1m',
    Array.from({ length: count }, (_, i) => ({
      openTimeMs: epochMs(START_MS + i * MINUTE_MS),
      open: 100 + i,
      high: 103 + i,
      low: 99 + i,
      close: 101 + i,
      volume: 10.5,
    })),
  );
}

test('three days of one coin pass in lockstep with a client of the SDK', async () => {
  const market = new PlayedMarket({
    coins: [
      { instrument: BTC, candles: minutes('BTC', 3 * 1440), funding: [{ timeMs: START_MS + 42, rate: 0.0000125 }] },
    ],
    contextEveryMs: 15_000,
  });
  const clock = new VirtualClock(START_MS + HOUR_MS);
  const exchange = await SimulatedExchange.start({ clock, market });
  onTestFinished(() => exchange.stop());
  const info = new InfoClient({ transport: new HttpTransport({ apiUrl: exchange.url }) });
  expect((await info.meta()).universe[0]?.name).toBe('BTC');
  expect(await info.exchangeStatus()).toEqual({ time: START_MS + HOUR_MS, specialStatuses: null });
  expect(await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: START_MS })).toHaveLength(60);
  expect(await info.fundingHistory({ coin: 'BTC', startTime: START_MS })).toHaveLength(1);
  const transport = new WebSocketTransport({ url: exchange.streamUrl });
  onTestFinished(() => transport.close());
  const stream = new SubscriptionClient({ transport });
  let candles = 0;
  let marks = 0;
  await stream.candle({ coin: 'BTC', interval: '1m' }, () => candles++);
  await stream.candle({ coin: 'BTC', interval: '1h' }, () => candles++);
  await stream.activeAssetCtx({ coin: 'BTC' }, () => marks++);
  await simulate({ clock, exchange, untilMs: START_MS + 3 * DAY_MS });
  const hours = 71;
  expect(candles).toBe(hours * 60 * 4 * 2);
  expect(marks).toBe(hours * 60 * 4 - 1);
});

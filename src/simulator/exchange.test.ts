import { HttpTransport, InfoClient } from '@nktkas/hyperliquid';
import { describe, expect, test } from 'vitest';
import { type StartedExchange, type StartOptions, startExchange, walkedCoin } from '../../test/simulated-exchange.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { parseCandles, parseFunding, parseInstruments } from '../exchange/wire.ts';
import { quiet } from './simulation.ts';

const START_MS = Date.UTC(2025, 0, 1);
const NOW_MS = START_MS + 4 * DAY_MS + 90_500;
const COINS = ['BTC', 'ETH'].map((coin) => walkedCoin(coin, { startMs: START_MS, days: 5, seed: 1 }));

type Started = StartedExchange & { readonly info: InfoClient; readonly ask: (body: unknown) => Promise<Response> };

async function started(options: Partial<StartOptions> = {}): Promise<Started> {
  const all = await startExchange({ coins: COINS, nowMs: NOW_MS, ...options });
  const info = new InfoClient({ transport: new HttpTransport({ apiUrl: all.exchange.url }) });
  const ask = (body: unknown): Promise<Response> =>
    fetch(`${all.exchange.url}/info`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { ...all, info, ask };
}

const candlesOf = (startTime: number, interval = '1m', coin = 'BTC') => ({
  type: 'candleSnapshot',
  req: { coin, interval, startTime },
});

describe('what the SDK asks for', () => {
  test('meta and contexts', async () => {
    const { info, market } = await started();
    const [meta, contexts] = await info.metaAndAssetCtxs();
    expect(meta).toEqual(await info.meta());
    expect(parseInstruments(meta, 'meta')).toEqual(market.instruments);
    expect(contexts).toHaveLength(2);
    expect(Number(contexts[0]?.markPx)).toBeCloseTo(market.context('BTC', NOW_MS)?.markPrice as number);
    expect(Object.keys(await info.allMids())).toEqual(['BTC', 'ETH']);
  });

  test('time', async () => {
    const { info } = await started();
    expect(await info.exchangeStatus()).toEqual({ time: NOW_MS, specialStatuses: null });
  });

  test('candles that overlap the time, the forming one last', async () => {
    const { info, market } = await started();
    const startTime = NOW_MS - 10 * MINUTE_MS;
    const rows = await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime });
    expect(rows).toHaveLength(11);
    expect(rows[0]?.t).toBe(START_MS + 4 * DAY_MS - 9 * MINUTE_MS);
    expect(rows.at(-1)).toMatchObject({ t: START_MS + 4 * DAY_MS + MINUTE_MS, n: 2 });
    expect(rows.at(-1)?.T).toBeGreaterThan(NOW_MS);
    const closed = parseCandles(rows, 'it', NOW_MS)?.candles;
    expect(closed).toEqual(market.finalCandles('BTC', '1m', rows[0]?.t as number, NOW_MS - MINUTE_MS));
    const endTime = startTime + 2 * MINUTE_MS;
    expect(await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime, endTime })).toEqual(rows.slice(0, 3));
  });

  test('of which it knows the newest 5,000', async () => {
    const { info } = await started();
    const rows = await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: START_MS });
    expect(rows).toHaveLength(5_000);
    expect(rows.at(-1)?.T).toBeGreaterThan(NOW_MS);
    const endTime = START_MS + 10 * MINUTE_MS;
    expect(await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: START_MS, endTime })).toEqual([]);
  });

  test('funding, oldest first', async () => {
    const { info, market } = await started();
    const rows = await info.fundingHistory({ coin: 'ETH', startTime: START_MS });
    expect(parseFunding(rows, 'it')?.settlements).toEqual(market.settlements('ETH', START_MS, NOW_MS));
    expect(rows).toHaveLength(97);
  });
});

test('where 5,000 is a limit of an answer alone, one can page back to the beginning', async () => {
  const { info } = await started({ limits: { candlesKept: Number.POSITIVE_INFINITY } });
  const endTime = START_MS + 10 * MINUTE_MS - 1;
  const oldest = await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: START_MS, endTime });
  expect(oldest.map(({ t }) => (t - START_MS) / MINUTE_MS)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: START_MS })).toHaveLength(5_000);
});

test('funding comes in pages of 500', async () => {
  const { info } = await started({ limits: { ratesPerAnswer: 50 } });
  const first = await info.fundingHistory({ coin: 'BTC', startTime: START_MS });
  const second = await info.fundingHistory({ coin: 'BTC', startTime: (first.at(-1)?.time as number) + 1 });
  expect([first.length, second.length]).toEqual([50, 47]);
});

test.each([
  ['no JSON', '{'],
  ['no object', 7],
  ['an unknown type', { type: 'nonsense' }],
  ['no coin', { type: 'fundingHistory', startTime: 0 }],
  ['an unknown interval', candlesOf(0, '7m')],
  ['a time that is a text', { type: 'fundingHistory', coin: 'BTC', startTime: '0' }],
])('what cannot be read is refused in a text: %s', async (_, body) => {
  const response = await (await started()).ask(body);
  expect([response.status, response.headers.get('content-type')]).toEqual([422, 'text/plain']);
  expect(await response.text()).toBe('Failed to deserialize the JSON body into the target type');
});

test.each([500, 200] as const)('an unknown coin is answered null, with status %d', async (unknownCoinStatus) => {
  const response = await (await started({ unknownCoinStatus })).ask(candlesOf(START_MS, '1m', 'NOPE'));
  expect([response.status, await response.json()]).toEqual([unknownCoinStatus, null]);
});

test('what is not asked at /info is not there', async () => {
  const { exchange } = await started();
  expect((await fetch(`${exchange.url}/exchange`, { method: 'POST', body: '{}' })).status).toBe(404);
  expect((await fetch(`${exchange.url}/info`)).status).toBe(404);
});

describe('the weight of requests', () => {
  test('is that of the fact sheet', async () => {
    const { exchange, ask } = await started();
    const requests = [
      { type: 'meta' },
      { type: 'allMids' },
      { type: 'exchangeStatus' },
      candlesOf(START_MS),
      candlesOf(NOW_MS - 59 * MINUTE_MS),
      { type: 'fundingHistory', coin: 'BTC', startTime: START_MS },
      { type: 'nonsense' },
    ];
    for (const request of requests) await ask(request);
    expect(exchange.requests.map(({ type, weight }) => `${type} ${weight}`)).toEqual([
      'meta 20',
      'allMids 2',
      'exchangeStatus 2',
      'candleSnapshot 103',
      'candleSnapshot 21',
      'fundingHistory 24',
      'nonsense 20',
    ]);
  });

  test('is limited in every minute: beyond it the answer is null, and costs nothing', async () => {
    const { exchange, clock, ask } = await started();
    for (let i = 0; i < 11; i++) expect((await ask(candlesOf(START_MS))).status).toBe(200);
    const response = await ask(candlesOf(START_MS));
    expect([response.status, response.headers.get('content-type')]).toEqual([429, 'application/json']);
    expect(await response.json()).toBeNull();
    expect((await ask({ type: 'meta' })).status).toBe(200);
    clock.moveTo(NOW_MS + MINUTE_MS);
    expect((await ask(candlesOf(START_MS))).status).toBe(200);
    expect(exchange.requests.map(({ status }) => status).join(' ')).toBe(`${'200 '.repeat(11)}429 200 200`);
  });
});

describe('faults', () => {
  test.each([
    ['busy', 429, 'application/json', 'null'],
    ['failure', 500, 'application/json', 'null'],
    ['web-page', 200, 'text/html', expect.stringMatching(/^<!doctype html>/)],
    ['truncated', 200, 'application/json', expect.not.stringMatching(/}$/)],
  ] as const)('%s', async (fault, status, contentType, body) => {
    const { exchange, ask } = await started();
    exchange.faults.next(fault);
    const response = await ask({ type: 'meta' });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      status,
      contentType,
      body,
    ]);
    expect((await ask({ type: 'meta' })).status).toBe(200);
    expect(exchange.faults.counts).toEqual({ [fault]: 1 });
    expect(exchange.requests.map((each) => [each.fault, each.status])).toEqual([
      [fault, status],
      [undefined, 200],
    ]);
  });

  test('an answer of the wrong shape is refused by who parses it', async () => {
    const { exchange, info } = await started();
    for (let i = 0; i < 20; i++) {
      exchange.faults.next('wrong-shape');
      const rows = await info.candleSnapshot({ coin: 'BTC', interval: '1h', startTime: START_MS });
      expect(() => parseCandles(rows, 'it', NOW_MS)).toThrow('is not what the exchange should answer');
    }
    expect(exchange.faults.count('wrong-shape')).toBe(20);
  });

  test('a connection that is reset gives no answer', async () => {
    const { exchange, ask } = await started();
    exchange.faults.next('reset');
    await expect(ask({ type: 'meta' })).rejects.toThrow('fetch failed');
    expect((await ask({ type: 'meta' })).status).toBe(200);
  });

  test('a slow answer waits for the clock, and is no reason for it to stand still', async () => {
    const { exchange, clock, ask } = await started({ faults: { seed: 1, slowMs: 5_000 } });
    exchange.faults.next('slow');
    const asked = ask({ type: 'exchangeStatus' });
    await quiet(clock, exchange);
    expect(exchange.isQuiet).toBe(true);
    const wakeMs = clock.nextWakeMs as number;
    expect(wakeMs - NOW_MS).toBeGreaterThan(0);
    expect(wakeMs - NOW_MS).toBeLessThanOrEqual(5_000);
    clock.wakeNext();
    expect(await (await asked).json()).toEqual({ time: NOW_MS, specialStatuses: null });
  });
});

test('a clock that is ahead knows candles that are not closed for anybody else', async () => {
  const { exchange, info } = await started();
  exchange.clockSkewMs = HOUR_MS;
  expect((await info.exchangeStatus())?.time).toBe(NOW_MS + HOUR_MS);
  const rows = await info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime: NOW_MS });
  expect(rows).toHaveLength(61);
});

test('an exchange that is stopped can be started again on its port', async () => {
  const { exchange, market, clock } = await started();
  const { port } = exchange;
  await exchange.stop();
  await expect(fetch(`${exchange.url}/info`)).rejects.toThrow('fetch failed');
  const again = await started({ port });
  expect([again.exchange.port, market.instruments.length, clock.nowMs()]).toEqual([port, 2, NOW_MS]);
});

import { SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  candlesOf,
  type StartedExchange,
  type StartOptions,
  startExchange,
  walkedCoin,
} from '../../test/simulated-exchange.ts';
import type { CandleColumns } from '../domain/candle.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import { type PlayedCoin, withoutTrades } from './played-market.ts';
import { quiet, simulate } from './simulation.ts';

const START_MS = Date.UTC(2025, 0, 1);
const NOW_MS = START_MS + HOUR_MS;
const COINS = ['BTC', 'ETH'].map((coin) => walkedCoin(coin, { startMs: START_MS, days: 1, seed: 1 }));
const CONTEXT_EVERY_MS = 20 * SECOND_MS;

type Played = Pick<StartedExchange, 'exchange' | 'clock'>;

/** An exchange with one bare socket to it, and everything that the socket heard. */
class Listener {
  readonly exchange: StartedExchange['exchange'];
  readonly clock: StartedExchange['clock'];
  readonly heard: string[] = [];
  readonly socket: WebSocket;

  private constructor({ exchange, clock }: Played) {
    this.exchange = exchange;
    this.clock = clock;
    this.socket = new WebSocket(exchange.streamUrl);
    this.socket.addEventListener('message', ({ data }) => this.heard.push(String(data)));
    this.socket.addEventListener('close', () => this.heard.push('closed'));
    onTestFinished(() => this.socket.close());
  }

  static async to(exchange: Played): Promise<Listener> {
    const listener = new Listener(exchange);
    await quiet(listener.clock, listener.exchange);
    return listener;
  }

  /** Sends it, and gives back what was heard since the last time. */
  async say(message: unknown): Promise<unknown[]> {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    await quiet(this.clock, this.exchange);
    return this.news();
  }

  subscribe(type: string, more: object = {}): Promise<unknown[]> {
    return this.say({ method: 'subscribe', subscription: { type, ...more } });
  }

  /** What is heard while time passes. */
  async after(ms: number): Promise<unknown[]> {
    await simulate({ clock: this.clock, exchange: this.exchange, untilMs: this.clock.nowMs() + ms });
    return this.news();
  }

  news(): unknown[] {
    return this.heard.splice(0).map((text) => (text.startsWith('{') ? JSON.parse(text) : text));
  }
}

async function listening(options: Partial<StartOptions> = {}): Promise<Listener> {
  const exchange = await startExchange({ coins: COINS, nowMs: NOW_MS, contextEveryMs: CONTEXT_EVERY_MS, ...options });
  return Listener.to(exchange);
}

const CANDLE = { coin: 'BTC', interval: '1m' };

describe('a bare socket', () => {
  test('is echoed what it subscribed to, and told of it', async () => {
    const it = await listening();
    const echo = { type: 'candle', ...CANDLE };
    expect(await it.subscribe('candle', { ...CANDLE, unknown: 1 })).toEqual([
      { channel: 'subscriptionResponse', data: { method: 'subscribe', subscription: echo } },
    ]);
    const told = (await it.after(MINUTE_MS)) as { channel: string; data: { t: number; n: number; s: string } }[];
    expect(told.map(({ channel, data }) => `${channel} ${data.s} ${data.t - NOW_MS} ${data.n}`)).toEqual([
      'candle BTC 0 1',
      'candle BTC 0 2',
      'candle BTC 0 3',
      'candle BTC 0 4',
    ]);
    expect(await it.say({ method: 'unsubscribe', subscription: echo })).toEqual([
      { channel: 'subscriptionResponse', data: { method: 'unsubscribe', subscription: echo } },
    ]);
    expect(await it.after(59 * SECOND_MS)).toEqual([]);
  });

  test('is answered what it asks', async () => {
    const it = await listening({ greets: true });
    expect(it.news()).toEqual(['Websocket connection established.']);
    expect(await it.say({ method: 'ping' })).toEqual([{ channel: 'pong' }]);
    const payload = { type: 'exchangeStatus' };
    const data = { time: NOW_MS, specialStatuses: null };
    expect(await it.say({ method: 'post', id: 7, request: { type: 'info', payload } })).toEqual([
      { channel: 'post', data: { id: 7, response: { type: 'info', payload: { type: 'exchangeStatus', data } } } },
    ]);
    const refusal = { type: 'error', payload: 'Failed to deserialize the JSON body into the target type' };
    expect(await it.say({ method: 'post', id: 8, request: { type: 'info', payload: {} } })).toEqual([
      { channel: 'post', data: { id: 8, response: refusal } },
    ]);
  });

  test.each([
    ['{', 'Error parsing JSON into valid websocket request: {'],
    ['{"method":"dance"}', 'Error parsing JSON into valid websocket request: {"method":"dance"}'],
    [
      '{"method":"subscribe","subscription":{"type":"candle","coin":"NOPE","interval":"1m"}}',
      'Invalid subscription {"type":"candle","coin":"NOPE","interval":"1m"}',
    ],
    [
      '{"method":"subscribe","subscription":{"type":"candle","coin":"BTC","interval":"7m"}}',
      'Invalid subscription {"type":"candle","coin":"BTC","interval":"7m"}',
    ],
    ['{"method":"subscribe"}', 'Invalid subscription undefined'],
    [
      '{"method":"unsubscribe","subscription":{"type":"trades","coin":"BTC"}}',
      'Already unsubscribed: {"type":"trades","coin":"BTC"}',
    ],
  ])('is told what is wrong with %s', async (message, data) => {
    expect(await (await listening()).say(message)).toEqual([{ channel: 'error', data }]);
  });

  test('subscribes once', async () => {
    const it = await listening();
    await it.subscribe('candle', CANDLE);
    expect(await it.subscribe('candle', CANDLE)).toEqual([
      { channel: 'error', data: 'Already subscribed: {"type":"candle","coin":"BTC","interval":"1m"}' },
    ]);
  });

  test('meets the limits of its address', async () => {
    const it = await listening({ limits: { subscriptions: 1, messagesPerMinute: 3, connections: 2 } });
    const other = await Listener.to(it);
    const third = await Listener.to(it);
    expect([it.news(), other.news(), third.news()]).toEqual([[], [], ['closed']]);
    await it.subscribe('trades', { coin: 'BTC' });
    const full = { channel: 'error', data: 'Cannot subscribe to more than 1 channels.' };
    expect(await other.subscribe('trades', { coin: 'ETH' })).toEqual([full]);
    expect(await other.say({ method: 'ping' })).toEqual([{ channel: 'pong' }]);
    const loud = { channel: 'error', data: 'Cannot send more than 3 messages per minute.' };
    expect(await other.say({ method: 'ping' })).toEqual([loud]);
  });

  test('is closed when nothing was said on it for a minute', async () => {
    const it = await listening();
    expect(await it.after(40 * SECOND_MS)).toEqual([]);
    expect(await it.say({ method: 'ping' })).toEqual([{ channel: 'pong' }]);
    expect(await it.after(59 * SECOND_MS)).toEqual([]);
    expect(await it.after(SECOND_MS)).toEqual(['closed']);
    expect(it.exchange.connections).toBe(0);
  });

  test('is not told what happened before it asked', async () => {
    const it = await listening({ limits: { silenceMs: HOUR_MS } });
    await it.after(10 * MINUTE_MS + 30 * SECOND_MS);
    await it.subscribe('trades', { coin: 'BTC' });
    expect(await it.after(5 * SECOND_MS)).toEqual([]);
    await it.subscribe('candle', CANDLE);
    expect(await it.after(SECOND_MS / 2)).toEqual([]);
    const told = (await it.after(SECOND_MS)) as { channel: string; data: { n: number } }[];
    expect(told.map(({ channel }) => channel)).toEqual(['trades', 'candle']);
    expect(told[0]?.data).toMatchObject([{ time: NOW_MS + 10 * MINUTE_MS + 36 * SECOND_MS }]);
  });

  test('hears trades and mids', async () => {
    const it = await listening();
    await it.subscribe('trades', { coin: 'ETH' });
    await it.subscribe('allMids');
    const told = (await it.after(20 * SECOND_MS)) as { channel: string; data: Record<string, unknown> }[];
    expect(told.map(({ channel }) => channel)).toEqual(['trades', 'trades', 'allMids']);
    expect(told[0]?.data).toMatchObject([{ coin: 'ETH', time: NOW_MS + 1_200, side: 'B', sz: expect.any(String) }]);
    expect(told[2]?.data).toEqual({ mids: { BTC: expect.any(String), ETH: expect.any(String) } });
  });
});

test('nothing is said of minutes without trades, nor while the venue is halted', async () => {
  const [btc, eth] = COINS as [PlayedCoin, PlayedCoin];
  const candles = withoutTrades(candlesOf(btc)[0] as CandleColumns, [NOW_MS + MINUTE_MS, NOW_MS + 2 * MINUTE_MS]);
  const halts = [{ fromMs: NOW_MS + 4 * MINUTE_MS, toMs: NOW_MS + 6 * MINUTE_MS }];
  const it = await listening({ coins: [{ ...btc, candles }, eth], halts, limits: { silenceMs: HOUR_MS } });
  await it.subscribe('candle', CANDLE);
  await it.subscribe('activeAssetCtx', { coin: 'BTC' });
  const told = (await it.after(7 * MINUTE_MS)) as { channel: string; data: { t: number } }[];
  const minutes = told.filter(({ channel }) => channel === 'candle').map(({ data }) => (data.t - NOW_MS) / MINUTE_MS);
  expect(minutes.join('')).toBe('000033336666');
  // Twenty seconds apart, over five open minutes; the very last boundary included.
  expect(told.filter(({ channel }) => channel === 'activeAssetCtx')).toHaveLength(15);
});

describe('messages', () => {
  const opensOf = (told: unknown[]): string =>
    (told as { data: { t: number; n: number } }[])
      .map(({ data }) => `${(data.t - NOW_MS) / MINUTE_MS}.${data.n}`)
      .join(' ');

  test.each([
    ['duplicated', '0.1 0.1 0.2 0.3 0.4 1.1 1.2 1.3 1.4'],
    ['out-of-order', '0.2 0.1 0.3 0.4 1.1 1.2 1.3 1.4'],
  ] as const)('can be %s', async (fault, opens) => {
    const it = await listening();
    it.exchange.faults.next(fault);
    await it.subscribe('candle', CANDLE);
    expect(opensOf(await it.after(2 * MINUTE_MS))).toBe(opens);
    expect(it.exchange.faults.counts).toEqual({ [fault]: 1 });
  });

  test('can be late, after the close of their candle too', async () => {
    const it = await listening({ faults: { seed: 2, lateMs: 90 * SECOND_MS } });
    it.exchange.faults.next('late', 4);
    await it.subscribe('candle', CANDLE);
    const opens = opensOf(await it.after(3 * MINUTE_MS)).split(' ');
    expect(opens).toHaveLength(12);
    expect([...opens].sort().join(' ')).toBe('0.1 0.2 0.3 0.4 1.1 1.2 1.3 1.4 2.1 2.2 2.3 2.4');
    expect(opens.findLastIndex((each) => each.startsWith('0.'))).toBeGreaterThan(opens.indexOf('1.1'));
  });
});

describe('sockets', () => {
  test('can fall silent: open, but without a word, not even a pong', async () => {
    const it = await listening();
    await it.subscribe('candle', CANDLE);
    await it.after(MINUTE_MS);
    it.exchange.faults.silenceSockets();
    expect(await it.say({ method: 'ping' })).toEqual([]);
    expect(await it.after(5 * MINUTE_MS)).toEqual([]);
    expect([it.exchange.connections, it.exchange.faults.counts]).toEqual([1, { silent: 1 }]);
  });

  test('can be dropped, and refused for a while', async () => {
    const it = await listening();
    it.exchange.faults.dropSockets(30 * SECOND_MS);
    expect(await it.after(SECOND_MS)).toEqual(['closed']);
    expect((await Listener.to(it)).news()).toEqual(['closed']);
    expect([it.exchange.isRefusing, it.exchange.connections]).toEqual([true, 0]);
    await it.after(30 * SECOND_MS);
    expect((await Listener.to(it)).news()).toEqual([]);
    expect([it.exchange.isRefusing, it.exchange.connections]).toEqual([false, 1]);
    expect(it.exchange.faults.counts).toEqual({ dropped: 1, refused: 1 });
  });

  test('of the SDK come back and subscribe again', async () => {
    const started = await startExchange({ coins: COINS, nowMs: NOW_MS, contextEveryMs: CONTEXT_EVERY_MS });
    const { exchange, clock } = started;
    const transport = new WebSocketTransport({ url: exchange.streamUrl });
    onTestFinished(() => transport.close());
    const client = new SubscriptionClient({ transport });
    const minutes: number[] = [];
    const marks: string[] = [];
    const subscription = await client.candle({ coin: 'BTC', interval: '1m' }, ({ t }) => minutes.push(t));
    await client.activeAssetCtx({ coin: 'ETH' }, ({ ctx }) => marks.push(ctx.markPx));
    // The SDK reconnects in real time, and time stands still until it is back.
    const isSettled = (): boolean => exchange.isRefusing || exchange.connections === 1;
    const pass = (ms: number) => simulate({ clock, exchange, untilMs: clock.nowMs() + ms, isSettled });
    await pass(2 * MINUTE_MS);
    exchange.faults.dropSockets(5 * SECOND_MS);
    await pass(2 * MINUTE_MS);
    expect(new Set(minutes.map((t) => (t - NOW_MS) / MINUTE_MS))).toEqual(new Set([0, 1, 2, 3]));
    expect(minutes.length).toBeGreaterThanOrEqual(15);
    const published = started.market.marks('ETH', NOW_MS, clock.nowMs()).map(({ price }) => price);
    expect(marks.map(Number)).toEqual(published);
    expect(exchange.connections).toBe(1);
    await subscription.unsubscribe();
    const before = minutes.length;
    await pass(MINUTE_MS);
    expect(minutes.length).toBe(before);
  });
});

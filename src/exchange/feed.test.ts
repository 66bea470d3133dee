import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemTimer, type Timer } from '../domain/clock.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import { MINUTE_MS } from '../domain/time.ts';
import { HyperliquidFeed } from './feed.ts';
import type { FeedEvent, FeedRequest } from './feed-events.ts';

const BTC_1M: FeedRequest = { candles: [{ coin: 'BTC', interval: '1m' }], marks: [] };

interface ClientMessage {
  readonly method: string;
  readonly subscription?: { readonly type: string; readonly coin: string; readonly interval?: string };
}

type Answer = (message: ClientMessage, socket: WebSocket) => void;

const confirm: Answer = (message, socket) => {
  if (message.method === 'ping') say(socket, { channel: 'pong' });
  else say(socket, { channel: 'subscriptionResponse', data: message });
};

function say(socket: WebSocket, message: unknown): void {
  socket.send(typeof message === 'string' ? message : JSON.stringify(message));
}

function candle(openTimeMs: number, coin = 'BTC') {
  return { channel: 'candle', data: { s: coin, i: '1m', t: openTimeMs, T: openTimeMs + MINUTE_MS - 1, o: '1' } };
}

/** A stream on the loopback whose every answer a test decides. */
async function stream(answer: Answer = confirm) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const received: ClientMessage[] = [];
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ClientMessage;
      received.push(message);
      answer(message, socket);
    });
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { server, received, sockets, apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Runs a feed until the test is over, and lets it wait for events. */
function follow(feed: HyperliquidFeed, request: FeedRequest) {
  const controller = new AbortController();
  const events: FeedEvent[] = [];
  let wake = (): void => {};
  const done = feed.run(
    request,
    (event) => {
      events.push(event);
      wake();
    },
    controller.signal,
  );
  onTestFinished(async () => {
    controller.abort();
    await done.catch(() => {});
  });
  const until = async (isEnough: (events: readonly FeedEvent[]) => boolean): Promise<void> => {
    while (!isEnough(events)) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([next, done.then(() => Promise.reject(new Error('the feed has ended')))]);
    }
  };
  return { events, until, done, stop: () => controller.abort(new Error('enough')) };
}

const kinds = (events: readonly FeedEvent[]): string[] => events.map((event) => event.kind);
const count = (events: readonly FeedEvent[], kind: string): number =>
  kinds(events).filter((each) => each === kind).length;

/** Time that runs so many times faster. */
function fastTimer(speed: number): Timer {
  return { nowMs: systemTimer.nowMs, sleep: (ms, signal) => systemTimer.sleep(ms / speed, signal) };
}

describe('what passes', () => {
  test('a candle is told once, when it begins; what is late, comes twice or was not asked for is not', async () => {
    const { apiUrl } = await stream((message, socket) => {
      confirm(message, socket);
      say(socket, 'Websocket connection established.');
      for (const minute of [2, 2, 3, 1, 3, 2, 4]) say(socket, candle(minute * MINUTE_MS));
      say(socket, candle(9 * MINUTE_MS, 'ETH'));
      say(socket, { channel: 'activeAssetCtx', data: { coin: 'BTC', ctx: { markPx: '1' } } });
      say(socket, { channel: 'notification', data: { notification: 'hello' } });
      say(socket, { channel: 'candle', data: [candle(5 * MINUTE_MS).data] });
    });
    const feed = new HyperliquidFeed({ apiUrl });
    const { events, until } = follow(feed, BTC_1M);
    await until(() => events.length >= 5);
    expect(events.filter((event) => event.kind !== 'connected')).toEqual(
      [2, 3, 4, 5].map((minute) => ({ kind: 'candle', coin: 'BTC', interval: '1m', openTimeMs: minute * MINUTE_MS })),
    );
    expect(feed.malformedMessages).toBe(0);
  });

  test('mark prices pass as they come', async () => {
    const { apiUrl } = await stream((message, socket) => {
      confirm(message, socket);
      for (const markPx of [null, '50000.5', '0.0', '50001']) {
        say(socket, { channel: 'activeAssetCtx', data: { coin: 'BTC', ctx: { markPx, funding: '0.0' } } });
      }
    });
    const { events, until } = follow(new HyperliquidFeed({ apiUrl }), { candles: [], marks: ['BTC'] });
    await until(() => events.length >= 3);
    expect(events.filter((event) => event.kind === 'mark')).toEqual([
      { kind: 'mark', coin: 'BTC', price: 50_000.5 },
      { kind: 'mark', coin: 'BTC', price: 50_001 },
    ]);
  });

  test('connected is told when the last subscription is confirmed, and each is asked for once', async () => {
    const { apiUrl, received } = await stream();
    const coins = Array.from({ length: 120 }, (_, i) => `C${i}`);
    const candles = [...coins, 'C0'].map((coin) => ({ coin, interval: '1h' as const }));
    const { events, until } = follow(new HyperliquidFeed({ apiUrl }), { candles, marks: ['C0', 'C0'] });
    await until(() => events.length > 0);
    expect(events).toEqual([{ kind: 'connected' }]);
    expect(received).toHaveLength(121);
    expect(received.at(-1)?.subscription).toEqual({ type: 'activeAssetCtx', coin: 'C0' });
  });
});

describe('what is malformed', () => {
  test.each([
    ['no JSON', 'oops', /is no JSON: oops/],
    ['no channel', '{"data":1}', /channel: /],
    ['a candle that is nothing', '{"channel":"candle","data":null}', /\(candle\) .*the answer: /],
    ['a candle without a time', '{"channel":"candle","data":{"s":"BTC","i":"1m"}}', /\(candle\) .*: t: /],
    [
      'a candle off its grid',
      '{"channel":"candle","data":{"s":"BTC","i":"1m","t":61000}}',
      /: t: .* is not on the grid/,
    ],
    ['a candle of a strange interval', '{"channel":"candle","data":{"s":"BTC","i":"7m","t":0}}', /: i: is no interval/],
    [
      'a mark price below zero',
      '{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"markPx":"-1"}}}',
      /ctx\.markPx: is no/,
    ],
    [
      'a mark price as a number',
      '{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"markPx":1}}}',
      /ctx\.markPx: /,
    ],
    ['an error that is no text', '{"channel":"error","data":null}', /\(error\)/],
  ])('%s is counted, named once, and nothing ends', async (_what, text, problem) => {
    const { apiUrl } = await stream((message, socket) => {
      say(socket, text);
      confirm(message, socket);
      say(socket, text);
      say(socket, candle(MINUTE_MS));
    });
    const problems: string[] = [];
    const feed = new HyperliquidFeed({ apiUrl, onProblem: (each) => problems.push(each) });
    const { events, until } = follow(feed, BTC_1M);
    await until(() => count(events, 'candle') > 0 && count(events, 'connected') > 0);
    expect(feed.malformedMessages).toBe(2);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test('an error whose braces hold no JSON would end the process inside the SDK', async () => {
    const { apiUrl } = await stream((message, socket) => {
      say(socket, { channel: 'error', data: 'Something {odd}' });
      confirm(message, socket);
    });
    const problems: string[] = [];
    const { events, until } = follow(new HyperliquidFeed({ apiUrl, onProblem: (each) => problems.push(each) }), BTC_1M);
    await until(() => events.length > 0);
    expect(problems).toEqual(['the exchange complains about its stream: Something {odd}']);
  });
});

describe('a connection that ends', () => {
  test('is replaced by another, which subscribes anew', async () => {
    const { apiUrl, sockets, received } = await stream();
    const { events, until } = follow(new HyperliquidFeed({ apiUrl, timer: fastTimer(50) }), BTC_1M);
    for (const connection of [0, 1, 2]) {
      await until(() => count(events, 'connected') > connection);
      sockets[connection]?.terminate();
    }
    await until(() => count(events, 'connected') > 3);
    expect(kinds(events)).toEqual(['connected', 'lost', 'connected', 'lost', 'connected', 'lost', 'connected']);
    expect(events[1]).toEqual({ kind: 'lost', reason: 'closed' });
    expect(received).toHaveLength(4);
  });

  test('silence is a loss; a pong is none', async () => {
    let isSilent = false;
    const { apiUrl, sockets } = await stream((message, socket) => {
      if (!isSilent) confirm(message, socket);
    });
    const feed = new HyperliquidFeed({ apiUrl, timer: fastTimer(300), silenceMs: 30_000 });
    const { events, until } = follow(feed, BTC_1M);
    await until(() => events.length > 0);
    // Ten times the silence that is allowed, filled with pongs alone.
    await systemTimer.sleep(1_000);
    expect(kinds(events)).toEqual(['connected']);
    expect(feed.malformedMessages).toBe(0);
    isSilent = true;
    const closed = once(sockets[0] as WebSocket, 'close');
    await until(() => events.length > 1);
    expect(events[1]).toEqual({ kind: 'lost', reason: 'silent' });
    await closed;
    isSilent = false;
    await until(() => count(events, 'connected') > 1);
  });

  test('one that is never confirmed is not connected, and is told about once', async () => {
    const { apiUrl, sockets } = await stream(() => {});
    const problems: string[] = [];
    const feed = new HyperliquidFeed({ apiUrl, timer: fastTimer(2_000), onProblem: (each) => problems.push(each) });
    const { events } = follow(feed, BTC_1M);
    while (sockets.length < 3) await systemTimer.sleep(10);
    expect(events).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/^the exchange's stream at ws:.* cannot be opened \(no answer\); it is tried again$/),
    ]);
  });

  test('an exchange that is not there is tried ten times a minute at the most', async () => {
    const { server, apiUrl } = await stream();
    await new Promise((resolve) => server.close(resolve));
    let nowMs = 0;
    const waits: number[] = [];
    const timer: Timer = {
      nowMs: () => nowMs as ReturnType<Timer['nowMs']>,
      // The watchdog of a connection looks every ten seconds; what is longer or shorter is a pause between two.
      sleep: async (ms, signal) => {
        if (ms === 10_000) return systemTimer.sleep(1_000, signal);
        nowMs += ms;
        waits.push(ms);
      },
    };
    const problems: string[] = [];
    follow(new HyperliquidFeed({ apiUrl, timer, onProblem: (each) => problems.push(each) }), BTC_1M);
    while (nowMs < 10 * MINUTE_MS) await systemTimer.sleep(5);
    const starts = waits.map((_, i) => waits.slice(0, i + 1).reduce((sum, ms) => sum + ms, 0));
    for (const start of starts) {
      expect(starts.filter((other) => other >= start && other < start + MINUTE_MS).length).toBeLessThanOrEqual(10);
    }
    expect(problems).toHaveLength(1);
  });
});

describe('the end', () => {
  test('is at once, also when the other side does not answer to a farewell', async () => {
    const { apiUrl, server } = await stream();
    const connection = new Promise<Socket>((resolve) => {
      server.on('connection', (_socket, request) => resolve(request.socket));
    });
    const { events, until, done, stop } = follow(new HyperliquidFeed({ apiUrl }), BTC_1M);
    await until(() => events.length > 0);
    const socket = await connection;
    // Nothing is read any more: a farewell of the client is never seen, only the end of the connection.
    for (const listener of socket.listeners('data')) socket.off('data', listener as () => void);
    socket.resume();
    const ended = once(socket, 'end');
    stop();
    await Promise.all([done, ended]);
    expect(kinds(events)).toEqual(['connected']);
  });

  test('comes before anything when it was there first', async () => {
    const { apiUrl, sockets } = await stream();
    await new HyperliquidFeed({ apiUrl }).run(BTC_1M, () => expect.unreachable(), AbortSignal.abort());
    expect(sockets).toEqual([]);
  });

  test('comes with what the listener throws', async () => {
    const { apiUrl } = await stream();
    const failing = new HyperliquidFeed({ apiUrl }).run(
      BTC_1M,
      () => {
        throw new Error('the disk is full');
      },
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow('the disk is full');
  });

  test('comes with a subscription that the exchange refuses', async () => {
    const { apiUrl } = await stream((message, socket) => {
      say(socket, { channel: 'error', data: `Invalid subscription ${JSON.stringify(message.subscription)}` });
    });
    const refused = new HyperliquidFeed({ apiUrl }).run(BTC_1M, () => {}, new AbortController().signal);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(
      expect.objectContaining({ details: ['Invalid subscription {"type":"candle","coin":"BTC","interval":"1m"}'] }),
    );
  });

  test('comes before anything with more streams than the exchange allows', async () => {
    const candles = Array.from({ length: 1_001 }, (_, i) => ({ coin: `C${i}`, interval: '1h' as const }));
    const run = new HyperliquidFeed().run({ candles, marks: [] }, () => {}, new AbortController().signal);
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow('1,001 streams are more than the exchange allows to one address (1,000)');
  });
});

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Timer } from '../domain/clock.ts';
import { DataError, ExchangeUnreachableError, UsageError } from '../domain/errors.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { HyperliquidInfo } from './info.ts';
import type { InfoOptions } from './requests.ts';

const NOW_MS = 1_790_431_200_000;
const META = {
  universe: [
    { szDecimals: 5, name: 'BTC', maxLeverage: 40, marginTableId: 40 },
    { szDecimals: 4, name: 'ETH', maxLeverage: 25, marginTableId: 25 },
  ],
  marginTables: [],
  collateralToken: 0,
};

interface InfoRequest {
  readonly type: string;
  readonly coin?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly req?: {
    readonly coin: string;
    readonly interval: string;
    readonly startTime: number;
    readonly endTime: number;
  };
}

interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

type Answer = Reply | 'silence';
const json = (value: unknown, status = 200): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

/** An exchange on the loopback that answers as `answer` says; undefined leaves the question to the defaults. */
async function exchange(answer: (request: InfoRequest) => Answer | undefined, options: InfoOptions = {}) {
  const requests: InfoRequest[] = [];
  const slept: number[] = [];
  const respond = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of message) text += chunk;
    const request = JSON.parse(text) as InfoRequest;
    requests.push(request);
    const defaults = request.type === 'meta' ? json(META) : json({ time: NOW_MS, specialStatuses: null });
    const reply = answer(request) ?? defaults;
    if (reply === 'silence') return;
    const headers = { 'Content-Type': reply.type ?? 'text/plain', ...reply.headers };
    response.writeHead(reply.status ?? 200, headers).end(reply.body);
  };
  const server = createServer((message, response) => void respond(message, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const info = new HyperliquidInfo({
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timer: sleepingTimer(slept),
    ...options,
  });
  return { info, requests, slept };
}

/** A timer that moves only when somebody sleeps by it, and keeps count of that. */
function sleepingTimer(slept: number[] = []): Timer {
  let nowMs = NOW_MS;
  return {
    nowMs: () => epochMs(nowMs),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
  };
}

/** The hour's candle as the exchange writes it. */
function hourRow(openMs: number) {
  const price = String(1_000 + ((openMs / HOUR_MS) % 1_000));
  return {
    t: openMs,
    T: openMs + HOUR_MS - 1,
    s: 'BTC',
    i: '1h',
    o: price,
    c: price,
    h: price,
    l: price,
    v: '1.5',
    n: 2,
  };
}

/** All hours that overlap the request and are kept, the forming one included. */
function hoursFrom(keptFromMs: number) {
  return ({ req }: InfoRequest): Answer | undefined => {
    if (req === undefined) return undefined;
    const rows = [];
    const lastMs = Math.min(req.endTime, NOW_MS);
    for (let t = Math.floor(req.startTime / HOUR_MS) * HOUR_MS; t <= lastMs; t += HOUR_MS) {
      if (t >= keptFromMs) rows.push(hourRow(t));
    }
    return json(rows.slice(0, 5_000));
  };
}

describe('candles', () => {
  test('come in pages of 5,000, ascending, without the forming one, and with progress', async () => {
    const { info, requests } = await exchange(hoursFrom(0));
    const progress: [number, number][] = [];
    const fromMs = NOW_MS - 12_000 * HOUR_MS;
    const candles = await info.candles('BTC', '1h', fromMs, NOW_MS + 5 * HOUR_MS, {
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(candles).toHaveLength(12_000);
    expect(candles.map((candle) => candle.openTimeMs)).toEqual(
      Array.from({ length: 12_000 }, (_, i) => fromMs + i * HOUR_MS),
    );
    expect(
      requests
        .filter((request) => request.req)
        .map(({ req }) => ((req?.endTime ?? 0) + 1 - (req?.startTime ?? 0)) / HOUR_MS),
    ).toEqual([5_000, 5_000, 2_000]);
    expect(progress).toEqual([
      [5_000, 12_000],
      [10_000, 12_000],
      [12_000, 12_000],
      [12_000, 12_000],
    ]);
  });

  test('a start and an end inside candles take only those that lie between', async () => {
    const { info } = await exchange(hoursFrom(0));
    const candles = await info.candles('BTC', '1h', NOW_MS - 5.5 * HOUR_MS, NOW_MS - 1.5 * HOUR_MS);
    expect(candles.map((candle) => (candle.openTimeMs - NOW_MS) / HOUR_MS)).toEqual([-5, -4, -3]);
  });

  test('where the exchange keeps no more, it is not asked further', async () => {
    const { info, requests } = await exchange(hoursFrom(NOW_MS - 5_000 * HOUR_MS));
    const candles = await info.candles('BTC', '1h', NOW_MS - 50_000 * HOUR_MS, NOW_MS);
    expect(candles).toHaveLength(5_000);
    expect(requests.filter((request) => request.type === 'candleSnapshot')).toHaveLength(2);
  });

  test('rows in another order are sorted; a wrong field is named', async () => {
    const rows = [hourRow(NOW_MS - HOUR_MS), hourRow(NOW_MS - 2 * HOUR_MS)];
    const { info } = await exchange((request) => (request.req ? json(rows) : undefined));
    const candles = await info.candles('BTC', '1h', NOW_MS - 2 * HOUR_MS, NOW_MS);
    expect(candles.map((candle) => candle.openTimeMs)).toEqual([NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS]);
    const broken = await exchange((request) => (request.req ? json([{ ...rows[0], c: null }]) : undefined));
    await expect(broken.info.candles('BTC', '1h', NOW_MS - 2 * HOUR_MS, NOW_MS)).rejects.toThrow(
      expect.objectContaining({ name: 'DataError', details: [expect.stringMatching(/^\[0\]\.c: /)] }),
    );
  });

  test('an answer about another coin is refused', async () => {
    const row = { ...hourRow(NOW_MS - HOUR_MS), s: 'ETH' };
    const { info } = await exchange((request) => (request.req ? json([row]) : undefined));
    await expect(info.candles('BTC', '1h', NOW_MS - HOUR_MS, NOW_MS)).rejects.toThrow(/is about ETH 1h/);
  });

  test('an unknown coin is named with the nearest before anything is asked about it', async () => {
    const { info, requests } = await exchange(() => undefined);
    const asked = info.candles('btc', '1h', 0, NOW_MS);
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(expect.objectContaining({ hint: expect.stringMatching(/mean BTC/) }));
    expect(requests.map((request) => request.type)).toEqual(['exchangeStatus', 'meta']);
  });

  test('stay within 1,200 weight a minute: 20 and one for each 60 candles', async () => {
    const timer = sleepingTimer();
    const sentAt: number[] = [];
    const { info } = await exchange(
      (request) => {
        if (request.type === 'candleSnapshot') sentAt.push((timer.nowMs() - NOW_MS) / 1_000);
        return hoursFrom(0)(request);
      },
      { timer },
    );
    await info.candles('BTC', '1h', NOW_MS - 60_000 * HOUR_MS, NOW_MS);
    // A page of 5,000 weighs 104, meta 20: eleven pages in the first minute, the twelfth in the next.
    expect(sentAt).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60]);
  });
});

test('funding comes in pages of 500, each continued after the last', async () => {
  const { info, requests } = await exchange((request) => {
    if (request.type !== 'fundingHistory') return undefined;
    const rows = [];
    for (let hour = 0; hour < 1_234; hour++) {
      const time = NOW_MS - 1_234 * HOUR_MS + hour * HOUR_MS + 37;
      if (time >= (request.startTime ?? 0) && time <= (request.endTime ?? 0)) {
        rows.push({ coin: 'BTC', fundingRate: '0.0000125', premium: '0.0', time });
      }
    }
    return json(rows.slice(0, 500));
  });
  const settlements = await info.funding('BTC', 0, NOW_MS);
  expect(settlements).toHaveLength(1_234);
  expect(settlements[1_233]).toEqual({ timeMs: NOW_MS - HOUR_MS + 37, rate: 0.0000125 });
  expect(requests.filter((request) => request.type === 'fundingHistory')).toHaveLength(3);
});

test('the rules of all coins are asked for once', async () => {
  const { info, requests } = await exchange(() => undefined);
  expect((await info.instruments()).map((instrument) => instrument.coin)).toEqual(['BTC', 'ETH']);
  await info.instruments();
  expect(requests.filter((request) => request.type === 'meta')).toHaveLength(1);
});

describe('when something goes wrong', () => {
  test('too many requests: waits, longer each time, and goes on', async () => {
    let busy = 3;
    const { info, slept } = await exchange((request) =>
      request.type === 'meta' && busy-- > 0 ? json(null, 429) : undefined,
    );
    expect(await info.instruments()).toHaveLength(2);
    expect(slept).toEqual([2_000, 4_000, 8_000]);
  });

  test('too many requests without end: gives up after five waits, and says why', async () => {
    const { info, requests } = await exchange(() => json(null, 429));
    await expect(info.instruments()).rejects.toThrow(/HTTP 429: too many requests from this address/);
    expect(requests.filter((request) => request.type === 'meta')).toHaveLength(6);
  });

  test('too many requests: waits as long as the answer demands', async () => {
    let busy = 1;
    const { info, slept } = await exchange((request) =>
      request.type === 'meta' && busy-- > 0 ? { ...json(null, 429), headers: { 'Retry-After': '20' } } : undefined,
    );
    expect(await info.instruments()).toHaveLength(2);
    expect(slept).toEqual([20_000]);
  });

  test('a refused request is the fault of the request: no second attempt', async () => {
    const body = 'Failed to deserialize the JSON body into the target type';
    const { info, requests } = await exchange((request) =>
      request.type === 'meta' ? { status: 422, type: 'text/plain', body } : undefined,
    );
    const asked = info.instruments();
    await expect(asked).rejects.toThrow(DataError);
    await expect(asked).rejects.toThrow(expect.objectContaining({ details: [body] }));
    expect(requests.filter((request) => request.type === 'meta')).toHaveLength(1);
  });

  test('an exchange that fails for a moment is asked again', async () => {
    let failing = 2;
    const { info } = await exchange((request) =>
      request.type === 'meta' && failing-- > 0 ? json(null, 500) : undefined,
    );
    expect(await info.instruments()).toHaveLength(2);
  });

  test('a web page of a gateway in trouble is passed over, if it does not last', async () => {
    let failing = 2;
    const page: Answer = { status: 502, type: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' };
    const { info } = await exchange((request) => (request.type === 'meta' && failing-- > 0 ? page : undefined));
    expect(await info.instruments()).toHaveLength(2);
  });

  test('a text in place of JSON is named, after it was given time to pass', async () => {
    const { info, slept } = await exchange((request) =>
      request.type === 'meta' ? { type: 'text/plain', body: 'maintenance' } : undefined,
    );
    await expect(info.instruments()).rejects.toThrow(
      'the exchange cannot be reached (HTTP 200 with an answer that is cut off, or is no JSON)',
    );
    expect(slept).toEqual([500, 1_000, 2_000]);
  });

  test('an exchange that does not tell the time is judged by this machine', async () => {
    const { info } = await exchange((request) =>
      request.type === 'exchangeStatus' ? json({ specialStatuses: null }) : hoursFrom(0)(request),
    );
    expect(await info.serverTime()).toBeNull();
    expect(await info.clockSkew()).toBeNull();
    const candles = await info.candles('BTC', '1h', NOW_MS - 3 * HOUR_MS, NOW_MS + 3 * HOUR_MS);
    expect(candles.map((candle) => (candle.openTimeMs - NOW_MS) / HOUR_MS)).toEqual([-3, -2, -1]);
  });

  test('a time that is none is refused by its field', async () => {
    const { info } = await exchange((request) =>
      request.type === 'exchangeStatus' ? json({ time: 'noon', specialStatuses: null }) : undefined,
    );
    await expect(info.serverTime()).rejects.toThrow(
      expect.objectContaining({ name: 'DataError', details: [expect.stringMatching(/^time: /)] }),
    );
  });

  test.each([
    ['with success', 200],
    ['with a refusal', 403],
  ])('a web page in its place, %s, is not the exchange', async (_how, status) => {
    const page: Answer = { status, type: 'text/html', body: '<!doctype html><title>Sign in to the network</title>' };
    const { info } = await exchange(() => page);
    expect(await info.isReachable()).toBe(false);
    await expect(info.instruments()).rejects.toThrow(/with a web page, so something in between answered/);
  });

  test('silence is noticed at the first request, in the time that connecting may take', async () => {
    const { info, slept } = await exchange(() => 'silence', { connectTimeoutMs: 60 });
    expect(await info.isReachable()).toBe(false);
    await expect(info.candles('BTC', '1h', 0, NOW_MS)).rejects.toThrow(/cannot be reached \(no answer in time\)/);
    expect(slept).toEqual([]);
  });

  test('a port that nobody listens on, and a name that nobody has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const refused = new HyperliquidInfo({ apiUrl: `http://127.0.0.1:${port}` });
    expect(await refused.isReachable()).toBe(false);
    await expect(refused.instruments()).rejects.toThrow(ExchangeUnreachableError);
    await expect(refused.instruments()).rejects.toThrow(
      /cannot be reached \(nobody listens at its address: ECONNREFUSED\)/,
    );
    const nameless = new HyperliquidInfo({ apiUrl: 'http://candor.invalid', connectTimeoutMs: 500 });
    expect(await nameless.isReachable()).toBe(false);
  });

  test('Ctrl-C ends a wait', async () => {
    const controller = new AbortController();
    const { info } = await exchange((request) => (request.type === 'meta' ? json(null, 429) : undefined), {
      timer: {
        nowMs: () => epochMs(NOW_MS),
        sleep: async (_ms, signal) => {
          controller.abort(new Error('Ctrl-C'));
          signal?.throwIfAborted();
        },
      },
    });
    await expect(info.instruments({ signal: controller.signal })).rejects.toThrow('Ctrl-C');
  });
});

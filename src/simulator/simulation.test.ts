import { HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { describe, expect, onTestFinished, test } from 'vitest';
import { candlesOf, type StartedExchange, startExchange, walkedCoin } from '../../test/simulated-exchange.ts';
import type { CandleColumns, ClosedCandle } from '../domain/candle.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import { parseCandles } from '../exchange/wire.ts';
import type { FaultPlan } from './faults.ts';
import { type Halt, type PlayedCoin, withoutTrades } from './played-market.ts';
import { seededRevisions } from './revisions.ts';
import { simulate } from './simulation.ts';
import type { VirtualClock } from './virtual-clock.ts';

const START_MS = Date.UTC(2025, 0, 1);
const COINS = ['BTC', 'ETH'];

const EVERYTHING_GOES_WRONG: FaultPlan = {
  seed: 11,
  chances: {
    busy: 0.01,
    failure: 0.02,
    'web-page': 0.01,
    'wrong-shape': 0.02,
    truncated: 0.02,
    slow: 0.02,
    reset: 0.02,
    duplicated: 0.02,
    late: 0.02,
    'out-of-order': 0.02,
  },
  everyMs: { dropped: HOUR_MS, silent: 3 * HOUR_MS },
};

interface Recording {
  readonly days: number;
  /** How often the last ten minutes are asked for. */
  readonly everyMs: number;
  readonly faults?: FaultPlan;
  readonly halts?: readonly Halt[];
}

/** As small as a recorder can be: listens, and asks for the last ten minutes now and then, come what may. */
class Recorder {
  readonly candles = new Map<string, ClosedCandle>();
  readonly log: string[] = [];
  readonly #exchange: StartedExchange['exchange'];
  readonly #clock: VirtualClock;
  readonly #info: InfoClient;
  readonly #stopped = new AbortController();
  #heardMs = 0;

  constructor({ exchange, clock }: StartedExchange, everyMs: number) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#info = new InfoClient({ transport: new HttpTransport({ apiUrl: exchange.url }) });
    onTestFinished(() => this.#stopped.abort());
    void this.#listen();
    for (const coin of COINS) void this.#ask(coin, everyMs);
  }

  /** Opens a socket, and another one when it is lost or has been silent for a minute and a half. */
  async #listen(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const transport = new WebSocketTransport({ url: this.#exchange.streamUrl, reconnect: { maxRetries: 0 } });
      const client = new SubscriptionClient({ transport });
      this.#heardMs = this.#clock.nowMs();
      for (const coin of COINS) {
        client.candle({ coin, interval: '1m' }, ({ t, n }) => this.#hear(`${coin} ${t} ${n}`)).catch(() => {});
        client.activeAssetCtx({ coin }, ({ ctx }) => this.#hear(`${coin} ${ctx.markPx}`)).catch(() => {});
      }
      while (!transport.socket.terminationSignal.aborted && this.#clock.nowMs() - this.#heardMs < 90 * SECOND_MS) {
        await this.#clock.sleep(15 * SECOND_MS, this.#stopped.signal).catch(() => {});
        if (this.#stopped.signal.aborted) break;
      }
      transport.close();
    }
  }

  #hear(text: string): void {
    this.#heardMs = this.#clock.nowMs();
    this.log.push(`${this.#heardMs} ${text}`);
  }

  async #ask(coin: string, everyMs: number): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const nowMs = this.#clock.nowMs();
      const nextMs = Math.floor(nowMs / everyMs) * everyMs + everyMs + 1_500;
      await this.#clock.sleep(nextMs - nowMs, this.#stopped.signal).catch(() => {});
      await this.#askOnce(coin).catch((error: Error) => this.log.push(`${this.#clock.nowMs()} ${error.name}`));
    }
  }

  async #askOnce(coin: string): Promise<void> {
    const startTime = this.#clock.nowMs() - 10 * MINUTE_MS;
    const rows = await this.#info.candleSnapshot({ coin, interval: '1m', startTime });
    for (const candle of parseCandles(rows, 'it', this.#clock.nowMs())?.candles ?? []) {
      this.candles.set(`${coin} ${candle.openTimeMs}`, candle);
    }
  }
}

interface Played {
  readonly started: StartedExchange;
  readonly recorder: Recorder;
}

async function play(coins: readonly PlayedCoin[], { days, everyMs, ...options }: Recording): Promise<Played> {
  const started = await startExchange({ coins, nowMs: START_MS, contextEveryMs: 20 * SECOND_MS, ...options });
  const recorder = new Recorder(started, everyMs);
  const { clock, exchange } = started;
  await simulate({ clock, exchange, untilMs: START_MS + days * DAY_MS - MINUTE_MS });
  return { started, recorder };
}

/** What was recorded, and what should have been: everything but the newest candles, which may not be final yet. */
function recorded({ started, recorder }: Played): [ClosedCandle[], ClosedCandle[]] {
  const toMs = started.clock.nowMs() - 9 * MINUTE_MS;
  const truth = COINS.flatMap((coin) => started.market.finalCandles(coin, '1m', START_MS, toMs));
  const own = [...recorder.candles.values()].filter(({ openTimeMs }) => openTimeMs < toMs);
  return [own.sort(byCoinAndTime(recorder)), truth];
}

function byCoinAndTime({ candles }: Recorder): (a: ClosedCandle, b: ClosedCandle) => number {
  const keys = new Map([...candles].map(([key, candle]) => [candle, key]));
  return (a, b) => ((keys.get(a) as string) < (keys.get(b) as string) ? -1 : 1);
}

function walked(days: number): PlayedCoin[] {
  return COINS.map((coin) => walkedCoin(coin, { startMs: START_MS, days, seed: 1, emptyShare: 0.05 }));
}

describe('a client of the SDK and the exchange, in lockstep', () => {
  test('three days of two coins', async () => {
    const played = await play(walked(3), { days: 3, everyMs: 5 * MINUTE_MS });
    const [own, truth] = recorded(played);
    expect(own).toEqual(truth);
    expect(own.length).toBe(2 * (3 * 1440 - 10));
    expect(played.started.exchange.requests).toHaveLength(2 * 863);
  });

  test('a half day on which everything goes wrong is recorded all the same', async () => {
    const coins = walked(0.5).map((coin) => {
      const columns = candlesOf(coin)[0] as CandleColumns;
      const quiet = withoutTrades(columns, [START_MS + 5 * HOUR_MS, START_MS + 5 * HOUR_MS + MINUTE_MS]);
      const plan = { seed: 4, chance: 0.02, withinMs: 4 * MINUTE_MS };
      return { ...coin, candles: quiet, revisions: seededRevisions(quiet, plan) };
    });
    const halts = [{ fromMs: START_MS + 9 * HOUR_MS, toMs: START_MS + 9 * HOUR_MS + 20 * MINUTE_MS }];
    const played = await play(coins, { days: 0.5, everyMs: MINUTE_MS, faults: EVERYTHING_GOES_WRONG, halts });
    const [own, truth] = recorded(played);
    expect(own).toEqual(truth);
    expect(truth).toHaveLength(2 * (720 - 10 - 20));
    const { counts } = played.started.exchange.faults;
    for (const kind of Object.keys(EVERYTHING_GOES_WRONG.chances ?? {})) {
      expect([kind, counts[kind as 'busy']]).toEqual([kind, expect.any(Number)]);
    }
    expect(counts.dropped).toBeGreaterThan(5);
    expect(counts.silent).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(0);
  });

  test('the same seeds give the same run, message by message and request by request', async () => {
    const stories: unknown[][] = [];
    for (const seed of [11, 11, 12]) {
      const faults = { ...EVERYTHING_GOES_WRONG, seed, everyMs: { dropped: HOUR_MS / 4, silent: HOUR_MS } };
      const { started, recorder } = await play(walked(0.2), { days: 0.2, everyMs: MINUTE_MS, faults });
      stories.push([...recorder.log, started.exchange.requests, started.exchange.faults.counts]);
    }
    expect(stories[1]).toEqual(stories[0]);
    expect(stories[2]?.at(-1)).not.toEqual(stories[0]?.at(-1));
    expect(stories[0]?.length).toBeGreaterThan(2_500);
  });
});

test('a simulation ends at its time, sleepers or not', async () => {
  const { clock, exchange } = await startExchange({ coins: walked(1), nowMs: START_MS });
  const woken: number[] = [];
  for (const ms of [10, 20, 31]) void clock.sleep(ms).then(() => woken.push(clock.nowMs() - START_MS));
  await simulate({ clock, exchange, untilMs: START_MS + 30 });
  expect([woken, clock.nowMs() - START_MS]).toEqual([[10, 20], 30]);
  const stop = AbortSignal.abort(new Error('enough'));
  await expect(simulate({ clock, exchange, untilMs: START_MS + 60, signal: stop })).rejects.toThrow('enough');
});

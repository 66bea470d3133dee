import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Timer } from '../domain/clock.ts';
import { type FaultPlan, Faults } from './faults.ts';
import { addressOf, HttpRoom, type RequestRecord } from './http-room.ts';
import { InfoRoom } from './info-room.ts';
import { type ExchangeLimits, REAL_LIMITS } from './limits.ts';
import type { PlayedMarket } from './played-market.ts';
import { SkewedClock } from './scaled-clock.ts';
import { StreamRoom } from './stream-room.ts';

export interface ExchangeOptions {
  readonly clock: Timer;
  readonly market: PlayedMarket;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly faults?: FaultPlan;
  /** Where they are not the real ones. */
  readonly limits?: Partial<ExchangeLimits>;
  /** Sends the line that is no JSON at the start of a connection to the stream. */
  readonly greets?: boolean;
  readonly unknownCoinStatus?: 200 | 500;
}

/**
 * The stand-in for Hyperliquid, on loopback: `POST /info` and the stream at `/ws`, playing a market by a clock. Clients
 * need nothing but its address.
 */
export class SimulatedExchange {
  readonly faults: Faults;
  readonly #clock: SkewedClock;
  readonly #http: HttpRoom;
  readonly #streams: StreamRoom;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #stopped = new AbortController();
  /** Aborted when something new may be due. */
  #changed = new AbortController();
  #port = 0;

  private constructor({ clock, market, limits, faults, greets, unknownCoinStatus }: ExchangeOptions) {
    this.#clock = new SkewedClock(clock);
    this.faults = new Faults(faults);
    const rooms = { clock: this.#clock, market, limits: { ...REAL_LIMITS, ...limits }, faults: this.faults };
    const info = new InfoRoom({ ...rooms, unknownCoinStatus: unknownCoinStatus ?? 500 });
    this.#http = new HttpRoom({ ...rooms, info, stopped: this.#stopped.signal });
    this.#streams = new StreamRoom({
      ...rooms,
      greets: greets ?? false,
      ask: (payload, address) => this.#http.ask(payload, address),
      onChange: () => this.#changed.abort(),
    });
    // A connection that the server closes for being idle may meet a request that is on its way.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      void this.#http.handle(request, response);
    });
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  /** Starts it and plays; the market is as far as the clock says. */
  static async start(options: ExchangeOptions): Promise<SimulatedExchange> {
    const exchange = new SimulatedExchange(options);
    await new Promise<void>((resolve, reject) => {
      exchange.#server.once('error', reject);
      exchange.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    exchange.#port = (exchange.#server.address() as AddressInfo).port;
    void exchange.#play();
    return exchange;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get streamUrl(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** Everything that was asked over HTTP, in order. */
  get requests(): readonly RequestRecord[] {
    return this.#http.requests;
  }

  /** By how much the exchange's clock is ahead. */
  get clockSkewMs(): number {
    return this.#clock.skewMs;
  }

  set clockSkewMs(skewMs: number) {
    this.#clock.skewMs = skewMs;
    this.#changed.abort();
  }

  /** Open sockets of the stream. */
  get connections(): number {
    return this.#streams.connections;
  }

  /** Are new sockets refused for the time being? */
  get isRefusing(): boolean {
    return this.#streams.isRefusing;
  }

  /** Grows with everything that clients do here. */
  get activity(): number {
    return this.#streams.heard + this.#http.heard;
  }

  /** Nothing is being answered, but for what waits for the clock, and every message has been dealt with. */
  get isQuiet(): boolean {
    return this.#http.busy === 0 && this.#streams.isReceived;
  }

  /** Resolves when every message of the stream has been dealt with by its client. */
  received(): Promise<void> {
    return this.#streams.received();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#changed.abort();
    this.#streams.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = addressOf(request);
    if (request.url !== '/ws' || !this.#streams.admits(address)) {
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#streams.accept(webSocket, address));
  }

  /** Publishes what is due when it is due. */
  async #play(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#changed = new AbortController();
      const { signal } = this.#changed;
      const dueMs = this.#streams.nextDueMs;
      const nowMs = this.#clock.nowMs();
      if (dueMs === undefined) await aborted(signal);
      else if (dueMs > nowMs) await this.#clock.sleep(dueMs - nowMs, signal).catch(() => {});
      else this.#streams.publish();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

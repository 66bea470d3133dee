import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Timer } from '../domain/clock.ts';
import { type FaultPlan, Faults, type HttpFault } from './faults.ts';
import { type InfoAnswer, InfoRoom, isRecord, UNREADABLE } from './info-room.ts';
import { type ExchangeLimits, MinuteMeter, REAL_LIMITS } from './limits.ts';
import type { PlayedMarket } from './played-market.ts';
import { SkewedClock } from './scaled-clock.ts';
import { StreamRoom } from './stream-room.ts';
import { wrongShapeOf } from './wrong-shape.ts';

export interface ExchangeOptions {
  readonly clock: Timer;
  readonly market: PlayedMarket;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly faults?: FaultPlan;
  /** Where they are not the real ones. */
  readonly limits?: Partial<ExchangeLimits>;
  readonly greets?: boolean;
  readonly unknownCoinStatus?: 200 | 500;
}

/** One request as it was asked and answered. */
export interface RequestRecord {
  readonly atMs: number;
  readonly type: string;
  readonly request: unknown;
  readonly status: number;
  readonly weight: number;
  readonly fault?: HttpFault;
}

const WEB_PAGE = '<!doctype html><html><head><title>Sign in</title></head><body>Network sign-in</body></html>';

/**
 * The stand-in for Hyperliquid, on loopback: `POST /info` and the stream at `/ws`, playing a market by a clock. Clients
 * need nothing but its address.
 */
export class SimulatedExchange {
  readonly faults: Faults;
  /** Everything that was asked over HTTP, in order. */
  readonly requests: RequestRecord[] = [];
  readonly #clock: SkewedClock;
  readonly #limits: ExchangeLimits;
  readonly #info: InfoRoom;
  readonly #streams: StreamRoom;
  readonly #server: Server;
  readonly #weights = new MinuteMeter();
  readonly #stopped = new AbortController();
  #changed = new AbortController();
  #port = 0;
  #busy = 0;
  #answered = 0;

  private constructor(options: ExchangeOptions) {
    const { clock, market, greets = false, unknownCoinStatus = 500 } = options;
    this.#clock = new SkewedClock(clock);
    this.#limits = { ...REAL_LIMITS, ...options.limits };
    this.faults = new Faults(options.faults);
    this.#info = new InfoRoom({ market, limits: this.#limits, unknownCoinStatus });
    this.#streams = new StreamRoom({
      market,
      limits: this.#limits,
      faults: this.faults,
      greets,
      nowMs: () => this.#clock.nowMs(),
      ask: (payload, address) => this.#ask(payload, address),
      onChange: () => this.#changed.abort(),
    });
    // A connection that the server closes for being idle may meet a request that is on its way.
    this.#server = createServer(
      { keepAliveTimeout: 0 },
      (request, response) => void this.#onRequest(request, response),
    );
    const sockets = new WebSocketServer({ noServer: true });
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      const address = addressOf(request);
      const refusal = request.url === '/ws' ? this.#streams.refusal(address) : 'not found';
      if (refusal !== undefined) {
        socket.destroy();
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => this.#streams.accept(webSocket, address));
    });
  }

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
    return this.#streams.heard + this.#answered + this.requests.length;
  }

  /** Nothing is being answered, but for what waits for the clock, and every message has been dealt with. */
  get isQuiet(): boolean {
    return this.#busy === 0 && this.#streams.isReceived;
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

  /** Publishes what is due when it is due. */
  async #play(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#changed = new AbortController();
      const dueMs = this.#streams.nextDueMs;
      const { signal } = this.#changed;
      const nowMs = this.#clock.nowMs();
      if (dueMs !== undefined && dueMs <= nowMs) this.#streams.publish();
      else await untilAborted(dueMs === undefined ? undefined : this.#clock.sleep(dueMs - nowMs, signal), signal);
    }
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#busy++;
    response.on('close', () => {
      this.#busy--;
      this.#answered++;
    });
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method !== 'POST' || request.url !== '/info') {
        respond(response, 404, 'text/plain', '');
        return;
      }
      await this.#answerInfo(Buffer.concat(chunks).toString(), addressOf(request), response);
    } catch {
      // The client went away in the middle of its request, or the exchange was stopped.
      response.destroy();
    }
  }

  async #answerInfo(body: string, address: string, response: ServerResponse): Promise<void> {
    const request = parsed(body);
    const type = isRecord(request) ? String(request['type']) : '';
    const fault = this.faults.forHttp(type);
    const answer = fault === 'busy' ? tooMany(0) : this.#ask(request, address);
    const status = statusOf(answer.status, fault);
    const atMs = this.#clock.nowMs();
    this.requests.push({
      atMs,
      type,
      request,
      status,
      weight: answer.weight,
      ...(fault === undefined ? {} : { fault }),
    });
    if (fault === 'slow') {
      this.#busy--;
      await this.#clock.sleep(this.faults.slowMs(), this.#stopped.signal).finally(() => this.#busy++);
    }
    if (fault === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    if (fault === 'web-page') {
      respond(response, 200, 'text/html', WEB_PAGE);
      return;
    }
    const text = answer.isText ? String(answer.body) : JSON.stringify(this.#bodyOf(answer.body, fault));
    const isJson = !answer.isText;
    const whole = fault === 'failure' ? 'null' : text;
    const sent = fault === 'truncated' ? whole.slice(0, Math.floor(whole.length / 2)) : whole;
    respond(response, status, isJson ? 'application/json' : 'text/plain', sent);
  }

  #bodyOf(body: unknown, fault: HttpFault | undefined): unknown {
    return fault === 'wrong-shape' ? wrongShapeOf(body, (count) => this.faults.pick(count)) : body;
  }

  /** Answers within the weight of the address. */
  #ask(request: unknown, address: string): InfoAnswer {
    const nowMs = this.#clock.nowMs();
    const answer = request === undefined ? UNREADABLE : this.#info.answer(request, nowMs);
    if (this.#weights.used(address, nowMs) + answer.weight > this.#limits.weightPerMinute)
      return tooMany(answer.weight);
    this.#weights.add(address, nowMs, answer.weight);
    return answer;
  }
}

function tooMany(weight: number): InfoAnswer {
  return { status: 429, body: null, weight };
}

function statusOf(status: number, fault: HttpFault | undefined): number {
  return fault === 'failure' ? 500 : status;
}

function respond(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function untilAborted(sleep: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (sleep !== undefined) {
    await sleep.catch(() => {});
    return;
  }
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

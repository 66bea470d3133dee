import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Timer } from '../domain/clock.ts';
import type { Faults, HttpFault } from './faults.ts';
import { type InfoAnswer, type InfoRoom, isRecord, UNREADABLE } from './info-room.ts';
import { type ExchangeLimits, MinuteMeter } from './limits.ts';
import { wrongShapeOf } from './wrong-shape.ts';

export interface HttpRoomOptions {
  readonly clock: Timer;
  readonly info: InfoRoom;
  readonly limits: ExchangeLimits;
  readonly faults: Faults;
  /** Answers that wait for the clock are given up then. */
  readonly stopped: AbortSignal;
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

/** What goes over the line in the end; nothing at all where the connection breaks instead. */
interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json';
const WEB_PAGE: Reply = {
  status: 200,
  contentType: 'text/html',
  body: '<!doctype html><html><head><title>Sign in</title></head><body>Network sign-in</body></html>',
};
const NOT_FOUND: Reply = { status: 404, contentType: 'text/plain', body: '' };

/** Requests over HTTP: each is weighed, answered, spoilt where a fault says so, and written down. */
export class HttpRoom {
  /** In the order in which they came. */
  readonly requests: RequestRecord[] = [];
  readonly #options: HttpRoomOptions;
  readonly #weights = new MinuteMeter();
  #busy = 0;
  #done = 0;

  constructor(options: HttpRoomOptions) {
    this.#options = options;
  }

  /** Requests that are being answered, but for those whose answer waits for the clock. */
  get busy(): number {
    return this.#busy;
  }

  /** Grows with everything that clients do here. */
  get heard(): number {
    return this.requests.length + this.#done;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#busy++;
    response.on('close', () => {
      this.#busy--;
      this.#done++;
    });
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const isInfo = request.method === 'POST' && request.url === '/info';
      const body = Buffer.concat(chunks).toString();
      const reply = isInfo ? await this.#replyTo(parsed(body), addressOf(request)) : NOT_FOUND;
      if (reply === undefined) response.socket?.resetAndDestroy();
      else send(response, reply);
    } catch {
      // The client went away in the middle of its request, or the exchange was stopped.
      response.destroy();
    }
  }

  async #replyTo(request: unknown, address: string): Promise<Reply | undefined> {
    const { clock, faults, stopped } = this.#options;
    const type = isRecord(request) ? String(request['type']) : '';
    const fault = faults.forHttp(type);
    const answer = fault === 'busy' ? tooMany(0) : this.ask(request, address);
    const reply = spoilt(answer, fault, faults);
    const status = reply?.status ?? 0;
    const faulty = fault === undefined ? {} : { fault };
    this.requests.push({ atMs: clock.nowMs(), type, request, status, weight: answer.weight, ...faulty });
    if (fault === 'slow') {
      this.#busy--;
      await clock.sleep(faults.slowMs(), stopped).finally(() => this.#busy++);
    }
    return reply;
  }

  /** Answers within the weight of the address. A request that is too much costs nothing. */
  ask(request: unknown, address: string): InfoAnswer {
    const { clock, info, limits } = this.#options;
    const nowMs = clock.nowMs();
    const answer = request === undefined ? UNREADABLE : info.answer(request, nowMs);
    if (this.#weights.used(address, nowMs) + answer.weight > limits.weightPerMinute) return tooMany(answer.weight);
    this.#weights.add(address, nowMs, answer.weight);
    return answer;
  }
}

function tooMany(weight: number): InfoAnswer {
  return { status: 429, body: null, weight };
}

/** What a fault makes of an answer. */
function spoilt(answer: InfoAnswer, fault: HttpFault | undefined, faults: Faults): Reply | undefined {
  const reply = answer.isText
    ? { status: answer.status, contentType: 'text/plain', body: String(answer.body) }
    : { status: answer.status, contentType: JSON_TYPE, body: JSON.stringify(answer.body) };
  switch (fault) {
    case 'reset':
      return undefined;
    case 'web-page':
      return WEB_PAGE;
    case 'failure':
      return { status: 500, contentType: JSON_TYPE, body: 'null' };
    case 'truncated':
      return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) };
    case 'wrong-shape':
      return { ...reply, body: JSON.stringify(wrongShapeOf(answer.body, (count) => faults.pick(count))) };
    case 'busy':
    case 'slow':
    case undefined:
      return reply;
  }
}

function send(response: ServerResponse, { status, contentType, body }: Reply): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

export function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

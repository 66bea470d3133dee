import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';
import { Connection } from './connection.ts';
import type { Faults, SocketFault, SocketVictim } from './faults.ts';
import { type InfoAnswer, isRecord } from './info-room.ts';
import { type ExchangeLimits, MinuteMeter } from './limits.ts';
import type { PlayedMarket } from './played-market.ts';
import { StreamMessages } from './stream-messages.ts';
import { normalised, type Subscription } from './subscription.ts';

export interface StreamRoomOptions {
  readonly clock: Clock;
  readonly market: PlayedMarket;
  readonly limits: ExchangeLimits;
  readonly faults: Faults;
  /** Sends the line that is no JSON at the start of a connection, as the exchange once did. */
  readonly greets: boolean;
  /** Questions that are posted through the socket. */
  readonly ask: (payload: unknown, address: string) => InfoAnswer;
  /** Something new is due: who waits for `nextDueMs` has to look again. */
  readonly onChange: () => void;
}

const GREETING = 'Websocket connection established.';

/** The stream: who is connected, what they asked for, and what each is told when. */
export class StreamRoom implements SocketVictim {
  readonly #options: StreamRoomOptions;
  readonly #connections = new Set<Connection>();
  readonly #newConnections = new MinuteMeter();
  readonly #clientMessages = new MinuteMeter();
  readonly #late: { readonly dueMs: number; readonly to: Connection; readonly text: string }[] = [];
  #refusesUntilMs = Number.NEGATIVE_INFINITY;
  #publishedMs: number;
  #heard = 0;

  constructor(options: StreamRoomOptions) {
    this.#options = options;
    this.#publishedMs = options.clock.nowMs();
    options.faults.attach(this);
  }

  /** Grows with everything that clients do here. */
  get heard(): number {
    return this.#heard;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Is nobody let in for the time being? */
  get isRefusing(): boolean {
    return this.#options.clock.nowMs() < this.#refusesUntilMs;
  }

  /** May that address connect now? */
  admits(address: string): boolean {
    const { faults, limits, clock } = this.#options;
    this.#heard++;
    if (this.isRefusing) {
      faults.countRefusal();
      return false;
    }
    const open = [...this.#connections].filter((each) => each.address === address).length;
    const recent = this.#newConnections.used(address, clock.nowMs());
    if (open >= limits.connections || recent >= limits.connectionsPerMinute) return false;
    this.#newConnections.add(address, clock.nowMs(), 1);
    return true;
  }

  accept(socket: WebSocket, address: string): void {
    const connection = new Connection(socket, address, this.#options.clock.nowMs());
    this.#heard++;
    this.#connections.add(connection);
    socket.on('message', (data) => this.#onMessage(connection, data));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#heard++;
      this.#connections.delete(connection);
      this.#options.onChange();
    });
    if (this.#options.greets) connection.send(GREETING, this.#options.clock.nowMs());
    this.#options.onChange();
  }

  get isReceived(): boolean {
    return [...this.#connections].every((connection) => connection.isReceived);
  }

  /** Resolves when every client has dealt with everything that it was sent. */
  async received(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.received()));
  }

  strike(kind: SocketFault, refuseMs: number): void {
    this.#refusesUntilMs = this.#options.clock.nowMs() + refuseMs;
    for (const connection of this.#connections) {
      if (kind === 'silent') connection.isSilent = true;
      else connection.socket.terminate();
    }
    this.#options.onChange();
  }

  close(): void {
    for (const { socket } of this.#connections) socket.terminate();
  }

  #onMessage(connection: Connection, data: RawData): void {
    const { limits, clock } = this.#options;
    this.#heard++;
    if (connection.isSilent) return;
    if (this.#clientMessages.used(connection.address, clock.nowMs()) >= limits.messagesPerMinute) {
      this.#fail(connection, `Cannot send more than ${limits.messagesPerMinute} messages per minute.`);
      return;
    }
    this.#clientMessages.add(connection.address, clock.nowMs(), 1);
    const text = data.toString();
    const request = parsed(text);
    switch (request?.['method']) {
      case 'ping':
        this.#say(connection, { channel: 'pong' });
        return;
      case 'subscribe':
      case 'unsubscribe':
        this.#onSubscription(connection, request['method'], request['subscription']);
        return;
      case 'post':
        this.#onPost(connection, request, text);
        return;
      default:
        this.#fail(connection, `Error parsing JSON into valid websocket request: ${text}`);
    }
  }

  #onSubscription(connection: Connection, method: 'subscribe' | 'unsubscribe', asked: unknown): void {
    const { market, limits, onChange } = this.#options;
    const subscription = normalised(asked, market);
    if (subscription === undefined) {
      this.#fail(connection, `Invalid subscription ${JSON.stringify(asked)}`);
      return;
    }
    const key = JSON.stringify(subscription);
    const isThere = connection.subscriptions.has(key);
    if (isThere === (method === 'subscribe')) {
      this.#fail(connection, `Already ${method}d: ${key}`);
      return;
    }
    if (method === 'subscribe' && this.#subscriptionsOf(connection.address) >= limits.subscriptions) {
      this.#fail(connection, `Cannot subscribe to more than ${limits.subscriptions} channels.`);
      return;
    }
    this.#forgetThePast();
    if (method === 'subscribe') connection.subscriptions.set(key, subscription);
    else connection.subscriptions.delete(key);
    this.#say(connection, { channel: 'subscriptionResponse', data: { method, subscription } });
    onChange();
  }

  /** What happened before anybody asked for it is not told: nothing is replayed. */
  #forgetThePast(): void {
    const nowMs = this.#options.clock.nowMs();
    const dueMs = this.nextDueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs > nowMs) this.#publishedMs = Math.max(this.#publishedMs, nowMs);
  }

  #subscriptionsOf(address: string): number {
    const own = [...this.#connections].filter((each) => each.address === address);
    return own.reduce((sum, { subscriptions }) => sum + subscriptions.size, 0);
  }

  #onPost(connection: Connection, { id, request }: Record<string, unknown>, text: string): void {
    if (typeof id !== 'number' || !isRecord(request) || request['type'] !== 'info') {
      this.#fail(connection, `Error parsing JSON into valid websocket request: ${text}`);
      return;
    }
    const payload = request['payload'];
    const { status, body } = this.#options.ask(payload, connection.address);
    const type = isRecord(payload) ? payload['type'] : undefined;
    const response =
      status === 200
        ? { type: 'info', payload: { type, data: body } }
        : { type: 'error', payload: typeof body === 'string' ? body : `${status}` };
    this.#say(connection, { channel: 'post', data: { id, response } });
  }

  #fail(connection: Connection, text: string): void {
    this.#say(connection, { channel: 'error', data: text });
  }

  #say(connection: Connection, message: object): void {
    connection.send(JSON.stringify(message), this.#options.clock.nowMs());
  }

  /** When there is something to do next; undefined while nobody listens. */
  get nextDueMs(): number | undefined {
    const { market, limits, faults } = this.#options;
    const subscriptions = [...this.#connections].flatMap((each) => [...each.subscriptions.values()]);
    const coins = new Set(subscriptions.flatMap((each) => (isOfTrades(each) ? [each.coin] : [])));
    const due = [
      ...[...coins].map((coin) => market.tape(coin)?.nextTradeMs(this.#publishedMs)),
      subscriptions.some((each) => !isOfTrades(each)) ? market.nextContextMs(this.#publishedMs) : undefined,
      ...this.#late.map(({ dueMs }) => dueMs),
      ...[...this.#connections].filter((each) => !each.isSilent).map((each) => each.saidAtMs + limits.silenceMs),
      faults.nextStrikeMs(this.#publishedMs),
      this.isRefusing ? this.#refusesUntilMs : undefined,
    ].filter((each) => each !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Does everything that is due by now. */
  publish(): void {
    const { market, faults, clock } = this.#options;
    const messages = new StreamMessages(market, this.#publishedMs, clock.nowMs());
    this.#publishedMs = Math.max(this.#publishedMs, clock.nowMs());
    for (const connection of this.#connections) {
      for (const [key, subscription] of connection.subscriptions) {
        const text = messages.text(key, subscription);
        if (text !== undefined) this.#deliver(connection, subscription.type, text);
      }
    }
    this.#deliverLate();
    faults.strike(clock.nowMs());
    this.#closeSilent();
  }

  #deliver(connection: Connection, channel: string, text: string): void {
    const { faults, clock } = this.#options;
    const fault = connection.isSilent ? undefined : faults.forMessage(channel);
    if (fault === 'late') {
      this.#late.push({ dueMs: clock.nowMs() + faults.lateMs(), to: connection, text });
      return;
    }
    if (fault === 'out-of-order' && connection.held === undefined) {
      connection.held = text;
      return;
    }
    connection.send(text, clock.nowMs());
    if (fault === 'duplicated') connection.send(text, clock.nowMs());
    if (connection.held !== undefined) connection.send(connection.held, clock.nowMs());
    connection.held = undefined;
  }

  #deliverLate(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const message of this.#late.filter(({ dueMs }) => dueMs <= nowMs)) {
      this.#late.splice(this.#late.indexOf(message), 1);
      message.to.send(message.text, nowMs);
    }
  }

  #closeSilent(): void {
    const { limits, clock } = this.#options;
    for (const connection of this.#connections) {
      if (connection.isSilent || clock.nowMs() - connection.saidAtMs < limits.silenceMs) continue;
      this.#connections.delete(connection);
      connection.socket.close();
    }
  }
}

function isOfTrades(subscription: Subscription): subscription is Extract<Subscription, { type: 'candle' | 'trades' }> {
  return subscription.type === 'candle' || subscription.type === 'trades';
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const request: unknown = JSON.parse(text);
    return isRecord(request) ? request : undefined;
  } catch {
    return undefined;
  }
}

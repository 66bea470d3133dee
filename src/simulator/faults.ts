import { Prng } from '../domain/prng.ts';
import { SECOND_MS } from '../domain/time.ts';

/** What can happen to an answer. */
export const HTTP_FAULTS = ['busy', 'failure', 'web-page', 'wrong-shape', 'truncated', 'slow', 'reset'] as const;
/** What can happen to a message of the stream: twice, seconds late, behind the one after it. */
export const MESSAGE_FAULTS = ['duplicated', 'late', 'out-of-order'] as const;
/** What can happen to the sockets: closed, open but silent; and new ones refused for a while. */
export const SOCKET_FAULTS = ['dropped', 'silent'] as const;

export type HttpFault = (typeof HTTP_FAULTS)[number];
export type MessageFault = (typeof MESSAGE_FAULTS)[number];
export type SocketFault = (typeof SOCKET_FAULTS)[number];
export type FaultKind = HttpFault | MessageFault | SocketFault | 'refused';

/** Faults that come by themselves, the same ones for the same seed. */
export interface FaultPlan {
  readonly seed: number;
  /** How likely each is, for every request or message. */
  readonly chances?: Partial<Record<HttpFault | MessageFault, number>>;
  /** How long, on average, until the sockets meet it again. */
  readonly everyMs?: Partial<Record<SocketFault, number>>;
  /** How many requests in a row are told that there are too many. */
  readonly busyRequests?: number;
  /** The longest that each may last. */
  readonly slowMs?: number;
  readonly lateMs?: number;
  readonly refusedMs?: number;
}

const NO_PLAN: FaultPlan = { seed: 0 };
const DEFAULTS = { busyRequests: 3, slowMs: 20 * SECOND_MS, lateMs: 90 * SECOND_MS, refusedMs: 30 * SECOND_MS };

interface Order {
  readonly kind: HttpFault | MessageFault;
  /** Type of the request or channel of the message; any where it is not said. */
  readonly only: string | undefined;
  left: number;
}

/** Who carries out what befalls the sockets. */
export interface SocketVictim {
  strike(kind: SocketFault, refuseMs: number): void;
}

/** Decides what goes wrong, and counts what did. */
export class Faults {
  readonly #plan: FaultPlan & typeof DEFAULTS;
  readonly #prng: Prng;
  readonly #counts = new Map<FaultKind, number>();
  readonly #orders: Order[] = [];
  readonly #strikesAtMs = new Map<SocketFault, number>();
  #victim: SocketVictim | undefined;

  constructor(plan: FaultPlan = NO_PLAN) {
    this.#plan = { ...DEFAULTS, ...plan };
    this.#prng = new Prng(plan.seed).fork('faults');
  }

  /** How often it has happened. */
  count(kind: FaultKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  get counts(): Readonly<Partial<Record<FaultKind, number>>> {
    return Object.fromEntries(this.#counts);
  }

  /**
   * Befalls the next requests or messages.
   *
   * @param only the type of the requests, or the channel of the messages, that it is for
   */
  next(kind: HttpFault | MessageFault, times = 1, only?: string): void {
    this.#orders.push({ kind, only, left: times });
  }

  /** Closes every socket, and refuses new ones for so long. */
  dropSockets(refuseMs = 0): void {
    this.#victim?.strike('dropped', refuseMs);
  }

  /** Every open socket stays open and says nothing any more. */
  silenceSockets(): void {
    this.#victim?.strike('silent', 0);
  }

  forHttp(type: string): HttpFault | undefined {
    return this.#drawn(HTTP_FAULTS, type);
  }

  forMessage(channel: string): MessageFault | undefined {
    return this.#drawn(MESSAGE_FAULTS, channel);
  }

  #drawn<Kind extends HttpFault | MessageFault>(kinds: readonly Kind[], what: string): Kind | undefined {
    const order = this.#orders.find(
      ({ kind, only, left }) =>
        left > 0 && (only ?? what) === what && (kinds as readonly (HttpFault | MessageFault)[]).includes(kind),
    );
    if (order !== undefined) {
      order.left--;
      if (order.left === 0) this.#orders.splice(this.#orders.indexOf(order), 1);
      return this.#counted(order.kind as Kind);
    }
    for (const kind of kinds) {
      const chance = this.#plan.chances?.[kind] ?? 0;
      if (chance === 0 || this.#prng.uniform() >= chance) continue;
      // Who is told that there are too many is told so for a while.
      if (kind === 'busy' && this.#plan.busyRequests > 1) this.next(kind, this.#plan.busyRequests - 1);
      return this.#counted(kind);
    }
    return undefined;
  }

  #counted<Kind extends FaultKind>(kind: Kind): Kind {
    this.#counts.set(kind, this.count(kind) + 1);
    return kind;
  }

  /** A refused connection. */
  countRefusal(): void {
    this.#counted('refused');
  }

  slowMs(): number {
    return 1 + this.#prng.below(this.#plan.slowMs);
  }

  lateMs(): number {
    return 1 + this.#prng.below(this.#plan.lateMs);
  }

  /** One of so many. */
  pick(count: number): number {
    return this.#prng.below(count);
  }

  attach(victim: SocketVictim): void {
    this.#victim = { strike: (kind, refuseMs) => victim.strike(this.#counted(kind), refuseMs) };
  }

  /** When the sockets are struck next. */
  nextStrikeMs(nowMs: number): number | undefined {
    for (const kind of SOCKET_FAULTS) {
      if (!this.#strikesAtMs.has(kind)) this.#schedule(kind, nowMs);
    }
    return this.#strikesAtMs.size === 0 ? undefined : Math.min(...this.#strikesAtMs.values());
  }

  /** Strikes where the time has come. */
  strike(nowMs: number): void {
    for (const [kind, atMs] of this.#strikesAtMs) {
      if (atMs > nowMs) continue;
      this.#schedule(kind, nowMs);
      this.#victim?.strike(kind, kind === 'dropped' ? this.#prng.below(this.#plan.refusedMs) : 0);
    }
  }

  /** Times between two are exponential: as likely at any moment as at any other. */
  #schedule(kind: SocketFault, nowMs: number): void {
    const everyMs = this.#plan.everyMs?.[kind];
    if (everyMs !== undefined) {
      this.#strikesAtMs.set(kind, nowMs + Math.ceil(-Math.log(1 - this.#prng.uniform()) * everyMs));
    }
  }
}

import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Clock } from '../../domain/clock.ts';
import { type Program, thisProgram } from '../program.ts';
import type { QueueCredentials } from './address.ts';
import { type Announcement, announcedSweeps, type Presence, withQueue } from './announcements.ts';
import { ColumnCache } from './column-cache.ts';
import { whyNot } from './eligibility.ts';
import { type OpenEvaluators, openCores } from './evaluators.ts';
import { faultLine, isConnectionLoss } from './faults.ts';
import { QUEUE_TIMING, type QueueLog, type QueueTiming } from './keys.ts';
import { type Link, openLink } from './link.ts';
import { sendMessage } from './messages.ts';
import { serveSweep } from './serve-sweep.ts';
import { untilAborted } from './waiting.ts';

export interface ServeOptions extends QueueCredentials {
  readonly strategiesDirectory: string;
  /** Chunks that are worked on at once, each in a thread of its own. */
  readonly workers: number;
  /** Candles that were fetched are kept here. */
  readonly cacheDirectory: string;
  /** Work ends when it is given: chunks are finished, or given back. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly timing?: Partial<QueueTiming>;
  /** Stands in for the threads in tests. */
  readonly openEvaluators?: OpenEvaluators;
  /** Stands in for the program that runs here in tests, during which its files may be edited. */
  readonly program?: () => Program;
}

const OUTDATED = 'the files of Candor have changed since this worker was started: start it again';
/** Between two tries when Redis cannot do what it is asked, for lack of memory for example. */
const TROUBLE_POLLS = 5;

/**
 * Works on the sweeps of a queue until the signal is given, one sweep after the other in the order of their
 * announcement. A sweep that this machine cannot serve is left to others, and named once with the reason.
 *
 * @param url `redis[s]://[user[:password]@]host[:port][/database]`
 * @throws UsageError for an address that is none, CandorError when there is no Redis to work with at the start
 */
export async function serveQueue(url: string, options: ServeOptions): Promise<void> {
  const link = await openLink(url, options, options.log);
  try {
    await new QueueWorker(link, options).serve();
  } finally {
    link.close();
  }
}

class QueueWorker {
  readonly #link: Link;
  readonly #redis: Redis;
  readonly #options: ServeOptions;
  readonly #timing: QueueTiming;
  readonly #programOf: () => Program;
  /** As it was at the start. */
  readonly #program: Program;
  readonly #cache: ColumnCache;
  readonly #presence: Presence;
  /** Sweeps that this machine may not serve as it is, by the reason that was given. */
  readonly #refused = new Map<string, string>();
  /** Sweeps that are too much for it, or that it cannot begin. */
  readonly #tooMuch = new Set<string>();
  #trouble = '';

  constructor(link: Link, options: ServeOptions) {
    this.#link = link;
    this.#redis = link.redis;
    this.#options = options;
    this.#timing = { ...QUEUE_TIMING, ...options.timing };
    this.#programOf = options.program ?? thisProgram;
    this.#program = this.#programOf();
    this.#cache = new ColumnCache(options.cacheDirectory, options.clock, options.log);
    this.#presence = { name: `${hostname()}, process ${process.pid}`, threads: options.workers };
  }

  async serve(): Promise<void> {
    const { signal, log } = this.#options;
    this.#cache.prune();
    log.info(`waiting for sweeps at ${this.#link.address.shown}`);
    while (!signal.aborted) {
      try {
        const sweep = await untilAborted(this.#next(), signal);
        if (sweep !== undefined) await this.#serveOne(sweep);
        else await this.#pause(1);
        this.#trouble = '';
      } catch (error) {
        if (!isConnectionLoss(error)) this.#tell(error);
        await this.#pause(TROUBLE_POLLS);
      }
    }
  }

  /** The oldest sweep that has something to do for this machine. */
  async #next(): Promise<Announcement | undefined> {
    for (const sweep of await announcedSweeps(this.#redis)) {
      const { id } = sweep;
      if (this.#tooMuch.has(id) || !(await this.#hasChunks(sweep))) continue;
      // Asked anew each time: a file may have been brought here in the meantime.
      const reason = this.#whyNot(sweep);
      if (reason === undefined) return sweep;
      if (this.#refused.get(id) !== reason) await this.#refuse(sweep, reason);
      this.#refused.set(id, reason);
    }
    return undefined;
  }

  /** Threads load their code when a sweep begins: it must still be the code that this program was started with. */
  #whyNot(sweep: Announcement): string | undefined {
    if (this.#programOf().code !== this.#program.code) return OUTDATED;
    return whyNot(sweep, this.#program, this.#options.strategiesDirectory);
  }

  async #hasChunks({ id }: Announcement): Promise<boolean> {
    return await withQueue(this.#redis, id, async (queue) => (await queue.getWaitingCount()) > 0);
  }

  async #serveOne(sweep: Announcement): Promise<void> {
    const { openEvaluators = openCores, strategiesDirectory, workers, signal, log } = this.#options;
    const refusal = await serveSweep({
      sweep,
      redis: this.#redis,
      cache: this.#cache,
      presence: this.#presence,
      timing: this.#timing,
      signal,
      log,
      open: (work) => openEvaluators(work, strategiesDirectory, workers, sweep.program.code),
      whyNot: () => this.#whyNot(sweep),
      isWantedElsewhere: async () => ((await this.#next()) ?? sweep).id !== sweep.id,
      tell: (error) => this.#tell(error),
    });
    if (refusal === undefined) return;
    const { reason, isLasting } = refusal;
    if (isLasting) this.#tooMuch.add(sweep.id);
    else if (this.#refused.get(sweep.id) === reason) return;
    else this.#refused.set(sweep.id, reason);
    await this.#refuse(sweep, reason);
  }

  /** Says so here and to whoever waits for the sweep. */
  async #refuse({ id, name }: Announcement, reason: string): Promise<void> {
    this.#options.log.warn(`not taking part in the sweep '${name}': ${reason}`);
    const text = `a worker does not take part (${this.#presence.name}): ${reason}`;
    await untilAborted(sendMessage(this.#redis, id, { kind: 'refusal', reason: text }), this.#options.signal);
  }

  #tell(error: unknown): void {
    const trouble = faultLine(error, this.#link.address);
    if (trouble !== this.#trouble) this.#options.log.warn(trouble);
    this.#trouble = trouble;
  }

  async #pause(polls: number): Promise<void> {
    const { signal } = this.#options;
    await delay(polls * this.#timing.pollMs, undefined, { signal }).catch(() => {});
  }
}

import type { EventEmitter } from 'node:events';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Chunk, ChunkResult, Runner, SweepWork } from '../contract.ts';
import { type Program, thisProgram } from '../program.ts';
import type { QueueCredentials } from './address.ts';
import { type Announcement, announce, keepAnnounced, type Presence, presentWorkers, retire } from './announcements.ts';
import { type Blob, storeBlobs } from './blobs.ts';
import { CoordinatorLock } from './coordinator-lock.ts';
import { isConnectionLoss, redisFault } from './faults.ts';
import { PREFIX, QUEUE_TIMING, type QueueLog, type QueueTiming, queueName } from './keys.ts';
import { type Link, openLink } from './link.ts';
import { deleteMessages, type Received, receiveMessages } from './messages.ts';
import { packWork } from './packing.ts';
import { untilAborted, withinMs } from './waiting.ts';
import { counted } from './words.ts';

export interface QueueRunnerOptions extends QueueCredentials {
  readonly log: QueueLog;
  /** The command that starts a worker, for the person who waits for one. */
  readonly workerCommand: string;
  readonly timing?: Partial<QueueTiming>;
  /** Stands in for the program that runs here in tests, during which its files may be edited. */
  readonly program?: () => Program;
}

/** What one chunk is, as a job. */
export interface ChunkJob extends Chunk {
  /** Of the candles that it is about. */
  readonly fingerprint: string;
}

/** Chunks in the queue at a time: enough for hundreds of cores, and a sweep of millions still fits into any Redis. */
const QUEUED_CHUNKS = 512;
const MESSAGES_AT_ONCE = 64;
/** What leaving may take; what it does not get to runs out by itself. */
const LEAVE_MS = 3_000;
/** Times that nothing came before every chunk that is out is queued once more, in case that Redis lost it. */
const IDLE_TENDINGS = 10;

/**
 * Carries out a sweep on whatever workers there are. This side only coordinates: it gives chunks to the queue, a few at
 * a time, and takes results until all are there. It keeps making Redis look as it should, so that nothing has to be
 * remembered about what was lost: a worker, a connection, or all that Redis knew.
 *
 * @param url `redis[s]://[user[:password]@]host[:port][/database]`
 */
export function queueRunner(url: string, options: QueueRunnerOptions): Runner {
  return async (work, chunks, onResult, signal) => {
    if (chunks.length === 0) return;
    const link = await openLink(url, options, options.log);
    try {
      await new Coordinator(link, work, chunks, onResult, options).run(signal);
    } catch (error) {
      throw redisFault(error, link.address);
    } finally {
      link.close();
    }
  };
}

class Coordinator {
  readonly #redis: Redis;
  readonly #reader: Redis;
  readonly #log: QueueLog;
  readonly #workerCommand: string;
  readonly #timing: QueueTiming;
  readonly #onResult: (chunk: Chunk, result: ChunkResult) => void;
  readonly #announcement: Announcement;
  readonly #blobs: readonly Blob[];
  readonly #queue: Queue<ChunkJob>;
  /** Looks for chunks of dead workers, and works on none. */
  readonly #guardian: Worker;
  readonly #lock: CoordinatorLock;
  /** What has no result yet, in the order of the plan. */
  readonly #missing: Map<string, Chunk>;
  readonly #queued = new Map<string, Chunk>();
  #workers: readonly Presence[] | undefined;
  #hasHeard = false;
  #idleTendings = 0;
  /** Not at once: workers that are there take a moment to say so. */
  #tendedMs = performance.now();

  constructor(
    link: Link,
    work: SweepWork,
    chunks: readonly Chunk[],
    onResult: (chunk: Chunk, result: ChunkResult) => void,
    { log, workerCommand, timing, program: programOf = thisProgram }: QueueRunnerOptions,
  ) {
    const program = programOf();
    const { id, specification, columns } = packWork(work, program);
    this.#redis = link.redis;
    this.#reader = link.redis.duplicate();
    this.#log = log;
    this.#workerCommand = workerCommand;
    this.#timing = { ...QUEUE_TIMING, ...timing };
    this.#onResult = onResult;
    this.#blobs = [specification, ...columns];
    this.#announcement = {
      id,
      name: work.sweep.name,
      program,
      strategies: work.strategies,
      fingerprint: work.data.fingerprint,
      specification: { sha256: specification.sha256, bytes: specification.bytes },
      columns: columns.map(({ sha256, bytes }) => ({ sha256, bytes })),
    };
    const place = { connection: this.#redis, prefix: PREFIX };
    const { silenceMs, stalledMs } = this.#timing;
    this.#queue = new Queue(queueName(id), place);
    this.#guardian = new Worker(queueName(id), null, {
      ...place,
      lockDuration: silenceMs,
      stalledInterval: stalledMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    // Both share our connection, which says itself when it is lost.
    for (const part of [this.#queue, this.#guardian] as readonly EventEmitter[]) part.on('error', () => {});
    this.#lock = new CoordinatorLock(this.#redis, id, this.#timing);
    this.#missing = new Map(chunks.map((chunk) => [jobId(chunk), chunk]));
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      const onWait = (): void => this.#log.info('another process has run this sweep lately; waiting until it is gone');
      await untilAborted(this.#lock.acquire(onWait), signal);
      if (!signal.aborted) await untilAborted(this.#begin(), signal);
      while (this.#missing.size > 0 && !signal.aborted) await untilAborted(this.#goOn(), signal);
    } finally {
      await withinMs(LEAVE_MS, this.#leave());
      await withinMs(LEAVE_MS, this.#queue.close());
    }
  }

  async #begin(): Promise<void> {
    await this.#guardian.startStalledCheckTimer();
    await this.#publish();
    // Jobs that an earlier coordinator left are made anew, in order; results that it left come first of all.
    await this.#queue.drain();
    let received: readonly Received[];
    do {
      received = await receiveMessages(this.#reader, this.#announcement.id, MESSAGES_AT_ONCE, 1);
      await this.#hear(received);
    } while (received.length > 0);
  }

  async #goOn(): Promise<void> {
    try {
      await this.#feed();
      if (performance.now() - this.#tendedMs >= this.#timing.tendMs) await this.#tend();
      const waitMs = Math.min(1000, this.#timing.tendMs);
      await this.#hear(await receiveMessages(this.#reader, this.#announcement.id, MESSAGES_AT_ONCE, waitMs));
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
    }
  }

  /** Keeps the queue filled, but never full of a million jobs. */
  async #feed(): Promise<void> {
    if (this.#queued.size > QUEUED_CHUNKS / 2) return;
    const added: Chunk[] = [];
    for (const [key, chunk] of this.#missing) {
      if (this.#queued.size >= QUEUED_CHUNKS) break;
      if (this.#queued.has(key)) continue;
      this.#queued.set(key, chunk);
      added.push(chunk);
    }
    if (added.length > 0) await this.#enqueue(added);
  }

  /** A chunk that is in the queue already stays where it is: its id is the same. */
  async #enqueue(chunks: readonly Chunk[]): Promise<void> {
    const { fingerprint } = this.#announcement;
    const done = { removeOnComplete: true, removeOnFail: true };
    await this.#queue.addBulk(
      chunks.map((chunk) => ({
        name: 'chunk',
        data: { ...chunk, fingerprint },
        opts: { jobId: jobId(chunk), ...done },
      })),
    );
  }

  async #hear(received: readonly Received[]): Promise<void> {
    for (const { message } of received) {
      if (message === undefined) {
        this.#log.warn('a result came damaged; its chunk is worked on once more');
      } else if (message.kind === 'refusal') {
        this.#log.warn(message.reason);
      } else {
        const key = jobId(message.chunk);
        const chunk = this.#missing.get(key);
        // The same chunk twice counts once, and what an earlier coordinator had stored already does not count at all.
        if (chunk === undefined) continue;
        if (message.kind === 'failure') throw message.error;
        this.#onResult(chunk, message.result);
        this.#missing.delete(key);
        this.#queued.delete(key);
        this.#hasHeard = true;
      }
    }
    // After they were acted upon: a coordinator that dies in between acts upon them again.
    await deleteMessages(this.#redis, this.#announcement.id, received);
  }

  /** Makes Redis look as it should, whatever happened to it. */
  async #tend(): Promise<void> {
    this.#tendedMs = performance.now();
    const { id } = this.#announcement;
    await this.#lock.extend();
    const isKept = await keepAnnounced(this.#redis, id, this.#timing.keepMs);
    if (!isKept) {
      this.#log.warn('Redis has forgotten the sweep; it is told again');
      await this.#publish();
    } else {
      await storeBlobs(this.#redis, this.#blobs, this.#timing.keepMs);
    }
    this.#idleTendings = this.#hasHeard ? 0 : this.#idleTendings + 1;
    this.#hasHeard = false;
    if (!isKept || this.#idleTendings % IDLE_TENDINGS === IDLE_TENDINGS - 1) {
      await this.#enqueue([...this.#queued.values()]);
    }
    this.#tellWorkers(await presentWorkers(this.#redis, id, this.#timing.silenceMs));
  }

  async #publish(): Promise<void> {
    await storeBlobs(this.#redis, this.#blobs, this.#timing.keepMs);
    await announce(this.#redis, this.#announcement, this.#timing.keepMs);
  }

  #tellWorkers(workers: readonly Presence[]): void {
    const before = this.#workers;
    this.#workers = workers;
    if (before?.length === workers.length) return;
    if (workers.length === 0) {
      this.#log.info(`waiting for workers: run ${this.#workerCommand}`);
    } else {
      const threads = workers.reduce((sum, worker) => sum + worker.threads, 0);
      this.#log.info(`${counted(workers.length, 'worker')} with ${counted(threads, 'thread')}`);
    }
  }

  /** Takes away what belongs to the sweep, unless it has become that of another coordinator. */
  async #leave(): Promise<void> {
    await this.#guardian.close(true);
    if (!(await this.#lock.isHeld())) return;
    await retire(this.#redis, this.#announcement);
    await this.#lock.release();
  }
}

function jobId({ first, count }: Chunk): string {
  return `${first}-${count}`;
}

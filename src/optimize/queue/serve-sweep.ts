import { setTimeout as delay } from 'node:timers/promises';
import { type Job, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { CandorError, DataError } from '../../domain/errors.ts';
import type { Chunk, SweepWork } from '../contract.ts';
import { type Announcement, isAttended, type Presence, sayGone, sayPresent } from './announcements.ts';
import { type BlobRef, fetchBlob } from './blobs.ts';
import type { ColumnCache } from './column-cache.ts';
import type { ChunkJob } from './coordinator.ts';
import { type Evaluators, isOpeningError, isOutOfMemory } from './evaluators.ts';
import { PREFIX, type QueueLog, type QueueTiming, queueName } from './keys.ts';
import { type Message, sendMessage } from './messages.ts';
import { unpackWork } from './packing.ts';
import { untilAborted, withinMs } from './waiting.ts';
import { counted } from './words.ts';

export interface Service {
  readonly sweep: Announcement;
  readonly redis: Redis;
  readonly cache: ColumnCache;
  readonly presence: Presence;
  readonly timing: QueueTiming;
  readonly signal: AbortSignal;
  readonly log: QueueLog;
  readonly open: (work: SweepWork) => Promise<Evaluators>;
  /** Why this machine must not work on the sweep with the files that it has now. */
  readonly whyNot: () => string | undefined;
  /** Is there another sweep that comes first? */
  readonly isWantedElsewhere: () => Promise<boolean>;
  /** Says what is wrong with Redis, once as long as it lasts. */
  readonly tell: (error: unknown) => void;
}

/** Why a machine cannot go on with a sweep. */
export interface Refusal {
  readonly reason: string;
  /** Files may become the right ones; all else stays as it is. */
  readonly isLasting: boolean;
}

/** A chunk that ended so many workers will end the next one too. */
const DEATHS_MAX = 5;
/** What leaving may take, beside the chunks that are finished before. */
const LEAVE_MS = 2_000;

/**
 * Works on one sweep until it is over, or the signal is given, or another sweep waits while nothing of this one is left
 * to begin or nobody is there to take its results. The answer is why this machine cannot go on with it, if that is so.
 */
export async function serveSweep(service: Service): Promise<Refusal | undefined> {
  const { sweep, signal, log } = service;
  const work = await untilAborted(fetchWork(service), signal);
  if (work === undefined) return undefined;
  let evaluators: Evaluators;
  try {
    evaluators = await service.open(work);
  } catch (error) {
    // Threads that cannot start will not start at the next try either.
    return refusalOf(error, service);
  }
  try {
    log.info(`working on the sweep '${sweep.name}' with ${counted(evaluators.threads, 'thread')}`);
    const session = new Session(service, evaluators);
    await session.work();
    const done = `${counted(session.combinations, 'combination')} in ${counted(session.chunks, 'chunk')}`;
    log.info(`done with the sweep '${sweep.name}': ${done}`);
    return session.refusal;
  } finally {
    await evaluators.close();
  }
}

/** @throws DataError where what lies in Redis is not what was announced */
async function fetchWork({ sweep, redis, cache, log }: Service): Promise<SweepWork> {
  const load = async (ref: BlobRef, what: string): Promise<Uint8Array<SharedArrayBuffer>> => {
    const kept = cache.read(ref);
    if (kept !== undefined) return kept;
    log.info(`fetching ${what} (${(ref.bytes / 1e6).toFixed(1)} MB)`);
    const fetched = await fetchBlob(redis, ref);
    cache.write(ref, fetched);
    return fetched;
  };
  const work = await unpackWork(await fetchBlob(redis, sweep.specification), load);
  if (work.data.fingerprint !== sweep.fingerprint) {
    throw new DataError(`the sweep '${sweep.name}' is about other candles than it was announced for`);
  }
  return work;
}

class Session {
  combinations = 0;
  chunks = 0;
  /** Why this machine cannot go on. */
  refusal: Refusal | undefined;
  readonly #service: Service;
  readonly #evaluators: Evaluators;
  readonly #worker: Worker<ChunkJob>;
  /** Given when chunks must not be finished any more. */
  readonly #giveUp = new AbortController();
  #active = 0;

  constructor(service: Service, evaluators: Evaluators) {
    const { redis, sweep, timing } = service;
    this.#service = service;
    this.#evaluators = evaluators;
    this.#worker = new Worker<ChunkJob>(queueName(sweep.id), (job, token) => this.#carryOut(job, token), {
      connection: redis,
      prefix: PREFIX,
      concurrency: evaluators.threads,
      lockDuration: timing.silenceMs,
      // Looking for chunks of dead workers is up to the coordinator, who is always there.
      skipStalledCheck: true,
      runRetryDelay: timing.pollMs,
      drainDelay: 1,
    });
    // A lost connection tells of itself; a chunk that took too long and was given to another one counts once.
    this.#worker.on('error', () => {});
  }

  async work(): Promise<void> {
    const { signal, timing } = this.#service;
    try {
      while (await untilAborted(this.#isOn(), signal)) {
        await delay(timing.pollMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      await this.#stop();
    }
  }

  /** Says that this worker is there, and looks whether it should be. */
  async #isOn(): Promise<boolean> {
    const { sweep, redis, presence } = this.#service;
    if (this.refusal !== undefined) return false;
    if (!(await sayPresent(redis, sweep.id, presence))) return false;
    const isBusy = this.#active > 0 && (await isAttended(redis, sweep.id));
    return isBusy || !(await this.#service.isWantedElsewhere());
  }

  /** Begins nothing more; what is not finished in time is given back, for others to begin anew. */
  async #stop(): Promise<void> {
    const { redis, sweep, presence, timing } = this.#service;
    const patience = setTimeout(() => this.#giveUp.abort(), timing.graceMs);
    const finished = this.#worker.close().then(() => sayGone(redis, sweep.id, presence));
    try {
      const isInTime = await withinMs(timing.graceMs + LEAVE_MS, finished);
      // Without a connection nothing can be given back. The coordinator finds it when it is silent for long enough.
      if (!isInTime) await withinMs(LEAVE_MS, this.#worker.disconnect());
    } finally {
      clearTimeout(patience);
    }
  }

  async #carryOut(job: Job<ChunkJob>, token: string | undefined): Promise<void> {
    this.#active++;
    try {
      const message = await this.#answer(job);
      if (message === undefined) await giveBack(job, token);
      else await this.#send(message);
      if (message?.kind === 'result') {
        this.combinations += job.data.count;
        this.chunks++;
      }
    } finally {
      this.#active--;
    }
  }

  /** Undefined where this machine does not finish the chunk. */
  async #answer({ data, stalledCounter }: Job<ChunkJob>): Promise<Message | undefined> {
    const { first, count, fingerprint } = data;
    const chunk = { first, count };
    try {
      if (fingerprint !== this.#service.sweep.fingerprint) {
        throw new DataError('a chunk is about other candles than its sweep');
      }
      if (stalledCounter >= DEATHS_MAX) throw deadly(chunk, stalledCounter);
      const result = await untilAborted(this.#evaluators.evaluate(chunk), this.#giveUp.signal);
      return result === undefined ? undefined : { kind: 'result', chunk, result };
    } catch (error) {
      const fault = error instanceof CandorError ? error : new CandorError((error as Error).message);
      const refusal = refusalOf(error, this.#service);
      if (refusal.isLasting && !isOpeningError(error) && !isOutOfMemory(error)) {
        return { kind: 'failure', chunk, error: fault };
      }
      // Of several threads the first one tells: a file may be the right one again when the last one does.
      this.refusal ??= refusal;
      await this.#worker.pause(true);
      return undefined;
    }
  }

  /** A full Redis may have room again when the coordinator has taken what others sent. */
  async #send(message: Message): Promise<void> {
    const { redis, sweep, timing, tell } = this.#service;
    const { signal } = this.#giveUp;
    for (;;) {
      try {
        await sendMessage(redis, sweep.id, message);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        tell(error);
        await delay(timing.pollMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}

function refusalOf(error: unknown, { whyNot }: Service): Refusal {
  const reason = whyNot();
  if (reason !== undefined) return { reason, isLasting: false };
  const { message, hint } = error as Partial<CandorError> & Error;
  const advice = hint ?? (isOutOfMemory(error) ? 'Use fewer --workers.' : undefined);
  return { reason: advice === undefined ? message : `${message}. ${advice}`, isLasting: true };
}

async function giveBack(job: Job<ChunkJob>, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

function deadly({ first, count }: Chunk, deaths: number): CandorError {
  return new CandorError(`combinations ${first + 1} to ${first + count} ended ${deaths} workers, one after the other`, {
    hint: 'Most likely they ran out of memory: look at their logs, and give them more, or the sweep fewer candles.',
  });
}

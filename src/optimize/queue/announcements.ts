import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Program } from '../program.ts';
import { type BlobRef, deleteBlobs } from './blobs.ts';
import { PREFIX, queueName, SWEEPS_KEY, sweepKeys } from './keys.ts';

/** What a worker must know of a sweep before it fetches anything. */
export interface Announcement {
  readonly id: string;
  /** Of the sweep, for people. */
  readonly name: string;
  readonly program: Program;
  readonly strategies: readonly { readonly name: string; readonly fileSha256: string }[];
  readonly fingerprint: string;
  readonly specification: BlobRef;
  readonly columns: readonly BlobRef[];
}

/** Announces a sweep, and makes room for what workers have to say about it. */
export async function announce(redis: Redis, announcement: Announcement, keepMs: number): Promise<void> {
  const { id } = announcement;
  const keys = sweepKeys(id);
  // The stream exists before the first worker can write to it: what comes too late for a sweep is dropped.
  if ((await redis.exists(keys.messages)) === 0) {
    const first = await redis.xadd(keys.messages, '*', 'kind', 'opened');
    if (first !== null) await redis.xdel(keys.messages, first);
  }
  await redis.pexpire(keys.messages, keepMs);
  await redis.zadd(SWEEPS_KEY, 'NX', await serverMs(redis), id);
  await redis.set(keys.announcement, JSON.stringify(announcement), 'PX', keepMs);
}

/** Lets what belongs to an announced sweep live on; false where Redis has forgotten it. */
export async function keepAnnounced(redis: Redis, id: string, keepMs: number): Promise<boolean> {
  const { announcement, messages } = sweepKeys(id);
  const kept = await Promise.all([announcement, messages].map((key) => redis.pexpire(key, keepMs)));
  return kept.every((one) => one === 1);
}

/**
 * All announced sweeps, the oldest first; those whose coordinator is away come last. What is left of a sweep whose
 * coordinator has been away for too long is deleted.
 */
export async function announcedSweeps(redis: Redis): Promise<Announcement[]> {
  const attended: Announcement[] = [];
  const unattended: Announcement[] = [];
  for (const id of await redis.zrange(SWEEPS_KEY, '0', '-1')) {
    const text = await redis.get(sweepKeys(id).announcement);
    const isHere = await isAttended(redis, id);
    if (text !== null) (isHere ? attended : unattended).push(JSON.parse(text) as Announcement);
    else if (!isHere) await removeSweep(redis, id);
  }
  return [...attended, ...unattended];
}

/** Does somebody wait for the results of this sweep? */
export async function isAttended(redis: Redis, id: string): Promise<boolean> {
  return (await redis.exists(sweepKeys(id).coordinator)) === 1;
}

/** Ends a sweep: what nobody else needs of it is deleted. */
export async function retire(redis: Redis, { id, specification, columns }: Announcement): Promise<void> {
  // The announcement first: without it no worker begins another chunk.
  await redis.unlink(sweepKeys(id).announcement);
  await removeSweep(redis, id);
  const others = await announcedSweeps(redis);
  const needed = new Set(others.flatMap((other) => other.columns.map(({ sha256 }) => sha256)));
  await deleteBlobs(redis, [specification, ...columns.filter(({ sha256 }) => !needed.has(sha256))]);
}

async function removeSweep(redis: Redis, id: string): Promise<void> {
  const { messages, workers } = sweepKeys(id);
  await withQueue(redis, id, (queue) => queue.obliterate({ force: true }));
  await redis.unlink(messages, workers);
  await redis.zrem(SWEEPS_KEY, id);
}

/** Asks something of the queue of a sweep, without making it by asking. */
export async function withQueue<T>(redis: Redis, id: string, ask: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue(queueName(id), { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  queue.on('error', () => {});
  try {
    return await ask(queue);
  } finally {
    await queue.close();
  }
}

/** The one clock that all machines share. */
async function serverMs(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** A worker that takes part: `name` is its machine and process, `threads` the chunks that it works on at once. */
export interface Presence {
  readonly name: string;
  readonly threads: number;
}

/**
 * In one step: a worker that looked before the sweep was retired, and spoke after it, would leave its name behind for
 * ever. The time is that of the server, as everywhere.
 */
const SAY_PRESENT = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  local now = redis.call('TIME')
  redis.call('ZADD', KEYS[2], now[1] * 1000 + math.floor(now[2] / 1000), ARGV[1])
  return 1`;

/** Says that a worker is there; false where the sweep is over, or Redis has forgotten it. */
export async function sayPresent(redis: Redis, id: string, presence: Presence): Promise<boolean> {
  const { announcement, workers } = sweepKeys(id);
  return (await redis.eval(SAY_PRESENT, 2, announcement, workers, JSON.stringify(presence))) === 1;
}

export async function sayGone(redis: Redis, id: string, presence: Presence): Promise<void> {
  await redis.zrem(sweepKeys(id).workers, JSON.stringify(presence));
}

/** The workers that were there lately. */
export async function presentWorkers(redis: Redis, id: string, silenceMs: number): Promise<Presence[]> {
  const { workers } = sweepKeys(id);
  const present = await redis.zrange(workers, `${(await serverMs(redis)) - silenceMs}`, '+inf', 'BYSCORE');
  return present.map((text) => JSON.parse(text) as Presence);
}

import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { CandorError } from '../../domain/errors.ts';
import { parseQueueAddress, type QueueAddress, type QueueCredentials } from './address.ts';
import { faultLine, isConnectionLoss, redisFault } from './faults.ts';
import type { QueueLog } from './keys.ts';

/** What connecting may take, the greeting included. */
const CONNECT_MS = 5_000;
const RECONNECT_MS_MAX = 2_000;
/** A connection over which nothing comes back for so long is dead, whatever the network says. */
const DEAF_MS = 20_000;
/** The first version with everything that is used here (XADD NOMKSTREAM), and that BullMQ recommends. */
const OLDEST: readonly [number, number] = [6, 2];

/** A connection that comes back by itself, and says when it went and when it is back. */
export interface Link {
  readonly address: QueueAddress;
  /** Its duplicates, for commands that wait, are closed with the link. */
  readonly redis: Redis;
  close(): void;
}

/**
 * Connects after a look at whether this Redis can carry a queue at all.
 *
 * @throws UsageError for an address that is none, CandorError for everything that is wrong with what is there
 */
export async function openLink(url: string, credentials: QueueCredentials, log: QueueLog): Promise<Link> {
  const address = parseQueueAddress(url, credentials);
  await examine(address);
  // Commands wait for a lost connection to come back, for as long as it takes: BullMQ asks for the same.
  const redis = new Redis({
    ...address.options,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MS,
    socketTimeout: DEAF_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, RECONNECT_MS_MAX),
  });
  const connections = [redis];
  // BullMQ makes duplicates too, and without a Redis it gives some of them up while they still try to connect.
  const copy = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const another = copy(override);
    another.on('error', () => {});
    connections.push(another);
    return another;
  };
  tellOutages(redis, address, log);
  return {
    address,
    redis,
    close: () => {
      for (const connection of connections) connection.disconnect();
    },
  };
}

function tellOutages(redis: Redis, address: QueueAddress, log: QueueLog): void {
  let isLost = false;
  let reason = '';
  // Trying again does not help against everything: a password may have changed.
  redis.on('error', (error) => {
    const line = faultLine(error, address);
    if (isLost && !isConnectionLoss(error) && line !== reason) log.warn(line);
    reason = line;
  });
  redis.on('reconnecting', () => {
    if (!isLost) log.warn(`the connection to ${address.shown} is lost; trying again until it is back`);
    isLost = true;
  });
  redis.on('ready', () => {
    if (isLost) log.info(`the connection to ${address.shown} is back`);
    isLost = false;
    reason = '';
  });
}

/** A short visit: every fault is met here, where it can be said in one sentence, and nothing is tried twice. */
async function examine(address: QueueAddress): Promise<void> {
  const redis = new Redis({
    ...address.options,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: CONNECT_MS,
    retryStrategy: () => null,
  });
  let first: unknown;
  redis.on('error', (error) => {
    first ??= error;
  });
  const tooLate = new AbortController();
  const visit = async (): Promise<string> => {
    await redis.connect();
    return redis.info();
  };
  try {
    const timeout = delay(CONNECT_MS, undefined, { signal: tooLate.signal }).then(() => {
      throw Object.assign(new Error('the greeting took too long'), { code: 'ETIMEDOUT' });
    });
    checkServer(await Promise.race([visit(), timeout]), address.shown);
  } catch (error) {
    throw redisFault(error instanceof CandorError ? error : (first ?? error), address);
  } finally {
    tooLate.abort();
    redis.disconnect();
  }
}

/**
 * Looks at what `INFO` says.
 *
 * @throws CandorError where a queue on this server would fail, or lose what it was given
 */
export function checkServer(info: string, shown: string): void {
  const facts = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const version = facts.get('redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new CandorError(`${shown} is Redis ${version}, and a queue needs ${OLDEST.join('.')} or newer`, {
      hint: 'Debian 12 and Ubuntu 24.04 have a newer one: apt-get install redis-server.',
    });
  }
  if (facts.get('cluster_enabled') === '1') {
    throw new CandorError(`${shown} is part of a cluster`, {
      hint: 'A queue needs a Redis of its own, not a cluster.',
    });
  }
  if (facts.get('role') === 'slave') {
    throw new CandorError(`${shown} is a replica, which cannot be written`, {
      hint: 'Give the address of the primary.',
    });
  }
  const policy = facts.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new CandorError(`${shown} drops keys when its memory is full (maxmemory-policy is ${policy})`, {
      hint:
        'Chunks and candles would vanish in the middle of a sweep. Set it: CONFIG SET maxmemory-policy noeviction, ' +
        'and the same in redis.conf.',
    });
  }
}

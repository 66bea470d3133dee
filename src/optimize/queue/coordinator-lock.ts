import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { CandorError } from '../../domain/errors.ts';
import { type QueueTiming, sweepKeys } from './keys.ts';

/** Both look and act in one step, so that nobody gets in between. */
const EXTEND = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0";
const RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0";

/** Made by this process. */
let locks = 0;

/**
 * One sweep has one coordinator: two would take results from each other. The lock of one that died runs out, and is
 * waited for.
 */
export class CoordinatorLock {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #timing: QueueTiming;
  /** Machine, process, its start, and which of its locks: nobody else has been the same. */
  readonly #holder = `process ${process.pid} on ${hostname()}, ${Math.round(performance.timeOrigin)}-${++locks}`;

  constructor(redis: Redis, sweepId: string, timing: QueueTiming) {
    this.#redis = redis;
    this.#key = sweepKeys(sweepId).coordinator;
    this.#timing = timing;
  }

  /**
   * @param onWait called once when somebody else has it, who may be dead
   * @throws CandorError where somebody else coordinates the sweep, and lives
   */
  async acquire(onWait: () => void): Promise<void> {
    const { silenceMs } = this.#timing;
    const beganMs = performance.now();
    for (let tries = 0; (await this.#take()) === null; tries++) {
      if (tries === 0) onWait();
      if (performance.now() - beganMs > silenceMs + 1000) throw await this.#taken();
      await delay(Math.min(200, silenceMs / 10));
    }
  }

  /** Holds it on; also takes it again where Redis has forgotten it. */
  async extend(): Promise<void> {
    const { silenceMs } = this.#timing;
    if ((await this.#redis.eval(EXTEND, 1, this.#key, this.#holder, silenceMs)) === 1) return;
    if ((await this.#take()) === null) throw await this.#taken();
  }

  async isHeld(): Promise<boolean> {
    return (await this.#redis.get(this.#key)) === this.#holder;
  }

  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#key, this.#holder);
  }

  #take(): Promise<'OK' | null> {
    return this.#redis.set(this.#key, this.#holder, 'PX', this.#timing.silenceMs, 'NX');
  }

  async #taken(): Promise<CandorError> {
    const holder = (await this.#redis.get(this.#key)) ?? 'somebody else';
    return new CandorError('this sweep is already being run', {
      details: [`by ${holder.replace(/, [\d-]+$/, '')}`],
      hint: 'Wait for it, or stop it and go on here with --resume.',
    });
  }
}

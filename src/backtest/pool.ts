import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { CandorError } from '../domain/errors.ts';
import type { Answer, Call } from './pool-thread.ts';
import { answerTypedSource, stripAhead, threadArguments } from './thread-types.ts';

export interface PoolOptions {
  /** Module of the worker: its default export, `(task) => result` or a promise of it, is called for each task. */
  readonly entry: URL;
  /** What the entry imports when it is at work: stripped of types ahead, as the entry itself. */
  readonly imports?: readonly URL[];
  /** What the entry finds as `workerData` of node:worker_threads. Shared memory stays shared, all else is copied. */
  readonly workerData: unknown;
  /** One for each core, unless said otherwise. */
  readonly threads?: number;
  /** Gets what the entry posts to the `parentPort` of its thread. */
  readonly onMessage?: (message: unknown) => void;
  /** Memory of each thread; Node's own limits, unless said otherwise. */
  readonly resourceLimits?: ResourceLimits;
}

export interface RunOptions {
  /** Drops the task if it waits, and ends the wait for it if it runs: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface WorkerPool {
  readonly threads: number;
  /**
   * Carries out one task on the next thread that is free; tasks begin in the order in which they were given.
   *
   * Rejects with what the entry throws (a CandorError with its name, details and hint, or any other error), with
   * a CandorError where the thread dies, of memory for example, and with the signal's reason. A thread that died is
   * replaced, and other tasks go on.
   */
  run<T>(task: unknown, options?: RunOptions): Promise<T>;
  /**
   * Drops tasks that wait, lets those that run finish, and then every thread end. Resolves when all are gone; a task
   * should therefore be short, half a second rather than a minute.
   */
  close(): Promise<void>;
}

/**
 * Starts a pool of worker threads and resolves when all of them have imported the entry; where one cannot, all are
 * ended, and its error is thrown.
 *
 * A thread is never ended from outside, neither while it starts nor while it works: that is one of the ways to crash
 * Node. Each ends itself, when asked between two tasks.
 *
 * ```ts
 * const pool = await openPool({ entry: new URL('./study-worker.ts', import.meta.url), workerData: setting });
 * try {
 *   const results = await Promise.all(tasks.map((task) => pool.run<Result>(task, { signal })));
 * } finally {
 *   await pool.close();
 * }
 * ```
 */
export async function openPool(options: PoolOptions): Promise<WorkerPool> {
  const pool = new PiscinaPool(options);
  try {
    await pool.ready();
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}

const THREAD = new URL('./pool-thread.ts', import.meta.url).href;

/** A task that waits for its turn. */
interface Job {
  readonly task: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** A CandorError that was thrown in a thread; of its class, the name is left. */
class ThreadError extends CandorError {
  override readonly name: string;

  constructor({ name, message, details, hint }: Exclude<Answer, { readonly value: unknown }>) {
    super(message, { details, ...(hint === undefined ? {} : { hint }) });
    this.name = name;
  }
}

class PiscinaPool implements WorkerPool {
  readonly threads: number;
  readonly #entry: string;
  readonly #resourceLimits: ResourceLimits | undefined;
  readonly #piscina: Piscina;
  readonly #waiting = new Set<Job>();
  readonly #running = new Set<Promise<void>>();
  readonly #broken = Promise.withResolvers<never>();
  /** Why nothing can be run any more. */
  #ended: Error | undefined;

  constructor(options: PoolOptions) {
    const { entry, imports = [], workerData, threads = availableParallelism(), onMessage, resourceLimits } = options;
    this.threads = threads;
    this.#entry = entry.href;
    this.#resourceLimits = resourceLimits;
    stripAhead([new URL(THREAD), entry, ...imports]);
    this.#piscina = new Piscina({
      filename: THREAD,
      minThreads: threads,
      maxThreads: threads,
      execArgv: [...threadArguments()],
      workerData,
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.#piscina.on('message', (message: unknown) => {
      if (!answerTypedSource(message)) onMessage?.(message);
    });
    // A thread that should have replaced another one could not start, and piscina would let its task wait for ever.
    this.#piscina.on('error', (error: Error) => {
      this.#end(error);
      this.#broken.reject(error);
    });
    this.#broken.promise.catch(() => {});
  }

  /** A new pool gives one task to each thread. */
  async ready(): Promise<void> {
    const call: Call = { entry: this.#entry, task: undefined };
    const starting = Array.from({ length: this.threads }, () => this.#piscina.run(call, { name: 'ready' }));
    try {
      const ids = await Promise.all(starting);
      if (new Set(ids).size !== this.threads)
        throw new Error(`threads ${ids.join()} started instead of ${this.threads}`);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  run<T>(task: unknown, { signal }: RunOptions = {}): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#ended !== undefined) reject(this.#ended);
    else if (signal?.aborted) reject(signal.reason);
    else {
      const job = { task, resolve, reject };
      const drop = (): void => {
        this.#waiting.delete(job);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', drop, { once: true });
      const forget = (): void => signal?.removeEventListener('abort', drop);
      promise.then(forget, forget);
      this.#waiting.add(job);
      this.#startWaiting();
    }
    return promise as Promise<T>;
  }

  async close(): Promise<void> {
    this.#end(new CandorError('the pool of workers is closed'));
    await Promise.all(this.#running);
    // From now on no thread is replaced. One that is still starting gets there first.
    this.#piscina.options.minThreads = 0;
    while (this.#piscina.threads.length > 0) {
      const leaving = this.#piscina.threads.map(() => this.#piscina.run(undefined, { name: 'leave' }));
      // A thread that leaves cannot say so: its task fails when it is gone.
      await Promise.allSettled(leaving);
    }
    await this.#piscina.destroy();
  }

  #startWaiting(): void {
    for (const job of this.#waiting) {
      if (this.#running.size >= this.threads) return;
      this.#waiting.delete(job);
      const running = this.#carryOut(job).finally(() => {
        this.#running.delete(running);
        this.#startWaiting();
      });
      this.#running.add(running);
    }
  }

  async #carryOut({ task, resolve, reject }: Job): Promise<void> {
    const call: Call = { entry: this.#entry, task };
    try {
      const answer = (await Promise.race([this.#piscina.run(call), this.#broken.promise])) as Answer;
      if ('value' in answer) {
        resolve(answer.value);
      } else {
        reject(new ThreadError(answer));
      }
    } catch (error) {
      reject(this.#explained(error));
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting) reject(this.#ended);
    this.#waiting.clear();
  }

  /** What the death of a thread means to a user; other errors are their own explanation. */
  #explained(error: unknown): unknown {
    if (!isOutOfMemory(error)) return error;
    const limit = this.#resourceLimits?.maxOldGenerationSizeMb;
    return new CandorError('a worker thread ran out of memory', {
      details: [`${this.threads} workers${limit === undefined ? '' : `, ${limit} MB each`}`],
      hint:
        'Use fewer workers, fewer candles or fewer combinations; or allow more memory: ' +
        'NODE_OPTIONS=--max-old-space-size=8192 (in MB).',
      cause: error,
    });
  }
}

/** The thread's own memory (it died), or the machine's (a column could not be made). */
function isOutOfMemory(error: unknown): boolean {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' || message === 'Array buffer allocation failed';
}

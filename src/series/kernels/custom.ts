import { StrategyError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time.ts';
import type { Custom, CustomRun } from '../node.ts';
import { callSiteOf } from '../poison.ts';
import type { Kernel } from './kernel.ts';

/** Runs custom code candle by candle; it begins anew after a NaN in any input, and is silent until it has settled. */
export class CustomKernel implements Kernel {
  readonly #custom: Custom;
  readonly #intervalMs: number;
  #run: CustomRun | undefined;
  /** Candles since it began. */
  #age = 0;
  /** openTime / interval of the current candle. */
  #slot: number;

  constructor(custom: Custom, firstSlot: number, intervalMs: number) {
    this.#custom = custom;
    this.#slot = firstSlot;
    this.#intervalMs = intervalMs;
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) {
      output[i] = this.#next(inputs.map((input) => input[i] as number));
      this.#slot++;
    }
  }

  #next(values: readonly number[]): number {
    if (values.some(Number.isNaN)) {
      this.#run = undefined;
      return Number.NaN;
    }
    if (this.#run === undefined) {
      this.#run = this.#custom.start();
      this.#age = 0;
    }
    try {
      const value = this.#run.next(values);
      return this.#age++ >= this.#custom.settle ? value : Number.NaN;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): StrategyError {
    const at = `at the candle of ${formatTime(this.#slot * this.#intervalMs)}`;
    const reason = error instanceof Error ? error.message : String(error);
    const site = error instanceof Error ? callSiteOf(error) : undefined;
    return new StrategyError(`${this.#custom.name} failed ${at}: ${reason}`, {
      cause: error,
      ...(site === undefined ? {} : { details: [`${site.file}:${site.line}`] }),
      ...(error instanceof StrategyError && error.hint !== undefined ? { hint: error.hint } : {}),
    });
  }
}

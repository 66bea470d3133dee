import type { Kernel } from './kernel.ts';

/** The value k ≥ 1 candles ago. */
export class Delay implements Kernel {
  readonly #past: Float64Array;
  #at = 0;

  constructor(k: number) {
    this.#past = new Float64Array(k).fill(Number.NaN);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const past = this.#past;
    const k = past.length;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      output[i] = past[at] as number;
      past[at] = input[i] as number;
      at = at + 1 === k ? 0 : at + 1;
    }
    this.#at = at;
  }
}

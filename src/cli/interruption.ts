/** By convention 128 + the number of the signal. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Stop = keyof typeof EXIT_CODES;
const STOPS = Object.keys(EXIT_CODES) as readonly Stop[];

/**
 * Ctrl-C as an AbortSignal. Who asks for the signal promises to look at it; until somebody does, Ctrl-C ends the
 * process at once, as it always does. The second Ctrl-C ends it in any case.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #isListening = false;
  #stop: Stop | undefined;

  get signal(): AbortSignal {
    if (!this.#isListening) {
      for (const stop of STOPS) process.on(stop, this.#onStop);
      this.#isListening = true;
    }
    return this.#controller.signal;
  }

  /** What the process must exit with; undefined when nobody stopped it. */
  get exitCode(): number | undefined {
    return this.#stop && EXIT_CODES[this.#stop];
  }

  dispose(): void {
    for (const stop of STOPS) process.off(stop, this.#onStop);
  }

  readonly #onStop = (stop: NodeJS.Signals): void => {
    if (this.#stop !== undefined) process.exit(EXIT_CODES[this.#stop]);
    this.#stop = stop as Stop;
    this.#controller.abort(new Error(`stopped by ${stop}`));
  };
}

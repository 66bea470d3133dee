/** How long something took. On a machine that does other work the two differ. */
export interface Lap {
  readonly wallMs: number;
  /** What of it this thread had the processor for. */
  readonly cpuMs: number;
}

/** Starts when it is made. */
export class Stopwatch {
  #wallMs = performance.now();
  #cpuMs = threadCpuMs();

  /** The time since the start, or since the last lap. */
  lap(): Lap {
    const wallMs = performance.now();
    const cpuMs = threadCpuMs();
    const lap = { wallMs: wallMs - this.#wallMs, cpuMs: cpuMs - this.#cpuMs };
    this.#wallMs = wallMs;
    this.#cpuMs = cpuMs;
    return lap;
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** The median of the time, and the mean on the processor, whose clock ticks too coarsely for a median. */
export function medianLap(laps: readonly Lap[]): Lap {
  return { wallMs: median(laps.map(({ wallMs }) => wallMs)), cpuMs: sumOfLaps(laps).cpuMs / laps.length };
}

export function sumOfLaps(laps: readonly Lap[]): Lap {
  return {
    wallMs: laps.reduce((sum, { wallMs }) => sum + wallMs, 0),
    cpuMs: laps.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

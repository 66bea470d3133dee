import { METRICS, type MetricName, type Metrics } from './metrics.ts';
import type { DrawTable } from './outcome.ts';

/** Some consecutive draws of a control, as a worker hands them back: plain data. */
export interface DrawChunk {
  readonly firstDraw: number;
  readonly draws: number;
  readonly metrics: Readonly<Record<MetricName, Float64Array>>;
  /** Account value at the rows of the fan, draw by draw. */
  readonly fanUsd: Float64Array;
  readonly fanPoints: number;
}

/** Collects draws firstDraw … firstDraw + draws − 1 of a control. */
export class DrawRecorder {
  readonly #chunk: DrawChunk;
  readonly #fanRows: readonly number[];
  #recorded = 0;

  /** @param fanRows indices into the account values of a run at which the fan is noted */
  constructor(firstDraw: number, draws: number, fanRows: readonly number[]) {
    this.#fanRows = fanRows;
    this.#chunk = {
      firstDraw,
      draws,
      metrics: emptyMetrics(draws),
      fanUsd: new Float64Array(draws * fanRows.length),
      fanPoints: fanRows.length,
    };
  }

  record(metrics: Metrics, equityUsd: Float64Array): void {
    const draw = this.#recorded++;
    if (draw >= this.#chunk.draws) throw new RangeError(`more than the ${this.#chunk.draws} draws that were announced`);
    for (const name of METRICS) this.#chunk.metrics[name][draw] = metrics[name];
    const { fanUsd, fanPoints } = this.#chunk;
    for (let point = 0; point < fanPoints; point++) {
      fanUsd[draw * fanPoints + point] = equityUsd[this.#fanRows[point] as number] as number;
    }
  }

  /** @throws RangeError before all draws are there. */
  chunk(): DrawChunk {
    if (this.#recorded !== this.#chunk.draws) {
      throw new RangeError(`${this.#recorded} of ${this.#chunk.draws} draws were recorded`);
    }
    return this.#chunk;
  }
}

function emptyMetrics(draws: number): Record<MetricName, Float64Array> {
  const columns = METRICS.map((name) => [name, new Float64Array(draws)]);
  return Object.fromEntries(columns) as Record<MetricName, Float64Array>;
}

/**
 * The table of a control from chunks in any order.
 *
 * @throws RangeError where the chunks do not make an unbroken run of draws from 0.
 */
export function drawTable(kind: DrawTable['kind'], chunks: readonly DrawChunk[]): DrawTable {
  const inOrder = chunks.toSorted((a, b) => a.firstDraw - b.firstDraw);
  const draws = inOrder.reduce((sum, chunk) => sum + chunk.draws, 0);
  const metrics = emptyMetrics(draws);
  let next = 0;
  for (const chunk of inOrder) {
    if (chunk.firstDraw !== next) throw new RangeError(`draw ${next} is missing or there twice`);
    for (const name of METRICS) metrics[name].set(chunk.metrics[name], next);
    next += chunk.draws;
  }
  return { kind, draws, metrics, fan: fanOf(inOrder, draws) };
}

function fanOf(chunks: readonly DrawChunk[], draws: number): DrawTable['fan'] {
  const points = chunks[0]?.fanPoints ?? 0;
  const fan = { p05: new Float64Array(points), p50: new Float64Array(points), p95: new Float64Array(points) };
  const column = new Float64Array(draws);
  for (let point = 0; point < points; point++) {
    let draw = 0;
    for (const { fanUsd, draws: count } of chunks) {
      for (let i = 0; i < count; i++) column[draw++] = fanUsd[i * points + point] as number;
    }
    const [p05, p50, p95] = quantiles(column, [0.05, 0.5, 0.95]);
    fan.p05[point] = p05 as number;
    fan.p50[point] = p50 as number;
    fan.p95[point] = p95 as number;
  }
  return fan;
}

/** About `points` row indices, evenly spread over 0 … rows − 1, the last included. */
export function fanRows(rows: number, points = 240): number[] {
  const count = Math.min(rows, points);
  return Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * rows) / count) - 1);
}

/**
 * Quantiles of the values that are not NaN, interpolated between neighbours (type 7 of Hyndman & Fan 1996, Am. Stat.
 * 50(4)); NaN where there are none. Shares in ascending order.
 */
export function quantiles(values: Float64Array, shares: readonly number[]): number[] {
  const rest = Float64Array.from(values);
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) rest[count++] = value;
  let from = 0;
  return shares.map((share) => {
    const place = share * (count - 1);
    if (count === 0) return Number.NaN;
    from = select(rest, Math.floor(place), from, count);
    const below = rest[from] as number;
    const above = from === place ? below : leastOf(rest, from + 1, count);
    return below + (above - below) * (place - from);
  });
}

/**
 * Puts what would be at `place` in ascending order there, with nothing larger before and nothing smaller behind it
 * (Hoare's FIND, CACM 4(7), 1961), and returns the place. What lies before `from` is in its order already.
 */
function select(values: Float64Array, place: number, from: number, to: number): number {
  let [left, right] = [from, to - 1];
  while (left < right) {
    const pivot = values[place] as number;
    let [i, j] = [left, right];
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const held = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = held;
    }
    if (j < place) left = i;
    if (i > place) right = j;
  }
  return place;
}

function leastOf(values: Float64Array, from: number, to: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) if ((values[i] as number) < least) least = values[i] as number;
  return least;
}

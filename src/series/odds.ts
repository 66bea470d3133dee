import { columnOf, type Ground } from './dense.ts';
import { passing, type Range, type Rows, search } from './kernels/at-rows.ts';
import { Sampler, type Step } from './sampler.ts';
import { type Break, breakOf, formOf, type Term } from './terms.ts';

/** How often a condition is true, and what it costs to find out. Only speed depends on it, never a value. */
export interface Odds {
  readonly term: Term;
  /** The share of rows at which it is true. */
  readonly rate: number;
  /** For a break: how many values are read on average until one is found that is not beaten. */
  readonly search?: { readonly range: Break; readonly reads: number };
}

/** At most so many rows are tried, and at most one of so many. */
const TRIED = 256;
const SPARED = 16;
/** Of what cannot be tried at single rows. */
const UNKNOWN = 0.5;

/** Tries conditions at rows that are spread evenly over the first `end`. */
export function oddsOf(conditions: readonly Term[], ground: Ground, end: number): readonly Odds[] {
  const count = Math.min(TRIED, Math.ceil(end / SPARED));
  const list = Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * end) / count));
  const rows: Rows = { list, count };
  const passed: Rows = { list: new Int32Array(count), count: 0 };
  const reach = new Int32Array(count);
  const sampler = new Sampler(ground, count, () => undefined);
  const isTriable = (term: Term): boolean => sampler.partsOf(term).every((part) => formOf(part) !== 'stateful');
  const valuesOf = (term: Term): Float64Array => {
    const steps: Step[] = [];
    const values = sampler.samplesOf([term]).takeOnce(term, steps);
    for (const step of steps) step(rows, 0);
    return values;
  };
  return conditions.map((term): Odds => {
    const range = breakOf(term);
    if (range !== undefined && isTriable(range.x)) {
      const read = search(rangeOf(range, range.n, ground), valuesOf(range.x), rows, 0, passed, reach);
      return { term, rate: smoothed(passed.count, count), search: { range, reads: read / count } };
    }
    if (!isTriable(term)) return { term, rate: UNKNOWN };
    passing(valuesOf(term), rows, passed);
    return { term, rate: smoothed(passed.count, count) };
  });
}

/** What has to be searched for a break and for those of its siblings that are at most `most` long. */
export function rangeOf({ source, n, sign, orEqual }: Break, most: number, ground: Ground): Range {
  return { column: columnOf(source.node, ground), from: source.shift, least: n, most, sign, orEqual };
}

/** Never 0: what was not seen among a few may be there among many. */
function smoothed(hits: number, tries: number): number {
  return (hits + 0.5) / (tries + 1);
}

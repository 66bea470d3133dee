import type { Ground } from './dense.ts';
import type { Node } from './node.ts';
import { type Odds, oddsOf } from './odds.ts';
import { type Break, type Excess, excessOf, factorsOf, formOf, inputsOf, partsOf, type Term, termOf } from './terms.ts';

/** How it is found out at which rows a condition is true: by its own value, */
type Look =
  | { readonly by: 'value'; readonly reads: Term }
  /** for a break, by searching for a value that is not beaten, */
  | { readonly by: 'search'; readonly reads: Term; readonly range: Break }
  /** for a longer one of the same range by how far the search of the branch above came, */
  | { readonly by: 'reach'; readonly least: number }
  /** or for a comparison with a mean by running sums, and by its own value where they leave a doubt. */
  | { readonly by: 'sums'; readonly reads: Term; readonly excess: Excess };

/**
 * A condition that is looked at only where all those above it are true. The wanted conditions are the paths from the
 * root, which is true everywhere; what begins alike is looked at once.
 */
export interface Branch {
  readonly condition: Odds;
  readonly look: Look;
  /** The share of rows that are left, as far as one can tell. */
  readonly share: number;
  readonly branches: Branch[];
  /** Bitmaps of the wanted conditions that are true here. */
  readonly kept: Uint32Array[];
}

// What things cost per value, in nanoseconds or so; only their proportions matter.
const READ = 1;
/** A search reads values one after the other, and nobody can predict where it ends. */
const SEARCH = 2;
const POINTWISE = 1.5;
/** Of a comparison with a mean by running sums. */
const SUMS = 3;
/** Of a window that is computed at every row, however long it is. */
const WINDOW = 7;

/** A condition that some of the wanted ones join. */
interface Factor extends Odds {
  /** What it costs to look for it at all rows, per row and for each of those that it is a part of. */
  readonly costOfAll: number;
  /** What it costs at one row. */
  readonly cost: number;
}

/** The order in which wanted conditions are looked for, chosen by what was true at some rows among the first `end`. */
export function planSieve(wanted: readonly (readonly [Node, Uint32Array])[], ground: Ground, end: number): Branch[] {
  const sets = wanted.map(([node, bits]) => ({ terms: factorsOf(termOf(node)), bits }));
  const factors = weighed(
    sets.map(({ terms }) => terms),
    ground,
    end,
  );
  const paths = sets.map(({ terms, bits }) => ({
    path: ordered(terms.map(({ key }) => factors.get(key) as Factor)),
    bits,
  }));
  const trunk = trunkOf(paths.map(({ path }) => path[0] as Factor));
  for (const { path, bits } of paths) {
    const [first, ...rest] = path as [Factor, ...Factor[]];
    let branch = trunk.firsts.get(first.term.key) as Branch;
    for (const next of rest) branch = grow(branch.branches, next, branch.share);
    branch.kept.push(bits);
  }
  return trunk.branches;
}

/** The factors of all sets by key. */
function weighed(sets: readonly (readonly Term[])[], ground: Ground, end: number): ReadonlyMap<string, Factor> {
  const terms = new Map<string, Term>();
  const uses = new Map<string, number>();
  for (const term of sets.flat()) {
    terms.set(term.key, term);
    uses.set(term.key, (uses.get(term.key) ?? 0) + 1);
  }
  const factors = new Map<string, Factor>();
  const readsOfShorter = new Map<string, number>();
  const odds = oddsOf([...terms.values()], ground, end);
  for (const known of [...odds].sort((a, b) => lengthOf(a) - lengthOf(b))) {
    const { term, search } = known;
    // Where a shorter range was searched, only the rest of a longer one is.
    const shorter = search === undefined ? undefined : readsOfShorter.get(search.range.siblings);
    if (search !== undefined) readsOfShorter.set(search.range.siblings, search.reads);
    const costOfAll = costOfSearch(known, shorter ?? 0) / (uses.get(term.key) as number);
    const cost = search === undefined ? costAtRow(term) : search.reads * SEARCH + costAtRow(search.range.x);
    factors.set(term.key, { ...known, costOfAll, cost });
  }
  return factors;
}

/** The windows that are worth computing at every row, because too many rows are left where they are needed. */
export function frequentWindows(branches: readonly Branch[]): readonly Term[] {
  const reads = new Map<string, { readonly term: Term; load: number }>();
  const visit = ({ share, branches }: Branch): void => {
    for (const term of distinctParts(branches)) {
      if (formOf(term) !== 'window') continue;
      const known = reads.get(term.key) ?? { term, load: 0 };
      known.load += share * costAtRow(term);
      reads.set(term.key, known);
    }
    branches.forEach(visit);
  };
  branches.forEach(visit);
  return [...reads.values()].filter(({ load }) => load > WINDOW).map(({ term }) => term);
}

/** What must be known at the rows above a branch. */
export function readsOf({ look }: Branch): readonly Term[] {
  return look.by === 'reach' ? [] : [look.reads];
}

function distinctParts(branches: readonly Branch[]): readonly Term[] {
  const parts = branches.flatMap(readsOf).flatMap((term) => partsOf(term, () => false));
  return [...new Map(parts.map((part) => [part.key, part])).values()];
}

/**
 * First, at all rows, the condition with which the others cost least; then those that rule out most for their cost.
 */
function ordered(factors: readonly Factor[]): readonly Factor[] {
  const total = factors.reduce((sum, { cost }) => sum + cost, 0);
  const asFirst = ({ costOfAll, rate, cost }: Factor): number => costOfAll + rate * (total - cost);
  const merit = ({ cost, rate }: Factor): number => cost / (1 - rate);
  const first = factors.reduce((best, factor) => (asFirst(factor) < asFirst(best) ? factor : best));
  const rest = factors.filter((factor) => factor !== first);
  // The same order in every set, so that sets share their beginnings.
  return [first, ...rest.sort((a, b) => merit(a) - merit(b) || (a.term.key < b.term.key ? -1 : 1))];
}

/**
 * The first conditions of all paths. Of breaks of one range that differ in length, the shortest is searched for, and
 * the longer are those whose search came further.
 */
function trunkOf(firsts: readonly Factor[]): { branches: Branch[]; firsts: ReadonlyMap<string, Branch> } {
  const branches: Branch[] = [];
  const known = new Map<string, Branch>();
  const shortest = new Map<string, Branch>();
  for (const first of [...firsts].sort((a, b) => lengthOf(a) - lengthOf(b))) {
    if (known.has(first.term.key)) continue;
    const siblings = first.search?.range.siblings ?? first.term.key;
    const shorter = shortest.get(siblings);
    const branch =
      shorter === undefined
        ? grow(branches, first, 1)
        : push(shorter.branches, first, Math.min(shorter.share, first.rate), { by: 'reach', least: lengthOf(first) });
    known.set(first.term.key, branch);
    if (branch.look.by === 'search') shortest.set(siblings, branch);
  }
  return { branches, firsts: known };
}

function grow(branches: Branch[], condition: Odds, above: number): Branch {
  const known = branches.find((branch) => branch.condition === condition);
  return known ?? push(branches, condition, above * condition.rate, lookFor(condition, above));
}

function lookFor({ term, search }: Odds, above: number): Look {
  const excess = excessOf(term);
  if (excess !== undefined) return { by: 'sums', reads: excess.x, excess };
  if (search === undefined || above * search.reads * SEARCH > WINDOW) return { by: 'value', reads: term };
  return { by: 'search', reads: search.range.x, range: search.range };
}

function push(branches: Branch[], condition: Odds, share: number, look: Look): Branch {
  const branch: Branch = { condition, look, share, branches: [], kept: [] };
  branches.push(branch);
  return branch;
}

function lengthOf({ search }: Odds): number {
  return search?.range.n ?? 0;
}

/** Per row, at all rows but for what was read already: by a search, or as any condition. */
function costOfSearch({ term, search }: Odds, readBefore: number): number {
  const computed = costAtAllRows(term);
  if (search === undefined) return computed;
  return Math.min(computed, (search.reads - readBefore) * SEARCH + costAtAllRows(search.range.x));
}

/** What a term costs at one row. */
function costAtRow(term: Term): number {
  const excess = excessOf(term);
  if (excess !== undefined) return SUMS + costAtRow(excess.x);
  switch (formOf(term)) {
    case 'constant':
      return 0;
    case 'window':
      return (term.node.args[0] as number) * READ;
    case 'pointwise':
      return inputsOf(term).reduce((sum, input) => sum + costAtRow(input), POINTWISE);
    default:
      return READ;
  }
}

/** What a term costs, per row, at all rows. What has a state is computed there in any case, and so costs nothing. */
function costAtAllRows(term: Term): number {
  const excess = excessOf(term);
  if (excess !== undefined) return SUMS + costAtAllRows(excess.x);
  switch (formOf(term)) {
    case 'window':
      return WINDOW;
    case 'pointwise':
      return inputsOf(term).reduce((sum, input) => sum + costAtAllRows(input), POINTWISE);
    case 'source':
      return READ;
    default:
      return 0;
  }
}

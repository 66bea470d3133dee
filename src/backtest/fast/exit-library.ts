import type { CandleColumns } from '../../domain/candle.ts';
import type { Side } from '../../domain/trade.ts';
import type { SignalBits } from '../../strategy/signal-bits.ts';
import { BitSearch, either } from './bits.ts';
import { EntryTable } from './entry-table.ts';
import { type BracketRules, ExitBook, sizeOf } from './exit-book.ts';
import type { DecisionGrid, SignalSearch } from './leg-run.ts';
import { FastMarket } from './market.ts';
import type { FastLeg, FastSpec } from './spec.ts';

/**
 * Books that differ in nothing but the sizes of stop and target, by both: nested brackets, each a start for the wider
 * ones.
 */
type Family = Map<string, ExitBook>;

/** What exits may take in memory before all of them are forgotten; they are found again, and are the same. */
const MEMORY_BYTES = 128 * 2 ** 20;

interface Shelf {
  readonly market: FastMarket;
  readonly entries: Map<string, EntryTable>;
  readonly families: Map<string, Family>;
}

/** Everything that was found in candles so far, for as long as somebody holds these candles. */
export class ExitLibrary {
  readonly #shelves = new WeakMap<CandleColumns, Shelf[]>();
  readonly #searches = new WeakMap<Uint32Array, BitSearch>();
  readonly #eithers = new WeakMap<SignalBits, Uint32Array | undefined>();
  readonly #ids = new WeakMap<object, number>();
  readonly #memoryBytes: number;
  /** Every book that is remembered, with the family that it stands in. */
  readonly #books = new Map<ExitBook, Family>();
  #lastId = 0;

  constructor(memoryBytes = MEMORY_BYTES) {
    this.#memoryBytes = memoryBytes;
  }

  market(leg: FastLeg): FastMarket {
    return this.#shelf(leg).market;
  }

  /** Searches of the bitmaps of a leg: made once, for all cells that share them. */
  signals({ bits }: FastLeg): SignalSearch {
    const { long, short, exitLong, exitShort } = bits;
    if (!this.#eithers.has(bits)) this.#eithers.set(bits, either(long, short));
    return {
      entries: this.#search(this.#eithers.get(bits)),
      exitLong: this.#search(exitLong),
      exitShort: this.#search(exitShort),
    };
  }

  #search(bits: Uint32Array | undefined): BitSearch | undefined {
    if (bits === undefined) return undefined;
    const search = this.#searches.get(bits) ?? new BitSearch(bits);
    this.#searches.set(bits, search);
    return search;
  }

  /** The exits of one side of a leg under the rules of a run. */
  book(leg: FastLeg, side: Side, spec: FastSpec, decision: DecisionGrid): ExitBook {
    const shelf = this.#shelf(leg);
    const rules = bracketOf(leg, spec, decision);
    const entries = this.#entries(shelf, side, spec.costs.slippageBps);
    const name = this.#familyName(rules, side, spec.costs.slippageBps);
    const family = shelf.families.get(name) ?? new Map<string, ExitBook>();
    shelf.families.set(name, family);
    const place = `${sizeOf(rules.stop)} ${rules.target}`;
    const known = family.get(place);
    if (known !== undefined) return known;
    this.#forgetIfFull();
    const book = new ExitBook(entries, rules, widestWithin(family, rules));
    family.set(place, book);
    this.#books.set(book, family);
    return book;
  }

  /** All at once: books lean on each other, so that one that is kept would keep others. */
  #forgetIfFull(): void {
    let bytes = 0;
    for (const book of this.#books.keys()) bytes += book.bytes;
    if (bytes <= this.#memoryBytes) return;
    for (const family of this.#books.values()) family.clear();
    this.#books.clear();
  }

  #shelf({ candles, instrument, funding }: FastLeg): Shelf {
    const shelves = this.#shelves.get(candles) ?? [];
    this.#shelves.set(candles, shelves);
    const known = shelves.find(({ market }) => market.instrument === instrument && market.funding === funding);
    if (known !== undefined) return known;
    const shelf = { market: new FastMarket(instrument, candles, funding), entries: new Map(), families: new Map() };
    shelves.push(shelf);
    return shelf;
  }

  #entries({ market, entries }: Shelf, side: Side, slippageBps: number): EntryTable {
    const name = `${side} ${slippageBps}`;
    const table = entries.get(name) ?? new EntryTable(market, side, slippageBps);
    entries.set(name, table);
    return table;
  }

  #familyName(rules: BracketRules, side: Side, slippageBps: number): string {
    const { stop, breakEven, trail, leverage, bothTouched, stopAtr, trailAtr, decision, minStopMoveBps } = rules;
    const moving = breakEven === null && trail === null ? [] : [breakEven, trail, minStopMoveBps, decision];
    const unit = 'atr' in stop ? `atr ${this.#idOf(stopAtr)}` : 'fraction';
    const trailId = trail === null ? 0 : this.#idOf(trailAtr);
    return JSON.stringify([side, slippageBps, unit, trailId, leverage, bothTouched, moving]);
  }

  #idOf(column: object | undefined): number {
    if (column === undefined) return 0;
    const id = this.#ids.get(column) ?? ++this.#lastId;
    this.#ids.set(column, id);
    return id;
  }
}

function bracketOf(leg: FastLeg, spec: FastSpec, decision: DecisionGrid): BracketRules {
  const { stop, target, breakEven, trail, minStopMoveBps, leverage } = spec.rules;
  return {
    stop,
    target,
    breakEven,
    trail,
    minStopMoveBps,
    leverage,
    bothTouched: spec.bothTouched ?? 'stop',
    stopAtr: leg.stopAtr,
    trailAtr: leg.trailAtr,
    decision,
  };
}

/**
 * The book of the widest bracket that lies within this one. A wider bracket is not touched before a narrower one, so
 * its search begins where that one ended. Moved stops are not nested.
 */
function widestWithin(family: Family, { stop, target, breakEven, trail }: BracketRules): ExitBook | undefined {
  if (breakEven !== null || trail !== null) return undefined;
  const reach = (book: ExitBook): number => book.rules.target ?? Number.POSITIVE_INFINITY;
  const within = [...family.values()].filter(
    (book) => sizeOf(book.rules.stop) <= sizeOf(stop) && reach(book) <= (target ?? Number.POSITIVE_INFINITY),
  );
  return within.sort((a, b) => sizeOf(b.rules.stop) - sizeOf(a.rules.stop) || reach(b) - reach(a))[0];
}

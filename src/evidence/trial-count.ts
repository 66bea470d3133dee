import type { DailyReturns } from '../backtest/daily-returns.ts';
import { DAY_MS } from '../domain/time.ts';
import {
  Clusters,
  correlation,
  leaderOf,
  NO_SHARPES,
  plusSharpe,
  SAME_ABOVE,
  type SharpeSums,
  sumsOf,
  varianceOf,
} from './clusters.ts';
import { expectedMaximum, nullSharpeVariance } from './sharpe.ts';
import { canonical, triedBy } from './trial-keys.ts';
import type { LineClusters, RecordedTrial } from './trial-lines.ts';

/** What the luck of everything that was tried on a market asks of a Sharpe ratio (rule 31). */
export interface MarketCount {
  /** Different strategies, params, risk cells and data; every combination of a sweep is one. */
  readonly trials: number;
  /** Clusters that they make. */
  readonly clusters: number;
  /** Of the clusters, those of which this database has no returns: they are counted one by one. */
  readonly unknown: number;
  /** V: over one trial of each cluster, per day, and never below that of a single strategy without skill. */
  readonly sharpeVariance: number;
  /** SR0, per day: the best Sharpe ratio that so many without skill would show; the highest that it ever was. */
  readonly hurdleSharpe: number;
}

/** One trial of the study that is to be judged. */
export interface OwnTrial {
  readonly key: string;
  /** Absent for what was tried and not chosen. */
  readonly returns?: DailyReturns;
}

/** Returns that are stored of the trials of a line, by the place of the trial; empty where none are. */
export type ReturnsOf = (line: RecordedTrial) => ReadonlyMap<number, DailyReturns>;

/** What counts as the same trial, however often and by whatever code it is run, on data fetched whenever. */
export function keyOf(
  { fileSha256, params }: { readonly fileSha256: string; readonly params: unknown },
  line: {
    readonly cell: unknown;
    readonly coins: readonly string[];
    readonly interval: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly isSynthetic: boolean;
  },
): string {
  const { cell, coins, interval, fromMs, toMs, isSynthetic } = line;
  return canonical([fileSha256, params, cell, coins, interval, fromMs, toMs, isSynthetic]);
}

/** A stage of the count: how many clusters there were, and their Sharpe ratios. */
interface Stage {
  readonly known: number;
  readonly unknown: number;
  readonly sharpes: SharpeSums;
}

/**
 * Counts what was tried on a market: the trials of the ledger, in its order, and after them those of the study at hand.
 *
 * The hurdle is the highest over every beginning of the ledger, with every beginning of the study's own trials behind
 * it. A trial more therefore never lowers it: near duplicates join a cluster and change nothing; one that makes V
 * smaller was preceded by a larger one, which stays.
 *
 * @param trials of the ledger, those that touch the market
 * @param own of the study, which may be in the ledger already: they count once, and last
 * @param span of the study, of which whole UTC days count
 */
export function countMarket(
  trials: readonly RecordedTrial[],
  returnsOf: ReturnsOf,
  own: readonly OwnTrial[],
  span: { readonly fromMs: number; readonly toMs: number },
): MarketCount {
  const floor = nullSharpeVariance(Math.max(2, wholeDays(span)));
  const ledger = new LedgerCount(new Set(own.map(({ key }) => key)));
  for (const line of trials) ledger.tell(line, returnsOf(line));
  const behind = new OwnCount(own, ledger.clusters);
  let hurdleSharpe = 0;
  let last: Stage = { known: 0, unknown: 0, sharpes: NO_SHARPES };
  for (const stage of ledger.stages) {
    for (const whole of behind.after(stage)) {
      hurdleSharpe = Math.max(hurdleSharpe, hurdleOf(whole, floor));
      last = whole;
    }
  }
  return {
    trials: ledger.trials + own.length,
    clusters: last.known + last.unknown,
    unknown: last.unknown,
    sharpeVariance: Math.max(floor, varianceOf(last.sharpes) ?? 0),
    hurdleSharpe,
  };
}

function wholeDays({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number {
  return Math.floor(toMs / DAY_MS) - Math.ceil(fromMs / DAY_MS);
}

function hurdleOf({ known, unknown, sharpes }: Stage, floor: number): number {
  return Math.sqrt(Math.max(floor, varianceOf(sharpes) ?? 0)) * expectedMaximum(Math.max(1, known + unknown));
}

/** The clusters of the ledger, and what they were after each line that added one. */
class LedgerCount {
  readonly clusters = new Clusters();
  readonly stages: Stage[] = [{ known: 0, unknown: 0, sharpes: NO_SHARPES }];
  trials = 0;
  readonly #seen: Set<string>;
  /** Of each search, how many of its clusters have been counted. */
  readonly #searches = new Map<string, { trials: number; clusters: number }>();

  constructor(own: ReadonlySet<string>) {
    this.#seen = new Set(own);
  }

  tell(line: RecordedTrial, returns: ReadonlyMap<number, DailyReturns>): void {
    if (line.kind === 'study') this.#tellStudy(line, returns);
    else this.#tellSearch(line, returns);
  }

  #tellStudy(line: Extract<RecordedTrial, { kind: 'study' }>, returns: ReadonlyMap<number, DailyReturns>): void {
    let absent = 0;
    for (const [place, strategy] of line.strategies.entries()) {
      const key = keyOf(strategy, line);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.trials++;
      const found = returns.get(place);
      if (found === undefined) absent++;
      else this.#add(found);
    }
    // Where the returns of a line are there, those that are not belong to combinations that were not chosen.
    this.#addUnknown(returns.size > 0 ? absent : Math.min(absent, line.clusters?.count ?? absent), line.clusters);
  }

  /** A sweep or an optimisation. */
  #tellSearch(line: Exclude<RecordedTrial, { kind: 'study' }>, returns: ReadonlyMap<number, DailyReturns>): void {
    const key = canonical([triedBy(line).slice(0, -1), line.fromMs, line.toMs, line.isSynthetic]);
    const before = this.#searches.get(key) ?? { trials: 0, clusters: 0 };
    const clusters = line.clusters?.count ?? line.combinations;
    for (const found of returns.values()) this.#add(found);
    this.#addUnknown(Math.max(0, clusters - Math.max(before.clusters, returns.size)), line.clusters);
    this.trials += Math.max(0, line.combinations - before.trials);
    this.#searches.set(key, {
      trials: Math.max(before.trials, line.combinations),
      clusters: Math.max(before.clusters, clusters),
    });
  }

  #add(returns: DailyReturns): void {
    if (!this.clusters.add(returns)) return;
    const { known, unknown, sharpes } = this.#last();
    this.stages.push({ known: known + 1, unknown, sharpes: plusSharpe(sharpes, this.clusters.leaders.at(-1)?.sharpe) });
  }

  #addUnknown(count: number, told: LineClusters | undefined): void {
    if (count === 0) return;
    const { known, unknown, sharpes } = this.#last();
    const added = sumsOf(told === undefined ? 0 : count, told?.sharpeMean ?? null, told?.sharpeVariance ?? null);
    this.stages.push({
      known,
      unknown: unknown + count,
      sharpes: {
        count: sharpes.count + added.count,
        sum: sharpes.sum + added.sum,
        squares: sharpes.squares + added.squares,
      },
    });
  }

  #last(): Stage {
    return this.stages.at(-1) as Stage;
  }
}

/** The study's own trials behind any beginning of the ledger. */
class OwnCount {
  readonly #own: readonly (ReturnType<typeof leaderOf> & { place: number })[];
  /** What was tried and not chosen. */
  readonly #unknown: number;

  constructor(own: readonly OwnTrial[], ledger: Clusters) {
    const known = own.flatMap(({ returns }) => (returns === undefined ? [] : [returns]));
    this.#own = known.map((returns) => ({ ...leaderOf(returns), place: ledger.placeOf(returns) }));
    this.#unknown = own.length - known.length;
  }

  /** What it comes to with none of them, the first, the first two … */
  *after(stage: Stage): Generator<Stage> {
    let { known, unknown, sharpes } = stage;
    yield stage;
    const founded: DailyReturns[] = [];
    for (const { returns, sharpe, place } of this.#own) {
      if (place < stage.known || founded.some((one) => correlation(one, returns) > SAME_ABOVE)) continue;
      founded.push(returns);
      known++;
      sharpes = plusSharpe(sharpes, sharpe);
      yield { known, unknown, sharpes };
    }
    unknown += this.#unknown;
    yield { known, unknown, sharpes };
  }
}

/** What a line says of its own trials, for whoever has no returns of them. */
export function lineClusters(returns: readonly DailyReturns[], others: number): LineClusters {
  const clusters = new Clusters();
  for (const one of returns) clusters.add(one);
  const sharpes = clusters.leaders.reduce((sums, { sharpe }) => plusSharpe(sums, sharpe), NO_SHARPES);
  return {
    count: clusters.leaders.length + others,
    compared: returns.length,
    sharpeMean: sharpes.count === 0 ? null : sharpes.sum / sharpes.count,
    sharpeVariance: varianceOf(sharpes),
  };
}

import { storedCandles } from '../backtest/candle-source.ts';
import { type Config, costsOf } from '../config/config.ts';
import { didYouMean, UsageError } from '../domain/errors.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { MarketDatabase } from '../market/database.ts';
import { listSeries } from '../market/series-store.ts';
import { listSweeps, readResults, type StoredSweep } from '../market/sweep-store.ts';
import { SWEEP_METRICS, type SweepWork } from '../optimize/contract.ts';
import { SweepPlan } from '../optimize/plan.ts';
import { columnsOf } from '../optimize/ranking.ts';
import { silentSets } from '../optimize/sweep-result.ts';
import { count } from './database.ts';
import type { CountedSweep } from './sweep-plan.ts';
import type { SweepView } from './sweep-table.ts';

/** As many letters of an identity as are shown. */
const IDENTITY_LETTERS = 12;

/** What is kept of a sweep beside its results: enough to read them, and to know it again. */
interface Specification {
  readonly asked: {
    readonly sweep: Sweep;
    readonly costs: Costs;
    readonly strategies: SweepWork['strategies'];
  };
  readonly isSynthetic: boolean;
  readonly asSeen?: true;
  readonly source: string;
}

export function specificationOf({ sweep, costs, strategies, data }: SweepWork): string {
  const { isSynthetic, asSeen, source } = data;
  const market = { isSynthetic, ...(asSeen && { asSeen }), source };
  const specification: Specification = { asked: { sweep, costs, strategies }, ...market };
  return JSON.stringify(specification);
}

/** On which candles a sweep is to run. */
interface WantedMarket {
  readonly config: Config;
  readonly isSyntheticWanted: boolean;
  readonly asSeen: boolean;
}

/**
 * The last sweep that asked for exactly this, of the same market; without it, a 'newest' span would be another one
 * every hour. The span of an invented market says nothing about a real one, nor that of one source about another, nor
 * that of first values about final ones.
 */
export function earlierOf(
  { plan, strategies }: CountedSweep,
  { config, isSyntheticWanted, asSeen }: WantedMarket,
  db: MarketDatabase,
): StoredSweep | undefined {
  const files = strategies.map(({ strategy, sha256 }) => ({ name: strategy.name, fileSha256: sha256 }));
  const asked = JSON.stringify({ sweep: plan.sweep, costs: costsOf(config), strategies: files });
  const sources = isSyntheticWanted ? [] : sourcesOf(plan.sweep, config.source, db);
  return listSweeps(db).find(({ spec }) => {
    const earlier = JSON.parse(spec) as Specification;
    const names = new Set(earlier.source.split(' and '));
    const isSameMarket = earlier.isSynthetic === isSyntheticWanted && sources.every((source) => names.has(source));
    return isSameMarket && (earlier.asSeen === true) === asSeen && JSON.stringify(earlier.asked) === asked;
  });
}

/** Whose candles a sweep reads of those that are stored. */
function sourcesOf({ coins, intervals }: Sweep, preferred: string, db: MarketDatabase): string[] {
  const candles = storedCandles(db, preferred);
  return listSeries(db)
    .filter(({ kind, coin, interval }) => kind === 'trade' && coins.includes(coin) && intervals.includes(interval))
    .map(({ coin, interval }) => candles.sourceOf(coin, interval));
}

/** Results that are stored, as rows, and a 1 for each combination that has one. */
export interface StoredRows {
  readonly rows: Float64Array;
  readonly isDone: Uint8Array;
}

export function noRows(combinations: number): StoredRows {
  return { rows: new Float64Array(combinations * SWEEP_METRICS.length), isDone: new Uint8Array(combinations) };
}

export function storedRows(db: MarketDatabase, { id, combinations }: StoredSweep): StoredRows {
  const { rows, isDone } = noRows(combinations);
  readResults(db, id, (combination, values) => {
    rows.set(values, combination * SWEEP_METRICS.length);
    isDone[combination] = 1;
  });
  return { rows, isDone };
}

/**
 * The sweep of that name that was run last, on final values or on first ones as asked for, or the one whose identity
 * begins so.
 *
 * @throws UsageError for one that is not stored, with the nearest names, for first letters that several identities
 *   have, and for one that is not finished
 */
export function findStored(db: MarketDatabase, named: string, { asSeen }: { readonly asSeen: boolean }): StoredSweep {
  const all = listSweeps(db);
  const ofName = all.filter(({ name }) => name === named);
  const isNamed = ofName.filter(({ spec }) => isOnFirstValues(spec) === asSeen);
  if (ofName.length > 0 && isNamed.length === 0) throw onOtherValues(named, asSeen);
  const known = isNamed.length > 0 ? isNamed : all.filter(({ identity }) => isStartOf(named, identity));
  if (isNamed.length === 0 && known.length > 1) {
    throw new UsageError(`the identities of ${known.length} stored sweeps begin with '${named}'`, {
      details: known.map(({ name, identity }) => `${identity.slice(0, IDENTITY_LETTERS)}  ${name}`),
      hint: 'Write as many letters as it takes to tell them apart.',
    });
  }
  const found = known.find((sweep) => sweep.provenMs !== null) ?? known[0];
  if (found === undefined) {
    const names = new Set(all.map(({ name }) => name));
    throw new UsageError(`no sweep '${named}' is stored`, {
      details: ['a stored sweep is called by its name, or by the first letters of its identity: at least 4'],
      hint: didYouMean(named, names),
    });
  }
  if (found.provenMs === null) {
    const values = isOnFirstValues(found.spec) ? ' --as-seen' : '';
    throw new UsageError(`the sweep '${named}' is not finished`, {
      details: [`${count(found.done)} of ${count(found.combinations)} combinations are stored`],
      hint: `'npx candor sweep ${found.name} --resume${values}' goes on with the others.`,
    });
  }
  return found;
}

function isOnFirstValues(spec: string): boolean {
  return (JSON.parse(spec) as Specification).asSeen === true;
}

function onOtherValues(named: string, asSeen: boolean): UsageError {
  return asSeen
    ? new UsageError(`the sweep '${named}' is stored on final values alone`, {
        hint: 'Leave out --as-seen to show that one, or --show to run it on the values first seen.',
      })
    : new UsageError(`the sweep '${named}' is stored on the values first seen alone`, {
        hint: 'Show that one with --as-seen, or leave out --show to run it on the final values.',
      });
}

function isStartOf(named: string, identity: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(named) && identity.startsWith(named);
}

/** A stored sweep as it can be shown, without its ranking. */
export function storedView(db: MarketDatabase, stored: StoredSweep): Omit<SweepView, 'ranking'> {
  const { asked, isSynthetic, asSeen, source } = JSON.parse(stored.spec) as Specification;
  const plan = new SweepPlan(asked.sweep);
  const columns = columnsOf(storedRows(db, stored).rows);
  const { fromMs, toMs } = stored;
  return {
    plan,
    columns,
    silent: silentSets(plan, columns),
    data: { isSynthetic, ...(asSeen && { asSeen }), source, fromMs, toMs },
  };
}

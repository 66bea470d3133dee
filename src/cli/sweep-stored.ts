import { storedCandles } from '../backtest/candle-source.ts';
import { type Config, costsOf } from '../config/config.ts';
import { NOTHING_SEALED } from '../domain/sealed.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { MarketDatabase } from '../market/database.ts';
import { listSeries } from '../market/series-store.ts';
import { listSweeps, type StoredSweep } from '../market/sweep-store.ts';
import { SweepPlan } from '../optimize/plan.ts';
import { columnsOf } from '../optimize/ranking.ts';
import { readSpecification, storedRows } from '../optimize/stored-sweep.ts';
import { silentSets } from '../optimize/sweep-result.ts';
import type { CountedSweep } from './sweep-plan.ts';
import type { SweepView } from './sweep-table.ts';

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
  return listSweeps(db).find((stored) => {
    const earlier = readSpecification(stored);
    const names = new Set(earlier.source.split(' and '));
    const isSameMarket = earlier.isSynthetic === isSyntheticWanted && sources.every((source) => names.has(source));
    return isSameMarket && (earlier.asSeen === true) === asSeen && JSON.stringify(earlier.asked) === asked;
  });
}

/** Whose candles a sweep reads of those that are stored; their names alone, which no seal hides. */
function sourcesOf({ coins, intervals }: Sweep, preferred: string, db: MarketDatabase): string[] {
  const candles = storedCandles(db, preferred, NOTHING_SEALED);
  return listSeries(db)
    .filter(({ kind, coin, interval }) => kind === 'trade' && coins.includes(coin) && intervals.includes(interval))
    .map(({ coin, interval }) => candles.sourceOf(coin, interval));
}

/** A stored sweep as it can be shown, without its ranking. */
export function storedView(db: MarketDatabase, stored: StoredSweep): Omit<SweepView, 'ranking'> {
  const { asked, isSynthetic, asSeen, source } = readSpecification(stored);
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

import type { Clock } from '../domain/clock.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import type { Interval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from '../market/database.ts';
import type { ParamValues } from '../strategy/params.ts';

/**
 * What strategies trade with. The optimizer decides; a coin takes a decision when it is flat, never in the middle of a
 * position. So there are two answers: what is in force, and what is pending.
 */

/** A strategy on candles of one interval: what the optimizer decides on. */
export interface StrategyOnInterval {
  readonly strategy: string;
  readonly interval: Interval;
}

/** One coin of it: what takes a decision. */
export interface TradedLeg extends StrategyOnInterval {
  readonly coin: string;
}

export type ChangeKind = 'swap' | 'stand-down' | 'resume' | 'rollback';

export interface Setting {
  /** Complete; null for the defaults of the strategy's file. */
  readonly params: ParamValues | null;
  /** False after the strategy was stood down: no entries, and what is open is managed to its end. */
  readonly isTrading: boolean;
  /** The strategy's file when the params were chosen; null for the defaults. */
  readonly fileSha256: string | null;
  /** The change that made it so; null where nothing ever changed. */
  readonly change: number | null;
}

export interface Change extends Setting, StrategyOnInterval {
  readonly id: number;
  readonly kind: ChangeKind;
  readonly decidedMs: EpochMs;
  /** The run that decided it; null for a rollback. */
  readonly optimization: number | null;
  /** The swap that a rollback took back. */
  readonly takesBack: number | null;
}

export interface LegState {
  readonly inForce: Setting;
  /** What the leg takes when it is flat; null where nothing waits. */
  readonly pending: Setting | null;
  /** Whether a new position may be opened now: a stand-down that waits for an exit forbids entries at once. */
  readonly mayEnter: boolean;
}

const RESTORE = "The database was damaged: go back to a copy of it ('candor data backup' makes them).";
const DEFAULTS: Setting = { params: null, isTrading: true, fileSha256: null, change: null };

/**
 * What the newest decision says, whether the coins have taken it yet or not: the incumbent of the next run.
 *
 * @throws DataError where a change that coins refer to is missing, or cannot be read
 */
export function incumbentOf(db: MarketDatabase, { strategy, interval }: StrategyOnInterval): Setting {
  requireWhole(db, { strategy, interval });
  const newest = `${SELECT} WHERE strategy = ? AND interval = ? ORDER BY id DESC LIMIT 1`;
  return settingOf(db.prepare(newest).get(strategy, interval) as ChangeRow | undefined);
}

/**
 * What a coin trades with now, and what waits for it to be flat.
 *
 * @throws DataError as `incumbentOf`
 */
export function legState(db: MarketDatabase, leg: TradedLeg): LegState {
  return onSnapshot(db, () => {
    requireWhole(db, leg);
    const inForce = settingOf(changeIn(db, 'changes_in_force', leg));
    const waiting = changeIn(db, 'pending_changes', leg);
    const pending = waiting === undefined ? null : settingOf(waiting);
    return { inForce, pending, mayEnter: inForce.isTrading && pending?.isTrading !== false };
  });
}

/**
 * The leg is flat: what was pending is in force from now on.
 *
 * @returns what is in force
 * @throws DataError as `incumbentOf`
 */
export function takePending(db: MarketDatabase, leg: TradedLeg, clock: Clock): Setting {
  return inTransaction(db, () => {
    requireWhole(db, leg);
    const key = [leg.strategy, leg.interval, leg.coin];
    const waiting = changeIn(db, 'pending_changes', leg);
    if (waiting === undefined) return settingOf(changeIn(db, 'changes_in_force', leg));
    db.prepare(
      `INSERT INTO changes_in_force VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET change = excluded.change, since_ms = excluded.since_ms`,
    ).run(...key, waiting.id, clock.nowMs());
    db.prepare('DELETE FROM pending_changes WHERE strategy = ? AND interval = ? AND coin = ?').run(...key);
    return settingOf(waiting);
  });
}

/** Every leg that something waits for, by strategy, interval and coin. */
export function listPending(db: MarketDatabase): (TradedLeg & { readonly pending: Setting })[] {
  const rows = db
    .prepare(
      `SELECT leg.coin, ${COLUMNS} FROM pending_changes AS leg JOIN param_changes AS made ON made.id = leg.change
       ORDER BY leg.strategy, leg.interval, leg.coin`,
    )
    .all() as (ChangeRow & { coin: string })[];
  return rows.map((row) => ({
    ...{ strategy: row.strategy, interval: row.interval, coin: row.coin },
    pending: settingOf(row),
  }));
}

/** Every change ever made, the newest first. */
export function listChanges(db: MarketDatabase): Change[] {
  const rows = db.prepare(`${SELECT} ORDER BY id DESC`).all() as ChangeRow[];
  return rows.map((row) => {
    const { id, strategy, interval, kind, decidedMs, optimization, takesBack } = row;
    return { ...settingOf(row), id, strategy, interval, kind, decidedMs, optimization, takesBack };
  });
}

export interface NewChange extends StrategyOnInterval, Omit<Setting, 'change'> {
  readonly kind: ChangeKind;
  readonly optimization: number | null;
  readonly takesBack?: number;
}

/**
 * Writes down a change, and leaves it pending for each coin. Must run in a transaction of its caller.
 *
 * @returns its number
 */
export function recordChange(db: MarketDatabase, change: NewChange, coins: readonly string[], clock: Clock): number {
  const { strategy, interval, kind, params, fileSha256, isTrading, optimization, takesBack } = change;
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO param_changes
         (strategy, interval, kind, params, file_sha256, is_trading, decided_ms, optimization, takes_back)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[strategy, interval, kind, params === null ? null : JSON.stringify(params), fileSha256],
      ...[isTrading ? 1 : 0, clock.nowMs(), optimization, takesBack ?? null],
    );
  const id = Number(lastInsertRowid);
  for (const coin of coins) makePending(db, { strategy, interval, coin }, id);
  return id;
}

/**
 * Coins that do not have the newest decision yet (they came to the file after it was made) are to take it as well. Must
 * run in a transaction of its caller.
 */
export function spreadIncumbent(db: MarketDatabase, on: StrategyOnInterval, coins: readonly string[]): void {
  const { change } = incumbentOf(db, on);
  if (change === null) return;
  for (const coin of coins) {
    const leg = { ...on, coin };
    const latest = changeIn(db, 'pending_changes', leg) ?? changeIn(db, 'changes_in_force', leg);
    if (latest?.id !== change) makePending(db, leg, change);
  }
}

/**
 * Takes back the last swap that was not taken back before: what was decided before it is pending again, for every coin
 * that it had reached. Trials stay counted.
 *
 * @returns the rollback
 * @throws UsageError where there is no such swap
 */
export function rollBack(db: MarketDatabase, on: StrategyOnInterval, clock: Clock): Change {
  return inTransaction(db, () => {
    const { strategy, interval } = on;
    const swap = db
      .prepare(
        `${SELECT} WHERE strategy = ? AND interval = ? AND kind = 'swap'
           AND id NOT IN (SELECT takes_back FROM param_changes WHERE takes_back IS NOT NULL)
         ORDER BY id DESC LIMIT 1`,
      )
      .get(strategy, interval) as ChangeRow | undefined;
    if (swap === undefined) {
      throw new UsageError(`there is no swap of '${strategy}' on ${interval} to take back`, {
        hint: "'candor optimize --history' shows what was decided.",
      });
    }
    const earlier = `${SELECT} WHERE strategy = ? AND interval = ? AND id < ? ORDER BY id DESC LIMIT 1`;
    const before = settingOf(db.prepare(earlier).get(strategy, interval, swap.id) as ChangeRow | undefined);
    const rollback = { ...on, ...before, kind: 'rollback', optimization: null, takesBack: swap.id } as const;
    const id = recordChange(db, rollback, coinsOf(db, on), clock);
    return listChanges(db).find((change) => change.id === id) as Change;
  });
}

/** Every strategy that was ever swapped, with its interval. */
export function listSwapped(db: MarketDatabase): StrategyOnInterval[] {
  const swapped =
    "SELECT DISTINCT strategy, interval FROM param_changes WHERE kind = 'swap' ORDER BY strategy, interval";
  return db.prepare(swapped).all() as StrategyOnInterval[];
}

interface ChangeRow extends StrategyOnInterval {
  readonly id: number;
  readonly kind: ChangeKind;
  readonly params: string | null;
  readonly fileSha256: string | null;
  readonly isTrading: 0 | 1;
  readonly decidedMs: EpochMs;
  readonly optimization: number | null;
  readonly takesBack: number | null;
}

const COLUMNS = `made.id, made.strategy, made.interval, made.kind, made.params, made.file_sha256 AS fileSha256,
  made.is_trading AS isTrading, made.decided_ms AS decidedMs, made.optimization, made.takes_back AS takesBack`;
const SELECT = `SELECT ${COLUMNS} FROM param_changes AS made`;

function settingOf(row: ChangeRow | undefined): Setting {
  if (row === undefined) return DEFAULTS;
  const { id, params, fileSha256, isTrading } = row;
  return {
    params: params === null ? null : paramsIn(row, params),
    ...{ isTrading: isTrading === 1, fileSha256, change: id },
  };
}

function paramsIn({ id, strategy }: ChangeRow, text: string): ParamValues {
  try {
    return JSON.parse(text) as ParamValues;
  } catch (cause) {
    throw new DataError(`the params of change ${id} of '${strategy}' cannot be read from the database`, {
      details: [text],
      hint: RESTORE,
      cause,
    });
  }
}

/**
 * A coin that refers to a change which is not there would trade by the defaults, though it may have been stood down.
 * SQLite refuses to make such a gap, but not to everybody: its own shell does not look.
 */
function requireWhole(db: MarketDatabase, { strategy, interval }: StrategyOnInterval): void {
  const reached = (table: string): string => `SELECT change FROM ${table} WHERE strategy = ? AND interval = ?`;
  const missing = `SELECT change FROM (${reached('pending_changes')} UNION ${reached('changes_in_force')})
    WHERE change NOT IN (SELECT id FROM param_changes)`;
  const change = db.prepare(missing).pluck().get(strategy, interval, strategy, interval) as number | undefined;
  if (change === undefined) return;
  throw new DataError(`change ${change} of what '${strategy}' trades with on ${interval} is not in the database`, {
    hint: RESTORE,
  });
}

function changeIn(
  db: MarketDatabase,
  table: 'pending_changes' | 'changes_in_force',
  { strategy, interval, coin }: TradedLeg,
): ChangeRow | undefined {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM ${table} AS leg JOIN param_changes AS made ON made.id = leg.change
       WHERE leg.strategy = ? AND leg.interval = ? AND leg.coin = ?`,
    )
    .get(strategy, interval, coin) as ChangeRow | undefined;
}

function makePending(db: MarketDatabase, { strategy, interval, coin }: TradedLeg, change: number): void {
  db.prepare('INSERT INTO pending_changes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET change = excluded.change').run(
    strategy,
    interval,
    coin,
    change,
  );
}

function coinsOf(db: MarketDatabase, { strategy, interval }: StrategyOnInterval): string[] {
  const reached = (table: string): string => `SELECT coin FROM ${table} WHERE strategy = ? AND interval = ?`;
  const both = `${reached('pending_changes')} UNION ${reached('changes_in_force')} ORDER BY coin`;
  return db.prepare(both).pluck().all(strategy, interval, strategy, interval) as string[];
}

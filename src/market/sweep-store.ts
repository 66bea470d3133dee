import type { Clock } from '../domain/clock.ts';
import { DataError } from '../domain/errors.ts';
import type { EpochMs } from '../domain/units.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';

/** The columns of a result, in the order in which rows are given and read. */
export const RESULT_COLUMNS = [
  'signals',
  'trades',
  'win_rate',
  'expectancy_r',
  'sd_r',
  'net_return',
  'max_drawdown',
  'profit_factor',
  'fees_usd',
  'funding_usd',
  'exposure',
  'longest_losing_run',
  'refusals',
  'final_cash_usd',
] as const;

/** What a sweep is, as it is stored when it begins. */
export interface SweepRecord {
  /** Of everything that its results depend on. */
  readonly identity: string;
  readonly name: string;
  /** What was asked for, as JSON. */
  readonly spec: string;
  readonly fingerprint: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly combinations: number;
}

export interface StoredSweep extends SweepRecord {
  readonly id: number;
  readonly begunMs: EpochMs;
  /** When all of it was there and had been compared with the reference engine. */
  readonly provenMs: EpochMs | null;
  /** Combinations that have a result. */
  readonly done: number;
}

/**
 * Notes that a sweep begins. One of the same identity that is there already stays with its results; it goes by the
 * name that was last used for it.
 */
export function beginSweep(db: MarketDatabase, record: SweepRecord, clock: Clock): StoredSweep {
  return inTransaction(db, () => {
    const { identity, name, spec, fingerprint, fromMs, toMs, combinations } = record;
    db.prepare(
      `INSERT INTO sweeps (identity, name, spec, fingerprint, from_ms, to_ms, combinations, begun_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (identity) DO UPDATE SET name = excluded.name, spec = excluded.spec, begun_ms = excluded.begun_ms`,
    ).run(identity, name, spec, fingerprint, fromMs, toMs, combinations, clock.nowMs());
    return findSweep(db, identity) as StoredSweep;
  });
}

/** All sweeps that are stored, those begun last first. */
export function listSweeps(db: MarketDatabase): StoredSweep[] {
  return onSnapshot(db, () => db.prepare(`${SELECT} ORDER BY begun_ms DESC, id DESC`).all() as StoredSweep[]);
}

const SELECT = `
  SELECT id, identity, name, spec, fingerprint, from_ms AS fromMs, to_ms AS toMs, combinations, begun_ms AS begunMs,
    proven_ms AS provenMs, (SELECT count(*) FROM sweep_results WHERE sweep = id) AS done
  FROM sweeps`;

function findSweep(db: MarketDatabase, identity: string): StoredSweep | undefined {
  return db.prepare(`${SELECT} WHERE identity = ?`).get(identity) as StoredSweep | undefined;
}

/**
 * Stores results of combinations `first`, `first` + 1, … in one transaction. What is there already stays: the same
 * combination of the same sweep has the same result, whoever worked it out.
 *
 * @param values row after row, in the order of RESULT_COLUMNS; NaN where there is no value
 * @throws DataError where another result of a combination is stored: nobody can tell which results of the sweep are
 *   right, so all that is stored of it is taken back
 */
export function storeResults(db: MarketDatabase, sweep: number, first: number, values: Float64Array): void {
  const difference = inTransaction(db, () => {
    const insert = db.prepare(INSERT_RESULT);
    const width = RESULT_COLUMNS.length;
    const row: number[] = [];
    for (let at = 0; at < values.length; at += width) {
      row[0] = sweep;
      row[1] = first + at / width;
      for (let i = 0; i < width; i++) row[2 + i] = values[at + i] as number;
      const found = insert.run(row).changes === 0 ? differenceFromStored(db, row) : undefined;
      if (found === undefined) continue;
      db.prepare(DELETE_SWEEP).run(sweep);
      return found;
    }
    return undefined;
  });
  if (difference !== undefined) throw difference;
}

const INSERT_RESULT =
  `INSERT OR IGNORE INTO sweep_results (sweep, combination, ${RESULT_COLUMNS.join(', ')}) ` +
  `VALUES (?, ?${', ?'.repeat(RESULT_COLUMNS.length)})`;
const SELECT_RESULT = `SELECT ${RESULT_COLUMNS.join(', ')} FROM sweep_results WHERE sweep = ? AND combination = ?`;
const DELETE_SWEEP = 'DELETE FROM sweeps WHERE id = ?';

/** To the last bit; but a database knows one zero and one NaN. */
function differenceFromStored(
  db: MarketDatabase,
  [sweep, combination, ...found]: readonly number[],
): DataError | undefined {
  const stored = db.prepare(SELECT_RESULT).raw().get(sweep, combination) as (number | null)[];
  const place = RESULT_COLUMNS.findIndex((_, i) => !Object.is(stored[i] ?? Number.NaN, (found[i] as number) + 0));
  if (place === -1) return undefined;
  const { name, identity } = db.prepare('SELECT name, identity FROM sweeps WHERE id = ?').get(sweep) as SweepRecord;
  return new DataError(`a result of the sweep '${name}' is not the one that is stored`, {
    details: [
      `sweep ${identity.slice(0, 12)}, combination ${combination}`,
      `${RESULT_COLUMNS[place]}: ${found[place]}, stored: ${stored[place] ?? Number.NaN}`,
    ],
    hint: 'One of them is wrong, so all that was stored of this sweep was taken back: run it again.',
  });
}

const PAGE_ROWS = 10_000;

/** Hands over every stored result of a sweep, in order; a metric without a value is NaN. */
export function readResults(
  db: MarketDatabase,
  sweep: number,
  onRow: (combination: number, values: readonly number[]) => void,
): void {
  onSnapshot(db, () => {
    const page = db
      .prepare(
        `SELECT combination, ${RESULT_COLUMNS.join(', ')} FROM sweep_results
         WHERE sweep = ? AND combination > ? ORDER BY combination LIMIT ${PAGE_ROWS}`,
      )
      .raw();
    let last = -1;
    for (;;) {
      const rows = page.all(sweep, last) as [number, ...(number | null)[]][];
      for (const [combination, ...values] of rows) {
        onRow(
          combination,
          values.map((value) => value ?? Number.NaN),
        );
        last = combination;
      }
      if (rows.length < PAGE_ROWS) return;
    }
  });
}

/** Notes that all of a sweep is there, and that its replays came out the same. */
export function markProven(db: MarketDatabase, sweep: number, clock: Clock): void {
  inTransaction(db, () => db.prepare('UPDATE sweeps SET proven_ms = ? WHERE id = ?').run(clock.nowMs(), sweep));
}

/** Takes back what a sweep has stored: it was found to be wrong. */
export function discardSweep(db: MarketDatabase, sweep: number): void {
  inTransaction(db, () => db.prepare(DELETE_SWEEP).run(sweep));
}

import type Database from 'better-sqlite3';
import { OPTIMIZER_TABLES } from './optimizer-tables.ts';

/** SQL, or what SQL cannot say exactly. */
export type Migration = string | ((db: Database.Database) => void);

/**
 * Candles are sealed in blocks of this many milliseconds, four days, whatever their interval. The triggers of the
 * schema repeat the number, which is why it can only change with another step.
 */
export const BLOCK_MS = 345_600_000;

/**
 * The schema, one step per version; PRAGMA user_version counts the steps that a file has taken. A released step is
 * never changed, only followed by another. Foreign keys are not enforced while steps are taken.
 *
 * Times are UTC milliseconds. Two sources of one candle are two series. Tables of rows hold what was delivered last;
 * what was there before is in `revisions`.
 */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    coin TEXT NOT NULL,
    interval TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('trade', 'funding')),
    UNIQUE (source, coin, interval, kind)
  ) STRICT;

  -- An integer key and the row in the key's own tree: 33 MB for a year of 1m candles.
  CREATE TABLE candles (
    series INTEGER NOT NULL REFERENCES series (id),
    t INTEGER NOT NULL,
    o REAL NOT NULL,
    h REAL NOT NULL,
    l REAL NOT NULL,
    c REAL NOT NULL,
    v REAL NOT NULL,
    n INTEGER,
    PRIMARY KEY (series, t)
  ) STRICT, WITHOUT ROWID;

  -- t is the full hour that the settlement belongs to; venues stamp it some seconds late.
  CREATE TABLE funding (
    series INTEGER NOT NULL REFERENCES series (id),
    t INTEGER NOT NULL,
    rate REAL NOT NULL,
    PRIMARY KEY (series, t)
  ) STRICT, WITHOUT ROWID;

  -- Times from_ms … to_ms (exclusive) that a delivery covered without having rows for them.
  CREATE TABLE gaps (
    series INTEGER NOT NULL REFERENCES series (id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (series, from_ms)
  ) STRICT, WITHOUT ROWID;

  -- value is the differing row as JSON: [o, h, l, c, v], or [rate].
  CREATE TABLE revisions (
    series INTEGER NOT NULL REFERENCES series (id),
    t INTEGER NOT NULL,
    value TEXT NOT NULL,
    origin TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (series, t, value)
  ) STRICT, WITHOUT ROWID;

  -- margin_tiers is JSON: [[fromNotionalUsd, maxLeverage], …]
  CREATE TABLE instruments (
    coin TEXT PRIMARY KEY,
    sz_decimals INTEGER NOT NULL,
    margin_tiers TEXT NOT NULL,
    is_delisted INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A sweep is what it depends on: the same identity gives the same results, so that a row is never wrong, only absent.
  -- spec is what was asked for, as JSON; from_ms … to_ms is the span that it came to.
  CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    combinations INTEGER NOT NULL,
    begun_ms INTEGER NOT NULL,
    -- NULL until all combinations are there and the replays came out the same.
    proven_ms INTEGER
  ) STRICT;

  -- One row for each combination, by its place in the order of the sweep. NULL is a metric without a value; dollars
  -- are micro-dollars, shares are fractions.
  CREATE TABLE sweep_results (
    sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
    combination INTEGER NOT NULL,
    signals REAL,
    trades REAL,
    win_rate REAL,
    expectancy_r REAL,
    sd_r REAL,
    net_return REAL,
    max_drawdown REAL,
    profit_factor REAL,
    fees_usd REAL,
    funding_usd REAL,
    exposure REAL,
    longest_losing_run REAL,
    refusals REAL,
    final_cash_usd REAL,
    PRIMARY KEY (sweep, combination)
  ) STRICT, WITHOUT ROWID;
  `,
  (db) => {
    db.exec(MARK_SERIES);
    db.exec(LEDGER);
    fillLedger(db);
    db.exec('DROP TABLE differing');
    db.exec(GAP_REASONS);
    db.exec(SEALED_BLOCKS);
  },
  OPTIMIZER_TABLES,
  `
  -- Lines of the trial ledger that were written where this database was in use; the text file under git is the ledger.
  CREATE TABLE ledger_lines (
    hash TEXT PRIMARY KEY,
    line TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Returns of whole UTC days of a trial (its place in the line), as little-endian doubles, from first_day (days since
  -- 1970-01-01) on.
  CREATE TABLE trial_returns (
    line TEXT NOT NULL REFERENCES ledger_lines (hash),
    trial INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    returns BLOB NOT NULL,
    PRIMARY KEY (line, trial)
  ) STRICT, WITHOUT ROWID;
  `,
];

const MARK_SERIES = `
  CREATE TABLE series_of_all_kinds (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    coin TEXT NOT NULL,
    interval TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('trade', 'mark', 'funding')),
    UNIQUE (source, coin, interval, kind)
  ) STRICT;
  INSERT INTO series_of_all_kinds SELECT * FROM series;
  DROP TABLE series;
  ALTER TABLE series_of_all_kinds RENAME TO series;
`;

const LEDGER = `
  ALTER TABLE revisions RENAME TO differing;

  -- The nth time that a row was delivered with other values than the stored ones. before and after are JSON:
  -- [o, h, l, c, v], with n where it is known, or [rate]. The first before is what was seen first, each before is the
  -- after above it, and the last after is the row itself.
  CREATE TABLE revisions (
    series INTEGER NOT NULL REFERENCES series (id),
    t INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    origin TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (series, t, nth)
  ) STRICT, WITHOUT ROWID;
`;

interface DifferingRow {
  readonly series: number;
  readonly t: number;
  readonly value: string;
  readonly origin: string;
  readonly seen_ms: number;
}

/**
 * The first value seen was the stored one, and later ones stood beside it. Now the last is stored, and the ledger says
 * how it came to be. Numbers pass through JavaScript, since SQLite's own JSON rounds them to fifteen digits.
 */
function fillLedger(db: Database.Database): void {
  const differing = db.prepare('SELECT * FROM differing ORDER BY series, t, seen_ms, value').all() as DifferingRow[];
  const candle = db.prepare('SELECT o, h, l, c, v, n FROM candles WHERE series = ? AND t = ?').raw();
  const rate = db.prepare('SELECT rate FROM funding WHERE series = ? AND t = ?').raw();
  const revise = db.prepare('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)');
  const setCandle = db.prepare(
    'UPDATE candles SET o = ?, h = ?, l = ?, c = ?, v = ?, n = ? WHERE series = ? AND t = ?',
  );
  const setRate = db.prepare('UPDATE funding SET rate = ? WHERE series = ? AND t = ?');
  for (const versions of Map.groupBy(differing, ({ series, t }) => `${series} ${t}`).values()) {
    const { series, t } = versions[0] as DifferingRow;
    const stored = (candle.get(series, t) ?? rate.get(series, t)) as (number | null)[] | undefined;
    // A row that somebody has deleted has no versions either.
    if (stored === undefined) continue;
    let before = JSON.stringify(stored.filter((value) => value !== null));
    versions.forEach(({ value, origin, seen_ms }, i) => {
      revise.run(series, t, i + 1, before, value, origin, seen_ms);
      before = value;
    });
    const last = JSON.parse(before) as number[];
    if (last.length === 1) setRate.run(last[0], series, t);
    else setCandle.run(...last, null, series, t);
  }
}

const GAP_REASONS = `
  ALTER TABLE gaps RENAME TO absences;

  -- Times from_ms … to_ms (exclusive) without rows, and what is known of why; origin is who said so.
  CREATE TABLE gaps (
    series INTEGER NOT NULL REFERENCES series (id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('venue-stop', 'before-listing', 'not-served', 'unknown')),
    origin TEXT NOT NULL,
    PRIMARY KEY (series, from_ms)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO gaps
    SELECT series, from_ms, to_ms, 'unknown', iif(reason LIKE 'absent in %', substr(reason, 11), reason) FROM absences;
  DROP TABLE absences;
`;

const SEALED_BLOCKS = `
  -- A row says that the candles of four days (block = t / 345600000) have not changed since it was written: how many
  -- they are, how many without volume, and the sha256 of their columns, by which a copy of them is found. Whoever
  -- changes a candle, by whatever means, takes the row away: the triggers belong to the file.
  CREATE TABLE blocks (
    series INTEGER NOT NULL REFERENCES series (id),
    block INTEGER NOT NULL,
    candles INTEGER NOT NULL,
    silent INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (series, block)
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER candle_added AFTER INSERT ON candles BEGIN
    DELETE FROM blocks WHERE series = NEW.series AND block = NEW.t / 345600000;
  END;
  CREATE TRIGGER candle_removed AFTER DELETE ON candles BEGIN
    DELETE FROM blocks WHERE series = OLD.series AND block = OLD.t / 345600000;
  END;
  CREATE TRIGGER candle_changed AFTER UPDATE ON candles BEGIN
    DELETE FROM blocks WHERE series = OLD.series AND block = OLD.t / 345600000;
    DELETE FROM blocks WHERE series = NEW.series AND block = NEW.t / 345600000;
  END;
`;

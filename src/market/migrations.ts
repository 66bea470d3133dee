/**
 * The schema, one step per version; PRAGMA user_version counts the steps that a file has taken. A released step is
 * never changed, only followed by another.
 *
 * Times are UTC milliseconds. Two sources of one candle are two series. What was seen first stays: a differing row of
 * a later delivery is kept in `revisions`, never over the first.
 */
export const MIGRATIONS: readonly string[] = [
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
];

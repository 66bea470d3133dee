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
];

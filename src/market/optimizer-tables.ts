/** The step of the schema that remembers what the optimizer decided, and what strategies trade with. */
export const OPTIMIZER_TABLES = `
  -- One run of the optimizer for one strategy; report is all of it as JSON. scheduled_ms is the instant of the schedule
  -- that it was for, and there is one run for it at most; runs on demand have none.
  CREATE TABLE optimizations (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    strategy TEXT NOT NULL,
    interval TEXT NOT NULL,
    decided_ms INTEGER NOT NULL,
    scheduled_ms INTEGER,
    word TEXT NOT NULL CHECK (word IN ('kept', 'swapped', 'stood down', 'resumed')),
    story TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    report TEXT NOT NULL,
    UNIQUE (job, strategy, scheduled_ms)
  ) STRICT;

  -- Every change of what a strategy trades with, and none of them is ever changed: a rollback is a change too, and says
  -- which swap it takes back. params is JSON, NULL for the defaults of the strategy's file.
  CREATE TABLE param_changes (
    id INTEGER PRIMARY KEY,
    strategy TEXT NOT NULL,
    interval TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('swap', 'stand-down', 'resume', 'rollback')),
    params TEXT,
    file_sha256 TEXT,
    is_trading INTEGER NOT NULL CHECK (is_trading IN (0, 1)),
    decided_ms INTEGER NOT NULL,
    optimization INTEGER REFERENCES optimizations (id),
    takes_back INTEGER UNIQUE REFERENCES param_changes (id)
  ) STRICT;

  -- Of each coin, the change that waits for it to be flat, and the one that it trades by. Without a row it trades by
  -- the defaults.
  CREATE TABLE pending_changes (
    strategy TEXT NOT NULL,
    interval TEXT NOT NULL,
    coin TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES param_changes (id),
    PRIMARY KEY (strategy, interval, coin)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE changes_in_force (
    strategy TEXT NOT NULL,
    interval TEXT NOT NULL,
    coin TEXT NOT NULL,
    change INTEGER NOT NULL REFERENCES param_changes (id),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (strategy, interval, coin)
  ) STRICT, WITHOUT ROWID;

  -- Since when a schedule has been kept: what was due before that was not missed.
  CREATE TABLE optimizer_schedules (
    job TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

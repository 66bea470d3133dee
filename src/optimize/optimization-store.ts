import type { Clock } from '../domain/clock.ts';
import type { ScheduleTimes } from '../domain/optimizer.ts';
import type { EpochMs } from '../domain/units.ts';
import { inTransaction, type MarketDatabase } from '../market/database.ts';
import { incumbentOf, type NewChange, recordChange, spreadIncumbent } from './incumbent.ts';
import type { OptimizationReport } from './optimize.ts';

/** A run that was decided, as it is kept. */
export interface StoredOptimization {
  readonly id: number;
  readonly decidedMs: EpochMs;
  /** The instant of the schedule that it was for; null on demand. */
  readonly scheduledMs: EpochMs | null;
  readonly report: OptimizationReport;
}

/** What a decision changes; the incumbent trades on where it was kept. */
const CHANGE_OF = { swapped: 'swap', 'stood down': 'stand-down', resumed: 'resume', kept: undefined } as const;

/**
 * Keeps a run, and leaves what it changes pending for the coins: all of it or nothing.
 *
 * @returns its number
 */
export function storeOptimization(
  db: MarketDatabase,
  report: OptimizationReport,
  scheduledMs: EpochMs | null,
  clock: Clock,
): number {
  const { job, strategy, interval, coins, decision, data } = report;
  return inTransaction(db, () => {
    const { lastInsertRowid } = db
      .prepare(
        `INSERT INTO optimizations (job, strategy, interval, decided_ms, scheduled_ms, word, story, fingerprint, report)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[job, strategy.name, interval, clock.nowMs(), scheduledMs, decision.word, decision.story],
        ...[data.fingerprint, JSON.stringify(report)],
      );
    const id = Number(lastInsertRowid);
    const change = changeOf(db, report, id);
    if (change !== undefined) recordChange(db, change, coins, clock);
    spreadIncumbent(db, { strategy: strategy.name, interval }, coins);
    return id;
  });
}

function changeOf(db: MarketDatabase, report: OptimizationReport, optimization: number): NewChange | undefined {
  const { strategy, interval, decision, chosen } = report;
  const on = { strategy: strategy.name, interval };
  const kind = CHANGE_OF[decision.word];
  const before = incumbentOf(db, on);
  if (kind === undefined) return undefined;
  if (kind === 'swap') {
    const { params } = chosen;
    return { ...on, kind, optimization, params, fileSha256: strategy.fileSha256, isTrading: true };
  }
  const isTrading = kind === 'resume';
  // One that is stood down already stays so without another change.
  if (before.isTrading === isTrading) return undefined;
  const { params, fileSha256 } = before;
  return { ...on, kind, optimization, params, fileSha256, isTrading };
}

/** All runs, the newest first. */
export function listOptimizations(db: MarketDatabase): StoredOptimization[] {
  const rows = db
    .prepare(
      `SELECT id, decided_ms AS decidedMs, scheduled_ms AS scheduledMs, report FROM optimizations
       ORDER BY decided_ms DESC, id DESC`,
    )
    .all() as (Omit<StoredOptimization, 'report'> & { readonly report: string })[];
  return rows.map((row) => ({ ...row, report: JSON.parse(row.report) as OptimizationReport }));
}

/** A run that a schedule asks for. */
export interface ScheduledRun {
  readonly job: string;
  readonly strategy: string;
  readonly scheduledMs: EpochMs;
}

export function isDone(db: MarketDatabase, { job, strategy, scheduledMs }: ScheduledRun): boolean {
  const query = 'SELECT 1 FROM optimizations WHERE job = ? AND strategy = ? AND scheduled_ms = ?';
  return db.prepare(query).get(job, strategy, scheduledMs) !== undefined;
}

/**
 * Since when a schedule is kept: from now on where it is new, or another one than before.
 *
 * @returns that instant; what was due before it was not missed
 */
export function beginSchedule(db: MarketDatabase, job: string, times: ScheduleTimes, clock: Clock): EpochMs {
  return inTransaction(db, () => {
    const known = db
      .prepare('SELECT since_ms FROM optimizer_schedules WHERE job = ? AND cron = ? AND time_zone = ?')
      .pluck()
      .get(job, times.schedule, times.timeZone) as EpochMs | undefined;
    if (known !== undefined) return known;
    const sinceMs = clock.nowMs();
    db.prepare(
      `INSERT INTO optimizer_schedules VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone, since_ms = excluded.since_ms`,
    ).run(job, times.schedule, times.timeZone, sinceMs);
    return sinceMs;
  });
}

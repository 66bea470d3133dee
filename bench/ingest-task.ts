import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemTimer } from '../src/domain/clock.ts';
import { HyperliquidFeed } from '../src/exchange/feed.ts';
import { HyperliquidInfo } from '../src/exchange/info.ts';
import { openDatabase } from '../src/market/database.ts';
import { follow } from '../src/market/ingest/follow.ts';
import { type FollowRequest, planFollow } from '../src/market/ingest/plan.ts';
import { answerTask, peakMb } from './own-process.ts';

export interface IngestTask {
  readonly apiUrl: string;
  readonly plan: FollowRequest;
  /** Loading and compiling, which a run of weeks does once. */
  readonly warmupMs: number;
  readonly measuredMs: number;
}

export interface IngestCost {
  /** Of one core. */
  readonly cpuFraction: number;
  readonly peakMb: number;
  /** Rows stored while it was measured. */
  readonly rows: number;
  readonly calls: number;
}

if (import.meta.main) {
  await answerTask(async ({ apiUrl, plan, warmupMs, measuredMs }: IngestTask): Promise<IngestCost> => {
    const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
    const db = openDatabase(join(folder, 'candor.sqlite'));
    const stop = new AbortController();
    let rows = 0;
    let calls = 0;
    const followed = { exchange: new HyperliquidInfo({ apiUrl }), feed: new HyperliquidFeed({ apiUrl }) };
    const running = follow(db, followed, planFollow(plan), {
      timer: systemTimer,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== 'stored') return;
        rows += event.added;
        calls++;
      },
    });
    await pause(warmupMs);
    rows = 0;
    calls = 0;
    const before = process.cpuUsage();
    await pause(measuredMs);
    const { user, system } = process.cpuUsage(before);
    const cost = { cpuFraction: (user + system) / 1_000 / measuredMs, peakMb: peakMb(), rows, calls };
    stop.abort();
    await running;
    db.close();
    rmSync(folder, { recursive: true });
    return cost;
  });
}

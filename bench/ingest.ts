import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { renderTable } from '../src/cli/output.ts';
import { systemClock, systemTimer } from '../src/domain/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../src/domain/time.ts';
import { HyperliquidInfo } from '../src/exchange/info.ts';
import { WeightLimiter } from '../src/exchange/limiter.ts';
import { openDatabase } from '../src/market/database.ts';
import { backfill } from '../src/market/ingest/backfill.ts';
import type { FollowEvent } from '../src/market/ingest/contract.ts';
import { spawnExchange } from '../test/exchange-process.ts';

const PROGRAM = fileURLToPath(new URL('../bin/candor.js', import.meta.url));
const COINS = Array.from({ length: 50 }, (_, i) => `C${i}`);
const TRADED = COINS.slice(0, 3);
const INTERVALS = ['1m', '5m', '30m', '1h'] as const;
const WEIGHT_PER_MINUTE = 900;
const HISTORY_MS = 4 * DAY_MS;
/** Three messages a second for each coin, all of them mark prices, which cost more than hints about candles. */
const CONTEXT_EVERY_MS = SECOND_MS / 3;
/** The exchange's own limit is no matter here: what is stored beforehand must not take minutes. */
const NO_LIMIT = 1e9;
/** Everything is asked for once at the start; a run of weeks does that once. */
const WARMUP_MS = 30 * SECOND_MS;
const MEASURED_MS = 60 * SECOND_MS;

const CPU_LIMIT = 0.05;
const MEMORY_LIMIT_MB = 150;

interface IngestCost {
  /** Of one core, while it follows. */
  readonly cpuFraction: number;
  /** Of the whole process, from its start on. */
  readonly peakMb: number;
  /** When it has been following for a while. */
  readonly residentMb: number;
  /** Rows stored while it was measured. */
  readonly rows: number;
  readonly calls: number;
}

interface Line {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly isMissed: boolean;
}

/**
 * Follows 50 coins on 4 intervals in real time, as a user does: `candor ingest --follow` in a process of its own, which
 * first fetches four days of three coins in full pages. What there is of the others is stored before it starts. On
 * Linux, which tells what a process uses.
 */
export async function ingestTable(): Promise<string> {
  if (!existsSync('/proc/self/status')) return 'following: only Linux tells what another process uses';
  const [cold, warm] = [await costOf({ NODE_DISABLE_COMPILE_CACHE: '1' }), await costOf({})];
  return renderTable<Line>(
    [
      { title: `following ${COINS.length} coins × ${INTERVALS.length} intervals`.padEnd(56), cell: ({ what }) => what },
      { title: 'measured', align: 'right', cell: ({ value }) => value },
      { title: 'limit', align: 'right', cell: ({ limit }) => limit },
      { title: '', cell: ({ isMissed }) => (isMissed ? 'MISSED' : '') },
    ],
    linesOf(cold, warm),
  );
}

function linesOf(cold: IngestCost, warm: IngestCost): Line[] {
  const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
  const memory = (what: string, mb: number): Line => {
    const [value, limit] = [`${mb.toFixed(0)} MB`, `${MEMORY_LIMIT_MB} MB`];
    return { what, value, limit, isMissed: mb > MEMORY_LIMIT_MB };
  };
  return [
    {
      what: `of one core: ${warm.rows} rows of ${warm.calls} answers, 150 messages a second`,
      value: percent(warm.cpuFraction),
      limit: percent(CPU_LIMIT),
      isMissed: warm.cpuFraction > CPU_LIMIT,
    },
    memory('memory at its peak, first pages included', warm.peakMb),
    memory('memory while it follows', warm.residentMb),
    memory('memory at its peak, nothing compiled before', cold.peakMb),
  ];
}

async function costOf(env: Readonly<Record<string, string>>): Promise<IngestCost> {
  const startMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS - HISTORY_MS;
  const exchange = await spawnExchange({
    walked: { coins: COINS, startMs, days: 6, seed: 1 },
    playFromMs: systemClock.nowMs(),
    contextEveryMs: CONTEXT_EVERY_MS,
    limits: { weightPerMinute: NO_LIMIT },
  });
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  try {
    writeFileSync(join(folder, 'candor.yaml'), `exchange: { apiUrl: '${exchange.url}' }\n`);
    // Just after a minute, so that nothing of these coins closes before the program has started.
    await pause(MINUTE_MS - (systemClock.nowMs() % MINUTE_MS) + SECOND_MS);
    await storeOthers(exchange.url, folder, startMs);
    return await follow(folder, env);
  } finally {
    await exchange.stop();
    rmSync(folder, { recursive: true });
  }
}

async function storeOthers(apiUrl: string, folder: string, fromMs: number): Promise<void> {
  const db = openDatabase(join(folder, 'candor.sqlite'));
  const budget = new WeightLimiter({ timer: systemTimer, weightPerMinute: NO_LIMIT });
  const coins = COINS.filter((coin) => !TRADED.includes(coin));
  const request = { coins, intervals: INTERVALS, fromMs, timer: systemTimer };
  await backfill(db, new HyperliquidInfo({ apiUrl, budget }), request);
  db.close();
}

async function follow(folder: string, env: Readonly<Record<string, string>>): Promise<IngestCost> {
  const child = spawn(process.execPath, [PROGRAM, ...argumentsIn(folder)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Of the request weight nobody else on this machine takes anything.
    env: { ...process.env, TMPDIR: folder, ...env },
  });
  const exited = once(child, 'exit');
  const stored = { rows: 0, calls: 0 };
  const isFollowing = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as FollowEvent;
    if (event.kind === 'started') isFollowing.resolve();
    if (event.kind !== 'stored') return;
    stored.rows += event.added;
    stored.calls++;
  });
  await Promise.race([
    isFollowing.promise,
    exited.then(() => Promise.reject(new Error('it ended before it followed'))),
  ]);
  await pause(WARMUP_MS);
  const before = { ...stored, cpuMs: cpuMs(child) };
  await pause(MEASURED_MS);
  const cost = {
    cpuFraction: (cpuMs(child) - before.cpuMs) / MEASURED_MS,
    peakMb: memoryMb(child, 'VmHWM'),
    residentMb: memoryMb(child, 'VmRSS'),
    rows: stored.rows - before.rows,
    calls: stored.calls - before.calls,
  };
  child.kill('SIGINT');
  await exited;
  return cost;
}

function argumentsIn(folder: string): string[] {
  return [
    ...['--config', join(folder, 'candor.yaml'), '--database', join(folder, 'candor.sqlite')],
    ...['ingest', '--follow', '--json', '--since', '83h', '--weight', String(WEIGHT_PER_MINUTE)],
    ...['--coins', COINS.join(','), '--traded', TRADED.join(','), '--intervals', INTERVALS.join(',')],
  ];
}

/** A hundredth of a second is the unit in which Linux counts. */
const TICK_MS = 10;

/** Of all its threads, since it started. */
function cpuMs({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may have spaces; user and system time are the 12th and 13th after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function memoryMb({ pid }: ChildProcess, name: 'VmHWM' | 'VmRSS'): number {
  const [, kilobytes] =
    new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 2 ** 10;
}

if (import.meta.main) process.stdout.write(`${await ingestTable()}\n`);

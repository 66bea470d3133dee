import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CandleColumns, emptyColumns } from '../src/domain/candle.ts';
import type { Interval } from '../src/domain/time.ts';
import type { EpochMs } from '../src/domain/units.ts';

/** Candles that another process reads as they are: nothing is parsed there, so its memory is that of its work. */
export interface StoredCandles {
  readonly file: string;
  readonly coin: string;
  readonly interval: Interval;
  readonly firstOpenMs: EpochMs;
  readonly length: number;
}

const COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** Writes candles to a file for `loadCandles`, for as long as the work takes. */
export function withStoredCandles<Result>(candles: CandleColumns, work: (stored: StoredCandles) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  try {
    const file = join(folder, 'candles');
    const descriptor = openSync(file, 'w');
    for (const name of COLUMNS) writeSync(descriptor, candles[name]);
    closeSync(descriptor);
    const { coin, interval, firstOpenMs, length } = candles;
    return work({ file, coin, interval, firstOpenMs, length });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function loadCandles({ file, coin, interval, firstOpenMs, length }: StoredCandles): CandleColumns {
  const candles = emptyColumns(coin, interval, firstOpenMs, length);
  const descriptor = openSync(file, 'r');
  for (const name of COLUMNS) readSync(descriptor, candles[name]);
  closeSync(descriptor);
  return candles;
}

/**
 * Runs a program of this folder in a process of its own and returns what it answered. What one of them compiled,
 * allocated and left to the collector is therefore no matter of the next.
 */
export function inOwnProcess<Task, Result>(program: string, task: Task): Result {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, JSON.stringify(task)], { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.toString()) as Result;
}

/** The other end of `inOwnProcess`. */
export async function answerTask<Task>(work: (task: Task) => unknown): Promise<void> {
  process.stdout.write(JSON.stringify(await work(JSON.parse(process.argv[2] as string) as Task)));
}

/** Memory of this process, in MB of 2^20 bytes. */
export function residentMb(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}

const LINUX_STATUS = '/proc/self/status';

/** From here on the peak is that of what follows. Elsewhere than on Linux it stays that of the whole process. */
export function forgetPeak(): void {
  if (existsSync(LINUX_STATUS)) writeFileSync('/proc/self/clear_refs', '5');
}

/** The most memory that there ever was, or since `forgetPeak`. */
export function peakMb(): number {
  if (!existsSync(LINUX_STATUS)) return process.resourceUsage().maxRSS / 2 ** 10;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(LINUX_STATUS, 'utf8')) ?? [];
  return Number(kilobytes) / 2 ** 10;
}

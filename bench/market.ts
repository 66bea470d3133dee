import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bench } from 'tinybench';
import { loadCandles } from '../src/market/candle-store.ts';
import { openDatabase } from '../src/market/database.ts';
import { fingerprintOf } from '../src/market/fingerprint.ts';
import { importFile } from '../src/market/import.ts';
import { resample } from '../src/market/resample.ts';
import { syntheticMarket } from '../src/market/synthetic.ts';

/** 809,280 candles: 562 days of minutes. It lies beside the repository and is never part of it. */
const MINUTES = fileURLToPath(new URL('../../shared/data/candles/binance-spot_BTC_1m.csv.gz', import.meta.url));

export interface MarketTiming {
  readonly name: string;
  readonly medianMs: number;
  /** What the project asks of itself, where it does. */
  readonly limitMs?: number;
}

/** Imports a large file, reads it back, and makes a synthetic market. Without the file only the last. */
export async function benchMarket(): Promise<MarketTiming[]> {
  const made = await timed('a synthetic market of 120 days', () => syntheticMarket({ days: 120, seed: 1 }));
  return existsSync(MINUTES) ? [...(await benchStore()), made] : [made];
}

async function benchStore(): Promise<MarketTiming[]> {
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  const db = openDatabase(join(folder, 'candor.sqlite'));
  const wanted = { coin: 'BTC', interval: '1m' } as const;
  try {
    const first = await once('import 809,280 one-minute candles, gzip CSV', () => importFile(db, MINUTES));
    const again = await once('import them again: nothing new', () => importFile(db, MINUTES));
    const columns = loadCandles(db, wanted);
    return [
      { ...first, limitMs: 10_000 },
      again,
      await timed('load them into columns', () => loadCandles(db, wanted), 1_000),
      await timed('fingerprint of them', () => fingerprintOf({ candles: [columns], funding: [] })),
      await timed('resample them to 1h', () => resample(columns, '1h')),
    ];
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

/** What can be done only once, or takes seconds: one run. */
async function once(name: string, work: () => Promise<unknown>): Promise<MarketTiming> {
  const start = performance.now();
  await work();
  return { name, medianMs: performance.now() - start };
}

async function timed(name: string, work: () => unknown, limitMs?: number): Promise<MarketTiming> {
  const bench = new Bench({ time: 1_000, warmupTime: 200 });
  bench.add(name, () => void work());
  const [task] = await bench.run();
  const medianMs = task !== undefined && 'latency' in task.result ? task.result.latency.p50 : Number.NaN;
  return limitMs === undefined ? { name, medianMs } : { name, medianMs, limitMs };
}

/** One line per job; what misses its limit says so. */
export function marketTable(timings: readonly MarketTiming[]): string {
  return timings
    .map(({ name, medianMs, limitMs }) => {
      const limit = limitMs === undefined ? '' : `  (limit ${limitMs} ms${medianMs > limitMs ? ': MISSED' : ''})`;
      return `${name.padEnd(56)} ${`${medianMs.toFixed(0)} ms`.padStart(9)}${limit}`;
    })
    .join('\n');
}

if (import.meta.main) process.stdout.write(`${marketTable(await benchMarket())}\n`);

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bench } from 'tinybench';
import { type CandleColumns, type ClosedCandle, openTimeAt } from '../src/domain/candle.ts';
import { systemClock } from '../src/domain/clock.ts';
import { HOUR_MS } from '../src/domain/time.ts';
import { loadCandles, writeCandles } from '../src/market/candle-store.ts';
import { openDatabase } from '../src/market/database.ts';
import { fingerprintOf } from '../src/market/fingerprint.ts';
import { importFile } from '../src/market/import.ts';
import { resample } from '../src/market/resample.ts';
import { summarizeSeries } from '../src/market/series-summary.ts';
import { syntheticMarket } from '../src/market/synthetic.ts';
import { btcCandles } from './candles.ts';
import { medianLap, Stopwatch } from './stopwatch.ts';

/** 809,280 candles: 562 days of minutes. It lies beside the repository and is never part of it. */
const MINUTES = fileURLToPath(new URL('../../shared/data/candles/binance-spot_BTC_1m.csv.gz', import.meta.url));

export interface MarketTiming {
  readonly name: string;
  readonly medianMs: number;
  /** What the project asks of itself, where it does. */
  readonly limitMs?: number;
  readonly note?: string;
}

/**
 * Stores a year of minutes and reads it back; imports a large file, and makes a synthetic market. Without the file a
 * random walk is stored, and nothing is imported.
 */
export async function benchMarket(): Promise<MarketTiming[]> {
  const year = benchYear();
  const made = await timed('a synthetic market of 120 days', () => syntheticMarket({ days: 120, seed: 1 }));
  return [...year, ...(existsSync(MINUTES) ? await benchImport() : []), made];
}

const YEAR_MINUTES = 525_600;
/** What the exchange answers at a time. */
const PAGE_CANDLES = 5_000;
const STORED_PER_SECOND = 100_000;
const YEAR_MB = 60;

/** A year of one coin's minutes, as an ingester stores it and a study reads it. */
function benchYear(): MarketTiming[] {
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  const { candles, from } = btcCandles('binance-spot', '1m', YEAR_MINUTES);
  const pages = pagesOf(candles);
  const path = (run: number): string => join(folder, `${run}`, 'candor.sqlite');
  const cache = join(folder, '0', 'columns');
  const wanted = { coin: 'BTC', interval: '1m' } as const;
  try {
    const store = median(3, (run) => {
      const db = openDatabase(path(run));
      for (const page of pages) writeCandles(db, SERIES, page, { origin: 'a benchmark', clock: systemClock });
      db.close();
    });
    const bytes = statSync(path(0)).size;
    const db = openDatabase(path(0));
    const load = (): void => void loadCandles(db, wanted);
    // A file where the folder of the cache should be: there is none then.
    writeFileSync(cache, '');
    const fromRows = median(7, load);
    rmSync(cache);
    const first = median(3, () => {
      rmSync(cache, { recursive: true, force: true });
      load();
    });
    ageFiles(cache);
    load();
    const fromCache = median(31, load);
    const summary = median(7, () => summarizeSeries(db));
    db.close();
    const perSecond = ((YEAR_MINUTES / store.medianMs) * 1_000).toFixed(0);
    const limitMb = `limit ${YEAR_MB} MB${bytes > YEAR_MB * 1e6 ? ': MISSED' : ''}`;
    const size = `${(bytes / 1e6).toFixed(1)} MB on disk (${limitMb})`;
    return [
      timing('store a year of minutes', store, (YEAR_MINUTES / STORED_PER_SECOND) * 1_000, `${perSecond}/s, ${from}`),
      timing('load it from SQLite', fromRows, 350, size),
      timing('load it for the first time, into the cache', first),
      timing(
        'load it from the cache',
        fromCache,
        20,
        `${(fromRows.medianMs / fromCache.medianMs).toFixed(0)} times as fast`,
      ),
      timing('count it', summary),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As if they had been written an hour ago: of fresh ones it is added up each time whether they are whole. */
function ageFiles(folder: string): void {
  const thenSeconds = (systemClock.nowMs() - HOUR_MS) / 1_000;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    utimesSync(join(folder, file), thenSeconds, thenSeconds);
  }
}

const SERIES = { source: 'binance-spot', coin: 'BTC', interval: '1m', kind: 'trade' } as const;

function pagesOf(columns: CandleColumns): ClosedCandle[][] {
  const candles = Array.from({ length: columns.length }, (_, row) => ({
    openTimeMs: openTimeAt(columns, row),
    open: columns.open[row] as number,
    high: columns.high[row] as number,
    low: columns.low[row] as number,
    close: columns.close[row] as number,
    volume: columns.volume[row] as number,
  })).filter(({ close }) => !Number.isNaN(close));
  const pages = Math.ceil(candles.length / PAGE_CANDLES);
  return Array.from({ length: pages }, (_, page) => candles.slice(page * PAGE_CANDLES, (page + 1) * PAGE_CANDLES));
}

interface Measured {
  readonly medianMs: number;
  readonly cpuMs: number;
}

function median(runs: number, work: (run: number) => void): Measured {
  const laps = Array.from({ length: runs }, (_, run) => {
    const watch = new Stopwatch();
    work(run);
    return watch.lap();
  });
  const { wallMs, cpuMs } = medianLap(laps);
  return { medianMs: wallMs, cpuMs };
}

/** The time on the processor stands beside it: on a machine that does other work the two differ. */
function timing(name: string, { medianMs, cpuMs }: Measured, limitMs?: number, about?: string): MarketTiming {
  const note = `${about === undefined ? '' : `${about}; `}${cpuMs.toFixed(0)} ms of processor`;
  return { name, medianMs, note, ...(limitMs === undefined ? {} : { limitMs }) };
}

async function benchImport(): Promise<MarketTiming[]> {
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
    .map(({ name, medianMs, limitMs, note }) => {
      const limit = limitMs === undefined ? '' : `  (limit ${limitMs} ms${medianMs > limitMs ? ': MISSED' : ''})`;
      const what = note === undefined ? name : `${name}: ${note}`;
      return `${what.padEnd(90)} ${`${medianMs.toFixed(0)} ms`.padStart(9)}${limit}`;
    })
    .join('\n');
}

if (import.meta.main) process.stdout.write(`${marketTable(await benchMarket())}\n`);

import { copyFileSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { syntheticCandles } from '../src/backtest/synthetic-source.ts';
import { fixedClock, systemClock } from '../src/domain/clock.ts';
import { HOUR_MS } from '../src/domain/time.ts';
import { readTrials } from '../src/evidence/trial-ledger.ts';
import { inTransaction, type MarketDatabase, openDatabase } from '../src/market/database.ts';
import { recordChange } from '../src/optimize/incumbent.ts';
import { linkCandor, runCandor } from './run-candor.ts';
import { sharedData } from './shared-data.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Nobody listens there, so the exchange is out of reach at once. */
export const CONFIG = 'exchange: { apiUrl: "http://127.0.0.1:9" }\n';
export const SMALL = `
strategies: [{ name: breakout-volume, params: { lookback: [10, 20, 40], surge: [1, 1.5] } }]
coins: [BTC, ETH, SOL]
interval: 1h
cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5, maxOpen: 3 }
windows: { trainDays: 30, testDays: 20, folds: 4 }
controls: { draws: 100 }
`;

/** A project of its own: what is optimised there is no trial of this one. */
export function inProject(
  body: (folder: string) => Promise<void>,
  { file = SMALL, config = CONFIG }: { file?: string; config?: string } = {},
): Promise<void> {
  const files = { 'backtests/optimize/monthly.yaml': file, 'config/candor.yaml': config, 'strategies/.keep': '' };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    for (const path of globSync('strategies/*.ts', { cwd: ROOT })) copyFileSync(join(ROOT, path), join(folder, path));
    await body(folder);
  });
}

export async function withRealCandles(folder: string): Promise<void> {
  const files = ['BTC', 'ETH', 'SOL'].map((coin) => sharedData(`candles/hyperliquid_${coin}_1h.csv.gz`));
  expect((await runCandor(['import', ...files], folder)).exitCode).toBe(0);
}

/** The synthetic market, as if it were today's: as many days as there are asked for, up to the last full hour. */
export async function withTodaysCandles(folder: string, days: number): Promise<void> {
  const source = syntheticCandles({ coins: ['BTC', 'ETH', 'SOL'], intervals: ['1h'], days, seed: 2 });
  const endMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS;
  for (const coin of ['BTC', 'ETH', 'SOL']) {
    const { firstOpenMs, lastCloseMs } = source.span(coin, '1h');
    const columns = source.candles(coin, '1h', firstOpenMs, lastCloseMs);
    const rows = Array.from({ length: columns.length }, (_, row) => {
      const { open, high, low, close, volume } = columns;
      const values = [open, high, low, close, volume].map((column) => column[row]);
      return [endMs - (columns.length - row) * HOUR_MS, ...values].join(',');
    });
    writeFileSync(join(folder, `hyperliquid_${coin}_1h.csv`), `${['t,o,h,l,c,v', ...rows].join('\n')}\n`);
  }
  const files = ['BTC', 'ETH', 'SOL'].map((coin) => `hyperliquid_${coin}_1h.csv`);
  const { exitCode, stderr } = await runCandor(['import', ...files], folder);
  expect(exitCode, stderr).toBe(0);
}

export function inDatabase<T>(folder: string, body: (db: MarketDatabase) => T): T {
  const db = openDatabase(join(folder, 'data/candor.sqlite'));
  try {
    return body(db);
  } finally {
    db.close();
  }
}

export const trialsOf = (folder: string) => readTrials(join(folder, 'backtests/trials.jsonl'));
export const ON = { strategy: 'breakout-volume', interval: '1h' } as const;

/** As the optimizer would have left it, had it found something. */
export function swapTo(folder: string, params: Readonly<Record<string, number>>): void {
  const swap = { ...ON, kind: 'swap', params, fileSha256: 'f', isTrading: true, optimization: null } as const;
  inDatabase(folder, (db) =>
    inTransaction(db, () => recordChange(db, swap, ['BTC', 'ETH', 'SOL'], fixedClock(1_750_000_000_000))),
  );
}

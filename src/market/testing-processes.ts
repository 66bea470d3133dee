import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface WriterOptions {
  readonly coins: readonly string[];
  /** How often it writes all coins, each in a transaction of its own. */
  readonly batches: number;
  /** Minutes of each coin in a batch. */
  readonly rows: number;
}

export interface Child {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
}

const MARKET = fileURLToPath(new URL('./', import.meta.url));

/** Starts a process that runs this module ('#market/' is this folder), and resolves when it has printed something. */
export function spawnModule(
  source: string,
  args: readonly string[] = [],
  { largestFileKb = 'unlimited' }: { readonly largestFileKb?: number | 'unlimited' } = {},
): Promise<Child> {
  const node = ['--input-type=module-typescript', '--eval', source.replaceAll('#market/', MARKET), ...args];
  const limited = `ulimit -f ${largestFileKb}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', limited, process.execPath, ...node], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<{ exitCode: number | null; stderr: string }>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stderr }));
  });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () =>
      resolve({ pid: child.pid as number, isRunning: () => child.exitCode === null, ended }),
    );
    void ended.then(() => reject(new Error(`the process ended before its first line: ${stderr}`)));
  });
}

const WRITER = `
import { writeCandles } from '#market/candle-store.ts';
import { openDatabase } from '#market/database.ts';
const [path, options] = process.argv.slice(1);
const { coins, batches, rows } = JSON.parse(options);
const db = openDatabase(path);
const delivery = { origin: 'a test', clock: { nowMs: () => 0 } };
const candle = (i) => ({
  openTimeMs: 1_735_689_600_000 + i * 60_000, open: 100 + i, high: 102 + i, low: 99 + i, close: 101 + i, volume: i,
});
for (let batch = 0; batch < batches; batch++) {
  const candles = Array.from({ length: rows }, (_, i) => candle(batch * rows + i));
  for (const coin of coins) {
    writeCandles(db, { source: 'hyperliquid', coin, interval: '1m', kind: 'trade' }, candles, delivery);
  }
  if (batch === 0) console.log('writing');
}
db.close();
`;

/** Starts a process that writes minutes of all coins as fast as it can, and resolves after its first batch. */
export function spawnWriter(path: string, options: WriterOptions): Promise<Child> {
  return spawnModule(WRITER, [path, JSON.stringify(options)]);
}

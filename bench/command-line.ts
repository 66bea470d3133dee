import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Real candles; they lie beside the repository and are never part of it. */
export const DATA = join(ROOT, '../shared/data');
const HELP_RUNS = 21;

export interface CommandTiming {
  readonly name: string;
  readonly medianMs: number;
  /** What the project asks of itself, where it does. */
  readonly limitMs?: number;
}

/** How long a person waits: for help, and for the default study on real candles, with where its time goes. */
export function benchCommandLine(): CommandTiming[] {
  return [{ name: 'candor --help', medianMs: helpMs(), limitMs: 150 }, ...(existsSync(DATA) ? benchStudy() : [])];
}

function helpMs(): number {
  const times = Array.from({ length: HELP_RUNS }, () => timeOf(() => candor(['--help'], ROOT)));
  return times.sort((a, b) => a - b)[HELP_RUNS >> 1] as number;
}

/** In a project of its own, so that a benchmark is no trial of this one. */
function benchStudy(): CommandTiming[] {
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  try {
    symlinkSync(join(ROOT, 'strategies'), join(folder, 'strategies'));
    mkdirSync(join(folder, 'backtests'));
    copyFileSync(join(ROOT, 'backtests/ninety-days.yaml'), join(folder, 'backtests/ninety-days.yaml'));
    const files = ['BTC', 'ETH', 'SOL'].flatMap((coin) => [
      join(DATA, `candles/hyperliquid_${coin}_1h.csv.gz`),
      join(DATA, `candles/hyperliquid_${coin}_30m.csv.gz`),
      join(DATA, `funding/hyperliquid_${coin}_funding.csv.gz`),
    ]);
    candor(['import', ...files], folder);
    const medianMs = timeOf(() => candor(['study'], folder));
    const [report] = globSync('backtests/results/*.json', { cwd: folder });
    const { made } = JSON.parse(readFileSync(join(folder, report as string), 'utf8')) as {
      made: { durationsMs: Readonly<Record<string, number>> };
    };
    const parts = Object.entries(made.durationsMs).map(([part, ms]) => ({ name: `  of it: ${part}`, medianMs: ms }));
    return [{ name: 'candor study, ninety days of real candles', medianMs, limitMs: 120_000 }, ...parts];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

export function candor(args: readonly string[], folder: string): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'bin/candor.js'), ...args], { cwd: folder });
  if (status !== 0) throw new Error(`candor ${args.join(' ')} ended with ${status}: ${stderr}`);
}

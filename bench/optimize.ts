import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandTiming, candor, DATA, ROOT, timeOf } from './command-line.ts';

const RUNS = 3;
const LIMIT_MS = 20_000;

/** 12 lookbacks × 21 surges, of which a Sobol sequence takes 183; all else as in backtests/optimize/monthly.yaml. */
const JOB = `
strategies: [{ name: breakout-volume, params: { surge: { from: 1, to: 3, step: 0.1 } } }]
coins: [BTC, ETH, SOL]
interval: 1h
cell: { stop: 2 %, target: 2, maxHold: 48, sizing: { riskFraction: 1 % }, leverage: 5, maxOpen: 3 }
windows: { trainDays: 60, testDays: 20, folds: 6 }
candidates: 183
controls: { draws: 1000 }
`;

/**
 * How long a person waits for a monthly optimisation: candles, windows, replays, and the verdicts on the incumbent and
 * on what was chosen, with a thousand draws of two controls each. In a project of its own, so that a benchmark is no
 * trial of this one.
 */
export function benchOptimize(): CommandTiming[] {
  const folder = mkdtempSync(join(tmpdir(), 'candor-bench-'));
  try {
    symlinkSync(join(ROOT, 'strategies'), join(folder, 'strategies'));
    mkdirSync(join(folder, 'backtests/optimize'), { recursive: true });
    writeFileSync(join(folder, 'backtests/optimize/monthly.yaml'), JOB);
    const isReal = existsSync(DATA);
    if (isReal) {
      const files = ['BTC', 'ETH', 'SOL'].flatMap((coin) => [
        join(DATA, `candles/hyperliquid_${coin}_1h.csv.gz`),
        join(DATA, `funding/hyperliquid_${coin}_funding.csv.gz`),
      ]);
      candor(['import', ...files], folder);
    }
    const market = isReal ? '--dry-run' : '--synthetic';
    const times = Array.from({ length: RUNS }, () => timeOf(() => candor(['optimize', market], folder)));
    const from = isReal ? 'real candles' : 'SYNTHETIC: ../shared/data is absent';
    return [
      {
        name: `candor optimize, 3 coins × 183 candidates × 6 folds, ${from}`,
        medianMs: times.sort((a, b) => a - b)[RUNS >> 1] as number,
        limitMs: LIMIT_MS,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

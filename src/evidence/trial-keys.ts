import type { OptimizationTrial, StudyTrial, SweepTrial } from './trial-lines.ts';

/** What a search tried, and on what: the same twice is no new try. */
export function triedBy(trial: SweepTrial | OptimizationTrial): unknown[] {
  return trial.kind === 'sweep' ? triedBySweep(trial) : triedByOptimization(trial);
}

/** A sweep's strategies with params, risk cells and data; its identity tells the code too, which makes no trial. */
function triedBySweep({ strategies, cell, grid, coins, intervals, account, fingerprint }: SweepTrial): unknown[] {
  const files = strategies.map(({ fileSha256, params }) => [fileSha256, params]);
  return [files, { ...cell, ...grid }, coins, intervals, account, fingerprint];
}

function triedByOptimization(trial: OptimizationTrial): unknown[] {
  const { strategies, cell, coins, interval, fingerprint } = trial;
  const files = strategies.map(({ fileSha256, params }) => [fileSha256, params]);
  return ['optimization', files, cell, coins, interval, fingerprint];
}

/**
 * The same text for the same value, however its keys are ordered. A rule that is off (null) is left out: lines that are
 * older than the rule do not name it.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(namedIn(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function namedIn(part: object): [string, unknown][] {
  return Object.entries(part).filter(([, value]) => value !== null);
}

/** As it comes back from a line of the ledger. */
export function plain(value: object): StudyTrial['cell'] {
  return JSON.parse(JSON.stringify(value)) as StudyTrial['cell'];
}

/** Of everything that was looked at, the coins that were not traded; nothing where there are none. */
export function besidesOf(traded: readonly string[], lookedAt: Iterable<string>): { readonly besides?: string[] } {
  const besides = [...new Set(lookedAt)].filter((coin) => !traded.includes(coin)).sort();
  return besides.length === 0 ? {} : { besides };
}

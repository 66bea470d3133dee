import { besidesOf } from '../evidence/trial-keys.ts';
import type { LineClusters, SweepTrial } from '../evidence/trial-lines.ts';
import type { SweepWork } from './contract.ts';

/** A sweep that came to its end, or as much of one as was carried out before it was stopped. */
export interface TriedSweep {
  readonly work: SweepWork;
  readonly identity: string;
  /** Those that have a result: somebody could have seen it, and chosen. */
  readonly combinations: number;
  /** Where it was stopped, how many there would have been. */
  readonly stoppedOf?: number;
  readonly resultSha256: string;
  /** Absent where it was stopped: then every combination counts. */
  readonly clusters?: LineClusters;
}

/** The line of a sweep in the trial ledger: what was tried, and on what (rule 32). */
export function trialOfSweep(tried: TriedSweep): SweepTrial {
  const { work, identity, combinations, stoppedOf, clusters, resultSha256 } = tried;
  const { sweep, costs, strategies, data } = work;
  const { isSynthetic, asSeen, source, fingerprint, fromMs, toMs } = data;
  const rules = Object.keys(sweep.grid[0]?.at ?? {});
  const grid = rules.map((rule) => [rule, [...new Set(sweep.grid.map(({ at }) => at[rule] ?? ''))]]);
  return {
    kind: 'sweep',
    sweep: sweep.name,
    strategies: sweep.strategies.map(({ name, params }, i) => ({
      name,
      fileSha256: strategies[i]?.fileSha256 ?? '',
      params: Object.fromEntries(Object.entries(params).map(([param, values]) => [param, [...values]])),
    })),
    coins: [...sweep.coins],
    ...besidesOf(sweep.coins, data.grids[0].candles.keys()),
    intervals: [...sweep.intervals],
    fromMs,
    toMs,
    cell: JSON.parse(JSON.stringify(sweep.cell)) as SweepTrial['cell'],
    grid: Object.fromEntries(grid) as SweepTrial['grid'],
    account: sweep.account,
    combinations,
    ...(stoppedOf !== undefined && { stoppedOf }),
    ...(clusters && { clusters }),
    ...{ fingerprint, source, isSynthetic, identity },
    ...(asSeen && { asSeen }),
    fees: { taker: costs.takerFee, maker: costs.makerFee },
    slippageBps: costs.slippageBps,
    resultSha256,
  };
}

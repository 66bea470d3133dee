import type { MicroUsd } from '../../domain/units.ts';
import { FastAccount } from './account.ts';
import { isInside } from './exit-book.ts';
import { ExitLibrary } from './exit-library.ts';
import { LegHeap } from './leg-heap.ts';
import { decisionGridOf, LegRun } from './leg-run.ts';
import { PlainTrades } from './plain-trades.ts';
import type { FastRun, FastSpec } from './spec.ts';
import { TradeTable } from './trade-table.ts';

/**
 * The fast engine: what the reference engine does, trade for trade, at a cost that grows with trades and not with
 * candles. A flat leg jumps to its next signal; where a position ends is searched once and remembered for every run
 * that enters there under the same rules. What it remembers lives as long as the engine and its candles.
 */
export class FastEngine {
  readonly #library: ExitLibrary;
  readonly #trades = new TradeTable();

  /** @param memoryBytes what remembered exits may take before they are forgotten and found anew */
  constructor(memoryBytes?: number) {
    this.#library = new ExitLibrary(memoryBytes);
  }

  /** @returns what the run came to; its trades are overwritten by the next run */
  run(spec: FastSpec): FastRun {
    this.#trades.clear();
    const account = new FastAccount(spec, this.#trades);
    const legs = this.#legsOf(spec);
    const [only] = legs;
    if (only !== undefined && legs.length === 1) runAlone(account, only, PlainTrades.of(spec, only.plainGround()));
    else runTogether(account, legs);
    return {
      spec,
      markets: legs.map(({ market }) => market),
      trades: this.#trades,
      realisedUsd: account.realisedUsd as MicroUsd,
      feesUsd: account.feesUsd as MicroUsd,
      fundingUsd: account.fundingUsd as MicroUsd,
      heldRows: account.heldRows,
      refusals: account.refusals,
      conflicts: account.conflicts,
      lapses: account.lapses,
    };
  }

  #legsOf(spec: FastSpec): LegRun[] {
    const coins = [...new Set(spec.legs.map(({ coin }) => coin))];
    return spec.legs.map((leg, index) => {
      const decisions = decisionGridOf(leg, leg.decisionIntervalMs);
      return new LegRun(
        index,
        coins.indexOf(leg.coin),
        this.#library.market(leg),
        spec,
        decisions,
        this.#library.signals(leg),
        (side) => this.#library.book(leg, side, spec, decisions),
      );
    });
  }
}

/** One leg needs no order of events but its own, and plain trades need no events. */
function runAlone(account: FastAccount, leg: LegRun, plain: PlainTrades | undefined): void {
  while (leg.stage !== 'done') {
    if (leg.stage === 'decide') plain?.run(account, leg);
    happen(account, leg);
  }
}

/** Many legs on one account: always the one whose event is due first (rule 20). */
function runTogether(account: FastAccount, legs: readonly LegRun[]): void {
  const heap = new LegHeap(legs.map((leg) => dueAt(leg, legs.length)));
  while (heap.nextDueAt < Number.POSITIVE_INFINITY) {
    const leg = legs[heap.next] as LegRun;
    happen(account, leg);
    heap.postpone(dueAt(leg, legs.length));
  }
}

function happen(account: FastAccount, leg: LegRun): void {
  switch (leg.stage) {
    case 'decide':
      account.decide(leg);
      break;
    case 'enter':
      account.enter(leg);
      break;
    case 'exit':
      account.exit(leg);
      break;
  }
}

/** Phases of a row: exits at its open, entries, exits inside, its close (rule 8 and `design.md`, section 4). */
const PHASES = 4;

/** One number that orders events: row, phase, leg. */
function dueAt(leg: LegRun, legs: number): number {
  if (leg.stage === 'done') return Number.POSITIVE_INFINITY;
  return (leg.row * PHASES + phaseOf(leg)) * legs + leg.index;
}

function phaseOf(leg: LegRun): number {
  if (leg.stage === 'decide') return 3;
  if (leg.stage === 'enter') return 1;
  if (isInside(leg.exitCode)) return 2;
  // A position that does not survive the open of its own entry ends right after it.
  return leg.exitRow === leg.entryRow ? 1 : 0;
}

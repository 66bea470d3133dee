import type { MicroUsd } from '../../domain/units.ts';
import { FastAccount } from './account.ts';
import { isInside } from './exit-book.ts';
import { LegHeap } from './leg-heap.ts';
import type { LegRun } from './leg-run.ts';
import { PlainTrades } from './plain-trades.ts';
import type { FastRun, FastSpec } from './spec.ts';
import type { TradeTable } from './trade-table.ts';

/** A run on its way. */
export class ActiveRun {
  readonly spec: FastSpec;
  readonly #account: FastAccount;
  readonly #legs: readonly LegRun[];
  /** Many legs on one account: always the one whose event is due first (rule 20). One has no need of it. */
  readonly #heap: LegHeap | undefined;
  readonly #plain: PlainTrades | undefined;

  constructor(spec: FastSpec, legs: readonly LegRun[], trades: TradeTable) {
    this.spec = spec;
    this.#account = new FastAccount(spec, trades);
    this.#legs = legs;
    const [only] = legs;
    if (only !== undefined && legs.length === 1) this.#plain = PlainTrades.of(spec, only);
    else this.#heap = new LegHeap(legs.map((leg) => dueAt(leg, legs.length)));
  }

  /** Whether anything happens before a row. */
  isDueBefore(until: number): boolean {
    if (this.#heap !== undefined) return this.#heap.nextDueAt < until * PHASES * this.#legs.length;
    return this.#legs.some(({ stage, row }) => stage !== 'done' && row < until);
  }

  /** Carries on with all that happens before a row, and with the positions that are held then. */
  advance(until = Number.POSITIVE_INFINITY): void {
    const [only] = this.#legs;
    if (this.#heap !== undefined) this.#advanceTogether(this.#heap, until);
    else if (only !== undefined) this.#advanceAlone(only, until);
  }

  #advanceAlone(leg: LegRun, until: number): void {
    while (leg.stage !== 'done' && leg.row < until) {
      if (leg.stage === 'decide') this.#plain?.run(this.#account, leg, until);
      if (leg.row < until) happen(this.#account, leg);
    }
  }

  #advanceTogether(heap: LegHeap, until: number): void {
    const legs = this.#legs;
    const dueUntil = until * PHASES * legs.length;
    while (heap.nextDueAt < dueUntil) {
      const leg = legs[heap.next] as LegRun;
      happen(this.#account, leg);
      heap.postpone(dueAt(leg, legs.length));
    }
  }

  /** What it came to; its trades are those that nobody took. */
  outcome(): FastRun {
    const account = this.#account;
    return {
      spec: this.spec,
      markets: this.#legs.map(({ market }) => market),
      trades: account.trades,
      realisedUsd: account.realisedUsd as MicroUsd,
      feesUsd: account.feesUsd as MicroUsd,
      fundingUsd: account.fundingUsd as MicroUsd,
      heldRows: account.heldRows,
      refusals: account.refusals,
      conflicts: account.conflicts,
      lapses: account.lapses,
    };
  }
}

/**
 * Rows that runs side by side go through before the next ones. What they share of so many (signals, candles, exits)
 * stays in the cache of a core, and each of them is asked rarely enough that asking costs nothing.
 */
const STRETCH_ROWS = 32_768;

/**
 * Carries out runs on the same candles, all of them through one stretch of rows after the other. A run that has nothing
 * to do in a stretch is not asked.
 *
 * @param advance carries run `index` on up to a row, and takes its trades
 */
export function sideBySide(runs: readonly ActiveRun[], advance: (index: number, until: number) => void): void {
  const from = Math.min(...runs.map(({ spec }) => spec.from));
  const to = Math.max(...runs.map(({ spec }) => spec.to));
  for (let until = from; until < to; ) {
    until = Math.min(to, until + STRETCH_ROWS);
    const due = until === to ? Number.POSITIVE_INFINITY : until;
    runs.forEach((run, index) => {
      if (run.isDueBefore(due)) advance(index, due);
    });
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

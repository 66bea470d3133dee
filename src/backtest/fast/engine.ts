import { ActiveRun } from './active-run.ts';
import { ExitLibrary } from './exit-library.ts';
import { decisionGridOf, LegRun } from './leg-run.ts';
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
    const run = this.open(spec, this.#trades);
    run.advance();
    return run.outcome();
  }

  /**
   * A run that has not begun. Many of them go through the same candles fastest side by side, some thousand rows at a
   * time: see `sideBySide`.
   *
   * @param trades where it writes its trades; who takes them from there between two advances may clear it
   */
  open(spec: FastSpec, trades: TradeTable): ActiveRun {
    return new ActiveRun(spec, this.#legsOf(spec), trades);
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

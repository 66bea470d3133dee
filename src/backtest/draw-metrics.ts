import { reasonOf } from './fast/exit-book.ts';
import type { FastMarket } from './fast/market.ts';
import { ledgerOf } from './fast/result.ts';
import type { FastRun } from './fast/spec.ts';
import { accountMetrics, type Metrics, type MetricsContext, riskFractionOf, TradeTally } from './metrics.ts';

/**
 * `metricsOf` from the columns of runs on the fast engine: a control is drawn thousands of times, and nobody looks at
 * its trades. Equal to the last bit, which tests hold. Draws enter at the same candles again and again, so excursions
 * are remembered.
 */
export class DrawMetrics {
  readonly #context: MetricsContext;
  readonly #excursions = new WeakMap<FastMarket, readonly [long: Excursions, short: Excursions]>();

  constructor(context: MetricsContext) {
    this.#context = context;
  }

  /** @param equityUsd of the same run */
  of(run: FastRun, equityUsd: Float64Array): Metrics {
    const { trades, markets, heldRows } = run;
    const byLeg = markets.map((market) => this.#of(market));
    const tally = new TradeTally();
    for (let trade = 0; trade < trades.count; trade++) {
      const [long, short] = byLeg[trades.legs[trade] as number] as readonly [Excursions, Excursions];
      const excursions = trades.directions[trade] === 1 ? long : short;
      const entryRow = trades.entryRows[trade] as number;
      excursions.look(run, trade, entryRow);
      const netUsd = trades.netUsd(trade);
      tally.add(
        netUsd,
        netUsd / (trades.riskUsd[trade] as number),
        riskFractionOf(trades.entryPrices[trade] as number, trades.stops[trade] as number),
        excursions.maeR[entryRow] as number,
        excursions.mfeR[entryRow] as number,
      );
    }
    return { ...tally.metrics(), ...accountMetrics({ ledger: ledgerOf(run), equityUsd, heldRows }, this.#context) };
  }

  #of(market: FastMarket): readonly [Excursions, Excursions] {
    const known = this.#excursions.get(market) ?? [new Excursions(market, 1), new Excursions(market, -1)];
    this.#excursions.set(market, known);
    return known;
  }
}

/** The furthest against and in favour of positions on one side of a market, in R, by the row of their entry. */
class Excursions {
  readonly maeR: Float64Array;
  readonly mfeR: Float64Array;
  readonly #market: FastMarket;
  readonly #direction: 1 | -1;
  /** How the position ended that they are of; one that ended otherwise is looked up anew. */
  readonly #exitRows: Int32Array;
  readonly #exitPrices: Float64Array;
  readonly #stops: Float64Array;

  constructor(market: FastMarket, direction: 1 | -1) {
    const rows = market.candles.length;
    this.#market = market;
    this.#direction = direction;
    this.maeR = new Float64Array(rows);
    this.mfeR = new Float64Array(rows);
    this.#exitRows = new Int32Array(rows);
    this.#exitPrices = new Float64Array(rows);
    this.#stops = new Float64Array(rows);
  }

  /** Makes sure that the excursions at this row are those of this trade. */
  look({ trades }: FastRun, trade: number, entryRow: number): void {
    const exitPrice = trades.exitPrices[trade] as number;
    const stop = trades.stops[trade] as number;
    // The end of the data is the only exit after its candle, and its own row alone cannot tell.
    const exitRow = (trades.exitRows[trade] as number) + (reasonOf(trades.codes[trade] as number) === 'end' ? 1 : 0);
    const isKnown =
      this.#exitRows[entryRow] === exitRow &&
      this.#exitPrices[entryRow] === exitPrice &&
      this.#stops[entryRow] === stop;
    if (isKnown) return;
    this.#exitRows[entryRow] = exitRow;
    this.#exitPrices[entryRow] = exitPrice;
    this.#stops[entryRow] = stop;

    const entryPrice = trades.entryPrices[trade] as number;
    const { tree } = this.#market;
    // Extremes are those of candles survived.
    const above = Math.max(tree.highest(entryRow, exitRow), entryPrice, exitPrice) - entryPrice;
    const below = entryPrice - Math.min(tree.lowest(entryRow, exitRow), entryPrice, exitPrice);
    const riskDistance = Math.abs(entryPrice - stop);
    this.maeR[entryRow] = (this.#direction === 1 ? below : above) / riskDistance;
    this.mfeR[entryRow] = (this.#direction === 1 ? above : below) / riskDistance;
  }
}

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
      const [long, short] = byLeg[trades.leg(trade)] as readonly [Excursions, Excursions];
      (trades.direction(trade) === 1 ? long : short).tally(run, trade, tally);
    }
    return { ...tally.metrics(), ...accountMetrics({ ledger: ledgerOf(run), equityUsd, heldRows }, this.#context) };
  }

  #of(market: FastMarket): readonly [Excursions, Excursions] {
    const known = this.#excursions.get(market) ?? [new Excursions(market, 1), new Excursions(market, -1)];
    this.#excursions.set(market, known);
    return known;
  }
}

/** What is remembered of a position, side by side: how it ended, its initial stop, and its excursions. */
const FIELDS = 5;
const EXIT_ROW = 0;
const EXIT_PRICE = 1;
const STOP = 2;
const MAE_R = 3;
const MFE_R = 4;

/** The furthest against and in favour of positions on one side of a market, in R, by the row of their entry. */
class Excursions {
  readonly #market: FastMarket;
  readonly #direction: 1 | -1;
  readonly #known: Float64Array;

  constructor(market: FastMarket, direction: 1 | -1) {
    this.#market = market;
    this.#direction = direction;
    this.#known = new Float64Array(FIELDS * market.candles.length);
  }

  /** Adds a trade to the tally. */
  tally(run: FastRun, trade: number, tally: TradeTally): void {
    const { trades } = run;
    const { instrument } = this.#market;
    const known = this.#known;
    const at = FIELDS * trades.entryRow(trade);
    const exitPrice = trades.exitPrice(trade, instrument);
    const stop = trades.stop(trade, instrument);
    // Only the end of the data is stamped at a close that was survived.
    const isEnd = reasonOf(trades.code(trade)) === 'end';
    const exitRow = trades.exitRow(trade) + (isEnd ? 1 : 0);
    if (known[at + EXIT_ROW] !== exitRow || known[at + EXIT_PRICE] !== exitPrice || known[at + STOP] !== stop) {
      known[at + EXIT_ROW] = exitRow;
      known[at + EXIT_PRICE] = exitPrice;
      known[at + STOP] = stop;
      this.#look(run, trade, at);
    }
    const netUsd = trades.netUsd(trade);
    const riskFraction = riskFractionOf(trades.entryPrice(trade, instrument), stop);
    tally.add(
      netUsd,
      netUsd / trades.riskUsd(trade),
      riskFraction,
      known[at + MAE_R] as number,
      known[at + MFE_R] as number,
    );
  }

  #look({ trades }: FastRun, trade: number, at: number): void {
    const known = this.#known;
    const { tree, instrument } = this.#market;
    const entryRow = trades.entryRow(trade);
    const entryPrice = trades.entryPrice(trade, instrument);
    const exitPrice = known[at + EXIT_PRICE] as number;
    const exitRow = known[at + EXIT_ROW] as number;
    // Extremes are those of candles survived.
    const above = Math.max(tree.highest(entryRow, exitRow), entryPrice, exitPrice) - entryPrice;
    const below = entryPrice - Math.min(tree.lowest(entryRow, exitRow), entryPrice, exitPrice);
    const riskDistance = Math.abs(entryPrice - (known[at + STOP] as number));
    known[at + MAE_R] = (this.#direction === 1 ? below : above) / riskDistance;
    known[at + MFE_R] = (this.#direction === 1 ? above : below) / riskDistance;
  }
}

import type { Approved, EntryIntent, Holding, LegTerms, Terms } from '../../core/account.ts';
import type { FilledOrder } from '../../core/events.ts';
import { cashOf, type Ledger } from '../../core/ledger.ts';
import { closedTrade, openPosition } from '../../core/positions.ts';
import { closeTimeAt, openTimeAt } from '../../domain/candle.ts';
import { lotMicroCoins, notionalOf } from '../../domain/instrument.ts';
import { feeOf } from '../../domain/money.ts';
import { type ExitReason, REFUSALS, type Refusal, type Trade } from '../../domain/trade.ts';
import { ZERO_USD } from '../../domain/units.ts';
import type { RunResult, RunSpec } from '../run.ts';
import { bitsOfFlags } from './bits.ts';
import { FastEngine } from './engine.ts';
import { isBeyond, isInside, reasonOf } from './exit-book.ts';
import type { FastMarket } from './market.ts';
import type { FastLeg, FastRun } from './spec.ts';

/**
 * One run on the fast engine, with everything that the reference engine says of it.
 *
 * @param engine remembers exits for other runs on the same candles
 */
export function runFast(spec: RunSpec, engine = new FastEngine()): RunResult {
  const legs = spec.legs.map(({ signals, ...leg }): FastLeg => ({ ...leg, bits: bitsOfFlags(signals) }));
  return resultOf(engine.run({ ...spec, legs }));
}

export function resultOf(run: FastRun): RunResult {
  const counted = REFUSALS.map((refusal, i): [Refusal, number] => [refusal, run.refusals[i] as number]);
  return {
    trades: tradesOf(run),
    ledger: ledgerOf(run),
    equityUsd: equityOf(run),
    heldRows: run.heldRows,
    refusals: Object.fromEntries(counted.filter(([, count]) => count > 0)),
    conflicts: run.conflicts,
    lapses: run.lapses,
  };
}

export function ledgerOf({ spec, realisedUsd, feesUsd, fundingUsd }: FastRun): Ledger {
  return { depositsUsd: spec.depositUsd, realisedUsd, feesUsd, fundingUsd };
}

/** The trades as the ledger of the core writes them down, made by the core itself from entry and exit. */
export function tradesOf(run: FastRun): Trade[] {
  return Array.from({ length: run.trades.count }, (_, trade) => tradeOf(run, trade));
}

function tradeOf({ spec, markets, trades }: FastRun, trade: number): Trade {
  const legNumber = trades.leg(trade);
  const leg = spec.legs[legNumber] as FastLeg;
  const market = markets[legNumber] as FastMarket;
  const entryRow = trades.entryRow(trade);
  const exitRow = trades.exitRow(trade);
  const code = trades.code(trade);
  const reason = reasonOf(code);
  const { candles, instrument } = market;
  const intent = {
    side: trades.direction(trade) === 1 ? 'long' : 'short',
    lots: trades.lots(trade),
    signalTimeMs: closeTimeAt(candles, entryRow - 1),
    notionalUsd: ZERO_USD,
    marginUsd: ZERO_USD,
    stopAtr: leg.stopAtr?.[entryRow - 1] ?? Number.NaN,
    trailAtr: leg.trailAtr?.[entryRow - 1] ?? Number.NaN,
  } satisfies EntryIntent as EntryIntent as Approved<EntryIntent>;
  const legTerms: LegTerms = { coin: leg.coin, instrument, intervalMs: leg.decisionIntervalMs };
  const terms: Terms = { legs: [legTerms], rules: spec.rules, costs: spec.costs };
  const position = openPosition(terms, legTerms, intent, {
    kind: 'fill',
    leg: legNumber,
    order: 'entry',
    timeMs: openTimeAt(candles, entryRow),
    price: trades.entryPrice(trade, instrument),
    isMaker: false,
  });
  // Extremes are those of candles survived; only the end of the data is stamped at a close that was.
  const survivedTo = reason === 'end' ? exitRow + 1 : exitRow;
  const holding: Holding = {
    position,
    stop: position.initialStop,
    stopReason: 'stop',
    high: market.tree.highest(entryRow, survivedTo),
    low: market.tree.lowest(entryRow, survivedTo),
    fundingPerLot: market.fundingPerLot(entryRow, exitRow, isInside(code)),
  };
  const closed = closedTrade(
    spec.costs,
    leg.coin,
    instrument,
    holding,
    {
      kind: 'fill',
      leg: legNumber,
      order: orderOf(reason),
      timeMs: isInside(code) ? closeTimeAt(candles, exitRow) : openTimeAt(candles, exitRow),
      price: trades.exitPrice(trade, instrument),
      isMaker: reason === 'target',
    },
    reason,
  );
  const made = { ...closed.trade, beyondTolerance: isBeyond(code) };
  if (made.netPnlUsd !== trades.netUsd(trade)) {
    throw new RangeError(
      `${leg.coin}: a trade of ${made.netPnlUsd} micro-dollars was booked as ${trades.netUsd(trade)}`,
    );
  }
  return made;
}

function orderOf(reason: ExitReason): FilledOrder {
  return reason === 'target' || reason === 'liquidation' || reason === 'end' ? reason : 'exit';
}

/** Account value at each close from the first row to the last, in dollars: as RunResult has it. */
export function equityOf(run: FastRun): Float64Array {
  const { spec, trades } = run;
  const rows = spec.to - spec.from;
  const equity = cashAtCloses(run, rows);
  for (let leg = 0; leg < spec.legs.length; leg++) {
    for (let trade = 0; trade < trades.count; trade++) {
      if (trades.leg(trade) === leg) addOpenResult(run, trade, equity);
    }
  }
  for (let i = 0; i < rows; i++) equity[i] = (equity[i] as number) / 1e6;
  if (rows > 0) equity[rows - 1] = cashOf(ledgerOf(run)) / 1e6;
  return equity;
}

/** Micro-dollars in cash at each close; what the end of the data settles is not among them. */
function cashAtCloses({ spec, markets, trades }: FastRun, rows: number): Float64Array {
  const cash = new Float64Array(rows);
  const book = (row: number, usd: number): void => {
    cash[row - spec.from] = (cash[row - spec.from] as number) + usd;
  };
  for (let trade = 0; trade < trades.count; trade++) {
    const { instrument } = markets[trades.leg(trade)] as FastMarket;
    const notionalUsd = notionalOf(instrument, trades.entryPrice(trade, instrument), trades.lots(trade));
    const entryFeeUsd = feeOf(notionalUsd, spec.costs.takerFee);
    book(trades.entryRow(trade), -entryFeeUsd);
    if (reasonOf(trades.code(trade)) !== 'end') {
      book(trades.exitRow(trade), trades.netUsd(trade) + entryFeeUsd);
    }
  }
  let sum: number = spec.depositUsd;
  for (let i = 0; i < rows; i++) {
    sum += cash[i] as number;
    cash[i] = sum;
  }
  return cash;
}

/** What a position would bring at each close at which it is open: at the last stored close, exit costs not included. */
function addOpenResult({ spec, markets, trades }: FastRun, trade: number, equity: Float64Array): void {
  const market = markets[trades.leg(trade)] as FastMarket;
  const direction = trades.direction(trade);
  const lots = trades.lots(trade);
  const entryPrice = trades.entryPrice(trade, market.instrument);
  const entryRow = trades.entryRow(trade);
  const isHeldToEnd = reasonOf(trades.code(trade)) === 'end';
  const until = isHeldToEnd ? spec.to : trades.exitRow(trade);
  const scale = lotMicroCoins(market.instrument);
  let last = entryRow;
  for (let row = entryRow; row < until; row++) {
    if (market.hasCandle(row)) last = row;
    const mark = market.candles.close[last] as number;
    const perLot = (mark - entryPrice) * scale + market.fundingPerLot(entryRow, last, true) * 1e-6;
    const i = row - spec.from;
    equity[i] = (equity[i] as number) + direction * lots * perLot;
  }
}

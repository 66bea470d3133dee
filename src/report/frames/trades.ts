import { formatTime, HOUR_MS } from '../../domain/time.ts';
import type { Report, ReportedTrade } from '../schema.ts';
import { type Cell, calendarOf, NUMBER, TEXT } from './cells.ts';

/** The columns of a frame of trades. Month, weekday and hour are those of the entry, UTC. */
export const TRADE_COLUMNS = {
  ...{ strategy: TEXT, coin: TEXT, interval: TEXT, side: TEXT, entryTime: TEXT, exitTime: TEXT },
  ...{ entryPrice: NUMBER, exitPrice: NUMBER, stopPrice: NUMBER, targetPrice: NUMBER, quantity: NUMBER, reason: TEXT },
  ...{ initialRiskUsd: NUMBER, grossPnlUsd: NUMBER, feesUsd: NUMBER, fundingUsd: NUMBER, netPnlUsd: NUMBER },
  ...{ rMultiple: NUMBER, maeR: NUMBER, mfeR: NUMBER, month: TEXT, weekday: TEXT, hour: NUMBER, holdHours: NUMBER },
} as const;

/** Every trade of the verdict cells, by strategy and time, in the order of TRADE_COLUMNS. */
export function tradeRows({ strategies, study }: Report): Cell[][] {
  return strategies.flatMap((strategy) =>
    strategy.status === 'failed'
      ? []
      : strategy.trades.map((trade) => [strategy.name, trade.coin, study.interval, ...cellsOf(trade)]),
  );
}

function cellsOf(trade: ReportedTrade): Cell[] {
  const { side, entryTimeMs, exitTimeMs, entryPrice, exitPrice, stopPrice, targetPrice, quantity, reason } = trade;
  const { initialRiskUsd, grossPnlUsd, feesUsd, fundingUsd, netPnlUsd, rMultiple, maeR, mfeR } = trade;
  return [
    ...[side, formatTime(entryTimeMs), formatTime(exitTimeMs)],
    ...[entryPrice, exitPrice, stopPrice, targetPrice ?? Number.NaN, quantity, reason],
    ...[initialRiskUsd, grossPnlUsd, feesUsd, fundingUsd, netPnlUsd],
    ...[rMultiple, maeR, mfeR, ...calendarOf(entryTimeMs), (exitTimeMs - entryTimeMs) / HOUR_MS],
  ];
}

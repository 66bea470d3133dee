import { HOUR_MS } from '../src/domain/time.ts';
import type { Trade } from '../src/domain/trade.ts';
import { epochMs, fromUsd, type Lots, type MicroUsd, type Price } from '../src/domain/units.ts';

/**
 * A trade with a risk of $100 on an entry notional of $5,000 (stop 2 % away), held for an hour, no fees and no funding.
 */
export function tradeOf(
  parts: Partial<Omit<Trade, 'entryTimeMs' | 'exitTimeMs'>> & TradeTimes & { r?: number } = {},
): Trade {
  const { r = 1, entryTimeMs = 0, exitTimeMs = entryTimeMs + HOUR_MS, ...rest } = parts;
  const netPnlUsd = fromUsd(100 * r);
  return {
    leg: 0,
    coin: 'BTC',
    side: 'long',
    signalTimeMs: epochMs(entryTimeMs),
    entryTimeMs: epochMs(entryTimeMs),
    exitTimeMs: epochMs(exitTimeMs),
    lots: 5_000 as Lots,
    entryPrice: 100_000 as Price,
    exitPrice: (100_000 + 2_000 * r) as Price,
    stopPrice: 98_000 as Price,
    targetPrice: 104_000 as Price,
    reason: r > 0 ? 'target' : 'stop',
    initialRiskUsd: fromUsd(100),
    grossPnlUsd: netPnlUsd,
    feesUsd: 0 as MicroUsd,
    fundingUsd: 0 as MicroUsd,
    netPnlUsd,
    rMultiple: r,
    maeR: Math.max(0, -r),
    mfeR: Math.max(0, r),
    beyondTolerance: false,
    ...rest,
  };
}

interface TradeTimes {
  readonly entryTimeMs?: number;
  readonly exitTimeMs?: number;
}

import type { Instrument } from '../domain/instrument.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { MarketCandle } from './coin-tape.ts';
import type { AssetContext, PlayedSettlement } from './played-market.ts';

/** What the exchange knows, in its own words. */

/** `2677.0`, `0.00001`: a point always, an exponent never. */
export function decimal(value: number): string {
  const text = String(value);
  if (text.includes('e')) return value.toFixed(12).replace(/(\.\d+?)0+$/, '$1');
  return text.includes('.') ? text : `${text}.0`;
}

export function candleRow(coin: string, interval: Interval, candle: MarketCandle) {
  return {
    t: candle.openTimeMs,
    T: candle.openTimeMs + intervalMs(interval) - 1,
    s: coin,
    i: interval,
    o: decimal(candle.open),
    c: decimal(candle.close),
    h: decimal(candle.high),
    l: decimal(candle.low),
    v: decimal(candle.volume),
    n: candle.trades,
  };
}

/** What long positions pay for eight hours when the premium is within the clamp, and the clamp. */
const INTEREST = 0.0001;
const CLAMP = 0.0005;

export function fundingRow(coin: string, { timeMs, rate }: PlayedSettlement) {
  const forEightHours = rate * 8;
  const beyond = Math.sign(forEightHours - INTEREST);
  // Within the clamp every premium gives the same rate.
  const premium = Math.abs(forEightHours - INTEREST) < 1e-9 ? 0 : forEightHours + beyond * CLAMP;
  return { coin, fundingRate: decimal(rate), premium: decimal(Number(premium.toFixed(10))), time: timeMs };
}

export function contextOf(context: AssetContext | undefined) {
  if (context === undefined) {
    const nothing = { funding: '0.0', openInterest: '0.0', prevDayPx: '0.0', dayNtlVlm: '0.0', dayBaseVlm: '0.0' };
    return { ...nothing, premium: null, oraclePx: '0.0', markPx: '0.0', midPx: null, impactPxs: null };
  }
  return {
    funding: decimal(context.fundingRate),
    openInterest: decimal(context.openInterest),
    prevDayPx: decimal(context.previousDayPrice),
    dayNtlVlm: decimal(Number((context.dayVolume * context.midPrice).toFixed(6))),
    premium: decimal(Number(context.premium.toFixed(10))),
    oraclePx: decimal(context.oraclePrice),
    markPx: decimal(context.markPrice),
    midPx: decimal(context.midPrice),
    impactPxs: [decimal(context.bidPrice), decimal(context.askPrice)],
    dayBaseVlm: decimal(context.dayVolume),
  };
}

/** Tables from this id on are listed; a smaller id is a single tier with that leverage. */
const FIRST_LISTED_TABLE = 50;

export function metaOf(instruments: readonly Instrument[]) {
  const marginTables: [number, object][] = [];
  const universe = instruments.map(({ coin, szDecimals, marginTiers, isDelisted }) => {
    const maxLeverage = marginTiers[0]?.maxLeverage ?? 1;
    let marginTableId = maxLeverage;
    if (marginTiers.length > 1) {
      marginTableId = FIRST_LISTED_TABLE + marginTables.length;
      const tiers = marginTiers.map((tier) => ({
        lowerBound: decimal(tier.fromNotionalUsd),
        maxLeverage: tier.maxLeverage,
      }));
      marginTables.push([marginTableId, { description: `tiered ${maxLeverage}x`, marginTiers: tiers }]);
    }
    return { szDecimals, name: coin, maxLeverage, marginTableId, ...(isDelisted ? { isDelisted } : {}) };
  });
  return { universe, marginTables, collateralToken: 0 };
}

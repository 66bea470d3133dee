import { describe, expect, it } from 'vitest';
import { fixtureInput } from '../../test/report-fixture.ts';
import type { StudyData } from '../backtest/study-data.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import type { FundingRates } from '../domain/candle.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, HOUR_MS, type Interval } from '../domain/time.ts';
import type { ReportedSettings } from '../report/build.ts';
import { ageNote, cautionsOf } from './study-cautions.ts';

const { study, data: withoutFunding } = fixtureInput({ draws: 20, days: 10 });
const SETTINGS: ReportedSettings = DEFAULT_CONFIG;

/** A rate for every hour of the span, and a day on either side, but for these. */
function rates(coin: string, ...missing: number[]): [string, FundingRates] {
  const hours = Array.from({ length: 12 * 24 }, (_, i) => i - 24).filter((hour) => !missing.includes(hour));
  const timesMs = Float64Array.from(hours, (hour) => withoutFunding.fromMs + hour * HOUR_MS);
  return [coin, { coin, timesMs, rates: new Float64Array(hours.length) }];
}

const dataWith = (...funding: [string, FundingRates][]): StudyData => ({
  ...withoutFunding,
  funding: new Map(funding),
});
const whole = dataWith(rates('BTC'), rates('ETH'), rates('SOL'));
const cautions = (settings: Partial<ReportedSettings>, data = whole): string[] =>
  cautionsOf(study, data, { ...SETTINGS, ...settings });

describe('cautions', () => {
  it('are none for the settings as they come, and funding for every hour', () => {
    expect(cautions({})).toEqual([]);
  });

  it('name coins without funding, and count hours without it, within the span alone', () => {
    expect(cautions({}, dataWith(rates('BTC', -5, 0, 7, 500), rates('SOL', -1)))).toEqual([
      'no funding is stored for ETH: trades paid none',
      'funding of BTC is not stored for 2 hours of 240: trades paid none in them',
    ]);
    expect(cautions({}, withoutFunding)).toEqual(['no funding is stored for BTC, ETH, SOL: trades paid none']);
  });

  it('name the sources of candles where they are several, and what is from which', () => {
    const of = (coin: string, interval: Interval, source: string) => ({ coin, interval, source });
    const mixed = [
      of('BTC', '1h', 'binance-spot'),
      of('BTC', '30m', 'hyperliquid'),
      of('ETH', '1h', 'hyperliquid'),
      of('ETH', '30m', 'hyperliquid'),
      of('SOL', '1h', 'binance-spot'),
    ];
    expect(cautions({}, { ...whole, mixed })).toEqual([
      'mixed sources of candles: BTC 1h, SOL from binance-spot; BTC 30m, ETH from hyperliquid',
    ]);
  });

  it('name costs that are 0', () => {
    expect(cautions({ fees: { taker: 0, maker: 0.0001 }, slippageBps: 0 })).toEqual([
      'set to 0, though it costs money to trade: taker fee, slippage',
    ]);
  });

  it('name gates that are softer than the defaults, and no stricter one', () => {
    expect(cautions({ gates: { alpha: 0.2, targetEdgeR: 0.1, minTrades: 5, minWeeks: 20 } })).toEqual([
      'gates are softer than usual: alpha 0.2 instead of 0.05, minTrades 5 instead of 30',
    ]);
    expect(cautions({ gates: { alpha: 0.01, targetEdgeR: 1, minTrades: 30, minWeeks: 1 } })).toEqual([
      'gates are softer than usual: targetEdgeR 1 instead of 0.3, minWeeks 1 instead of 10',
    ]);
  });
});

describe('the age of the newest candle', () => {
  const real: StudyData = { ...withoutFunding, isSynthetic: false };
  const note = (days: number, asked: Study = study, data = real): string | undefined =>
    ageNote(asked, data, data.toMs + days * DAY_MS);

  it('is said after two days', () => {
    expect(note(2)).toBeUndefined();
    expect(note(486.7)).toBe('the newest candle is 486 days old');
  });

  it('is nothing new to who asked for certain dates, or for a synthetic market', () => {
    expect(note(486, { ...study, span: { fromMs: real.fromMs, toMs: real.toMs } })).toBeUndefined();
    expect(note(486, study, { ...real, isSynthetic: true })).toBeUndefined();
  });
});

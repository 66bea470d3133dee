import { expect } from 'vitest';
import { fundingColumns } from '../src/backtest/funding.ts';
import { runReference } from '../src/backtest/reference.ts';
import type { Leg, RunResult, RunSpec } from '../src/backtest/run.ts';
import type { BothTouched } from '../src/core/fills.ts';
import { cashOf } from '../src/core/ledger.ts';
import { emptyColumns, type FundingRates } from '../src/domain/candle.ts';
import type { Instrument } from '../src/domain/instrument.ts';
import type { Costs, RiskRules } from '../src/domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../src/domain/signal.ts';
import { HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../src/domain/time.ts';
import type { Trade } from '../src/domain/trade.ts';
import { type EpochMs, fromUsd } from '../src/domain/units.ts';
import { PLAIN_RULES } from './plain-rules.ts';

/**
 * A golden table that reads as a story: rows of candles with what the strategy said at their closes, then the trades
 * that must come of it. A candle is named by its opening time; a time that is left out is a candle that does not exist.
 *
 *     story(`
 *       time   open  high  low  close  signal
 *       10:00  500   500   500  500    long
 *       11:00  500   505   495  500
 *       12:00  480   481   470  475
 *     `).tells('long 1 @ 500 11:00 → 480 12:00 stop | gross -20');
 *
 * After the bar: any of gross, fees, funding, net, risk, r, mae, mfe, stop, target, flagged. Other lines: `refused
 * REASON n`,
 * `conflicts n`, `lapsed n` (each must be told if it happened) and `cash n`.
 */
export interface Setting {
  readonly rules?: Partial<RiskRules>;
  readonly costs?: Partial<Costs>;
  readonly depositUsd?: number;
  readonly szDecimals?: number;
  /** [from notional, greatest leverage] */
  readonly tiers?: readonly (readonly [number, number])[];
  readonly interval?: Interval;
  /** On which candles the strategy decides, where those of the table are finer; or by coin. */
  readonly decisionInterval?: Interval | Readonly<Record<string, Interval>>;
  /** Funding rates by hour. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Opening time of the first candle whose close may signal, and closing time of the last that counts. */
  readonly from?: string;
  readonly to?: string;
  readonly bothTouched?: BothTouched;
}

/**
 * A stop of 2 % and 1 % of a thousand dollars at risk: one coin at $500, and its stop at $490. Costs are told where
 * they matter.
 */
const NO_COSTS: Costs = { takerFee: 0, makerFee: 0, slippageBps: 0 };

/** 2025-01-01T00:00Z: every time of a story counts from here, and may go beyond 24:00. */
const MIDNIGHT_MS = 1_735_689_600_000;
const SIGNALS: Readonly<Record<string, number>> = {
  long: LONG,
  short: SHORT,
  'exit-long': EXIT_LONG,
  'exit-short': EXIT_SHORT,
};

export function story(candles: string | Readonly<Record<string, string>>, setting: Setting = {}): Story {
  const tables = typeof candles === 'string' ? { COIN: candles } : candles;
  return new Story(new Map(Object.entries(tables).map(([coin, text]) => [coin, rowsOf(text)])), setting);
}

type Row = Readonly<Record<string, string>>;

class Story {
  readonly #tables: ReadonlyMap<string, readonly Row[]>;
  readonly #setting: Setting;

  constructor(tables: ReadonlyMap<string, readonly Row[]>, setting: Setting) {
    this.#tables = tables;
    this.#setting = setting;
  }

  tells(expected: string): void {
    const { spec, result } = this.run();
    const lines = linesOf(expected);
    const asked = lines.filter((line) => / @ /.test(line)).map(namesIn);
    const trades = result.trades.map((trade, index) => described(trade, spec, asked[index] ?? []));
    const others = [
      ...Object.entries(result.refusals).map(([reason, count]) => `refused ${reason} ${count}`),
      ...(result.conflicts > 0 ? [`conflicts ${result.conflicts}`] : []),
      ...(result.lapses > 0 ? [`lapsed ${result.lapses}`] : []),
      ...(lines.some((line) => line.startsWith('cash ')) ? [`cash ${cashOf(result.ledger) / 1e6}`] : []),
    ];
    expect([...trades, ...others].sort()).toEqual(lines.sort());
  }

  /**
   * The same, and its mirror image about $500: every price p is 1000 − p, and long is short. For stories without costs.
   */
  tellsBothWays(expected: string): void {
    this.tells(expected);
    const tables = [...this.#tables].map(([coin, rows]) => [coin, rows.map(mirrored)] as const);
    const words = expected.replaceAll(/(@ |→ |stop |target )([\d.]+)/g, (_, word: string, price: string) =>
      /:/.test(price) ? word + price : word + mirroredPrice(price),
    );
    new Story(new Map(tables), this.#setting).tells(swapped(words));
  }

  run(): { readonly spec: RunSpec; readonly result: RunResult } {
    const spec = specOf(this.#tables, this.#setting);
    return { spec, result: runReference(spec) };
  }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function rowsOf(text: string): Row[] {
  const [header = '', ...lines] = linesOf(text);
  const names = header.split(/\s+/);
  return lines.map((line) => {
    const cells = line.split(/\s+/);
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

// ---- the run ----

function msOf(time: string): number {
  const [hours = '', minutes = ''] = time.split(':');
  return MIDNIGHT_MS + Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
}

function specOf(tables: ReadonlyMap<string, readonly Row[]>, setting: Setting): RunSpec {
  const interval = setting.interval ?? '1h';
  const times = [...tables.values()].flat().map(({ time = '' }) => msOf(time));
  const firstMs = Math.min(...times);
  const rowAt = (timeMs: number): number => (timeMs - firstMs) / intervalMs(interval);
  const length = rowAt(Math.max(...times)) + 1;
  return {
    legs: [...tables].map(([coin, rows]) => legOf(coin, rows, setting, firstMs, length)),
    rules: { ...PLAIN_RULES, ...setting.rules },
    costs: { ...NO_COSTS, ...setting.costs },
    depositUsd: fromUsd(setting.depositUsd ?? 1_000),
    from: setting.from === undefined ? 0 : rowAt(msOf(setting.from)),
    to: setting.to === undefined ? length : rowAt(msOf(setting.to)),
    bothTouched: setting.bothTouched ?? 'stop',
  };
}

function legOf(coin: string, rows: readonly Row[], setting: Setting, firstMs: number, length: number): Leg {
  const interval = setting.interval ?? '1h';
  const candles = emptyColumns(coin, interval, firstMs as EpochMs, length);
  const signals = new Uint8Array(length);
  const atr = new Float64Array(length).fill(Number.NaN);
  for (const row of rows) {
    const at = (msOf(row['time'] ?? '') - firstMs) / intervalMs(interval);
    for (const column of ['open', 'high', 'low', 'close'] as const) candles[column][at] = Number(row[column]);
    if (row['atr'] !== undefined) atr[at] = Number(row['atr']);
    const said = (row['signal'] ?? '').split(',').filter((word) => word !== '');
    signals[at] = said.reduce((bits, word) => bits | (SIGNALS[word] as number), 0);
  }
  const instrument: Instrument = {
    coin: coin.split('#')[0] as string,
    szDecimals: setting.szDecimals ?? 2,
    marginTiers: (setting.tiers ?? [[0, 20]]).map(([fromNotionalUsd, maxLeverage]) => ({
      fromNotionalUsd,
      maxLeverage,
    })),
    isDelisted: false,
  };
  const funding = fundingColumns(candles, instrument.szDecimals, ratesOf(coin, setting.rates ?? {}));
  const { decisionInterval = interval } = setting;
  const decidesOn = typeof decisionInterval === 'string' ? decisionInterval : (decisionInterval[coin] ?? interval);
  const decisions = { decisionIntervalMs: intervalMs(decidesOn), signals, stopAtr: atr, trailAtr: atr };
  return { coin: instrument.coin, instrument, candles, funding, ...decisions };
}

function ratesOf(coin: string, rates: Readonly<Record<string, number>>): FundingRates {
  return {
    coin,
    timesMs: Float64Array.from(Object.keys(rates), msOf),
    rates: Float64Array.from(Object.values(rates)),
  };
}

// ---- the words ----

function clock(timeMs: number): string {
  const minutes = (timeMs - MIDNIGHT_MS) / MINUTE_MS;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function described(trade: Trade, spec: RunSpec, names: readonly string[]): string {
  const { instrument } = spec.legs[trade.leg] as Leg;
  const coin = spec.legs.length > 1 ? `${trade.coin} ` : '';
  const size = trade.lots / 10 ** instrument.szDecimals;
  const entry = `${coin}${trade.side} ${size} @ ${trade.entryPrice} ${clock(trade.entryTimeMs)}`;
  const exit = `${trade.exitPrice} ${clock(trade.exitTimeMs)} ${trade.reason}`;
  const details = names.map((name) => `${name} ${detail(trade, name)}`);
  return `${entry} → ${exit}${details.length === 0 ? '' : ` | ${details.join(', ')}`}`;
}

function detail(trade: Trade, name: string): string | number {
  const usd = (amount: number): number => amount / 1e6;
  const ratio = (value: number): number => Number(value.toPrecision(9));
  const details: Readonly<Record<string, string | number>> = {
    gross: usd(trade.grossPnlUsd),
    fees: usd(trade.feesUsd),
    funding: usd(trade.fundingUsd),
    net: usd(trade.netPnlUsd),
    risk: usd(trade.initialRiskUsd),
    r: ratio(trade.rMultiple),
    mae: ratio(trade.maeR),
    mfe: ratio(trade.mfeR),
    stop: trade.stopPrice,
    target: trade.targetPrice ?? 'none',
    flagged: trade.beyondTolerance ? 'yes' : 'no',
  };
  return details[name] ?? 'unknown';
}

function namesIn(line: string): string[] {
  const details = line.split(' | ')[1];
  return details === undefined ? [] : details.split(', ').map((part) => part.split(' ')[0] as string);
}

function mirroredPrice(price: string): string {
  return String(Number((1000 - Number(price)).toFixed(4)));
}

function mirrored({ open = '', high = '', low = '', close = '', signal = '', ...rest }: Row): Row {
  return {
    ...rest,
    open: mirroredPrice(open),
    high: mirroredPrice(low),
    low: mirroredPrice(high),
    close: mirroredPrice(close),
    signal: swapped(signal),
  };
}

function swapped(text: string): string {
  return text.replaceAll(/long|short/g, (side) => (side === 'long' ? 'short' : 'long'));
}

import type { OptimizerSettings } from '../domain/optimizer.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { GateThresholds } from '../domain/study.ts';
import type { Interval } from '../domain/time.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What config/candor.yaml says, complete and deeply frozen: every value is there, and every value is in its range.
 * Nothing secret is ever part of it; secrets come from the environment alone.
 */
export interface Config {
  /** The SQLite file, relative to the project's folder. */
  readonly database: string;
  /** Where two sources have a candle, a study reads this one. */
  readonly source: string;
  /** Fees as fractions of the notional. */
  readonly fees: { readonly taker: number; readonly maker: number };
  readonly slippageBps: number;
  /** Seed of everything random that names none of its own. */
  readonly seed: number;
  readonly gates: GateThresholds;
  readonly optimizer: OptimizerSettings;
  readonly log: { readonly level: LogLevel };
  readonly exchange: { readonly apiUrl: string };
  /** What 'candor ingest' records where its command line does not say. */
  readonly ingest: {
    /** Those that are traded first: their candles are confirmed first after a close. */
    readonly coins: readonly string[];
    readonly intervals: readonly Interval[];
    /** What recording may take of the request weight that the exchange gives an address. */
    readonly weightPerMinute: number;
  };
}

/**
 * The only place where defaults are written in code; config/candor.yaml shows the same ones, and a test holds the two
 * equal. Fees are those of Hyperliquid's lowest volume tier for perpetuals.
 */
export const DEFAULT_CONFIG: Config = {
  database: 'data/candor.sqlite',
  source: 'hyperliquid',
  fees: { taker: 0.00045, maker: 0.00015 },
  slippageBps: 2,
  seed: 1,
  gates: { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 },
  optimizer: { threshold: 0.2, floorR: 0.02, schedule: '0 6 1 * *', timeZone: 'UTC' },
  log: { level: 'info' },
  exchange: { apiUrl: 'https://api.hyperliquid.xyz' },
  ingest: { coins: ['BTC', 'ETH', 'SOL'], intervals: ['1m', '30m', '1h'], weightPerMinute: 600 },
};

/** The part of the config that the engines need. */
export function costsOf(config: Pick<Config, 'fees' | 'slippageBps'>): Costs {
  return { takerFee: config.fees.taker, makerFee: config.fees.maker, slippageBps: config.slippageBps };
}

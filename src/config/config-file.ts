import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { INTERVALS } from '../domain/time.ts';
import { type Config, DEFAULT_CONFIG, LOG_LEVELS } from './config.ts';
import { cronExpression, timeZone } from './schedule-schema.ts';
import { fraction, listOf, number, section, seed, wholeNumber } from './schema.ts';
import { readYaml } from './yaml-file.ts';

const STANDARD_FILE = 'config/candor.yaml';
const d = DEFAULT_CONFIG;

const fee = fraction({ from: -0.001, to: 0.01, why: 'a fee is a share of the notional, like 0.045 %' });

const configSchema: z.ZodType<Config> = section({
  database: z.string().min(1).default(d.database),
  source: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: "a source is written like 'hyperliquid' or 'binance-spot'" })
    .default(d.source),
  fees: section({ taker: fee.default(d.fees.taker), maker: fee.default(d.fees.maker) }).prefault({}),
  slippageBps: number({ from: 0, to: 1000, why: 'it is in basis points, 2 for 0.02 %' }).default(d.slippageBps),
  seed: seed.default(d.seed),
  gates: section({
    alpha: fraction({ above: 0, to: 0.5, why: 'it is the share of false KEEPs that you accept' }).default(
      d.gates.alpha,
    ),
    targetEdgeR: number({ above: 0, to: 10 }).default(d.gates.targetEdgeR),
    minTrades: wholeNumber({ from: 30, to: 1_000_000, why: 'fewer trades carry no verdict' }).default(
      d.gates.minTrades,
    ),
    minWeeks: wholeNumber({ from: 10, to: 10_000, why: 'fewer weeks carry no verdict' }).default(d.gates.minWeeks),
  }).prefault({}),
  optimizer: section({
    threshold: fraction({ from: 0, to: 10, why: 'it is the improvement that a swap takes, like 20 %' }).default(
      d.optimizer.threshold,
    ),
    floorR: number({ from: 0, to: 1, why: 'it is an edge in R a trade' }).default(d.optimizer.floorR),
    schedule: cronExpression.default(d.optimizer.schedule),
    timeZone: timeZone.default(d.optimizer.timeZone),
  }).prefault({}),
  log: section({ level: z.enum(LOG_LEVELS).default(d.log.level) }).prefault({}),
  exchange: section({ apiUrl: z.url({ protocol: /^https?$/ }).default(d.exchange.apiUrl) }).prefault({}),
  ingest: section({
    coins: listOf(z.string().min(1), String).default(() => [...d.ingest.coins]),
    intervals: listOf(z.enum(INTERVALS), String).default(() => [...d.ingest.intervals]),
    weightPerMinute: wholeNumber({
      from: 120,
      to: 1_200,
      why: 'one page of candles costs 104, and the exchange gives an address 1,200',
    }).default(d.ingest.weightPerMinute),
  }).prefault({}),
});

/**
 * The config of a project: config/candor.yaml, what it leaves out filled with the defaults.
 *
 * @param file another file instead; then it must exist
 * @throws UsageError that names every wrong key or value with its line
 */
export function loadConfig(root: string, file?: string): Config {
  const path = file === undefined ? join(root, STANDARD_FILE) : resolve(file);
  if (file === undefined && !existsSync(path)) return deepFreeze(configSchema.parse({}));
  return deepFreeze(readYaml(path, file ?? STANDARD_FILE, 'config', configSchema));
}

/** Freezes a plain value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

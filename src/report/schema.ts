import { z } from 'zod';
import { METRICS } from '../backtest/metrics.ts';
import { INTERVALS } from '../domain/time.ts';
import { EXIT_REASONS, REFUSALS } from '../domain/trade.ts';
import { VERDICTS } from '../evidence/verdict.ts';
import { elsewhere, robustness } from './robustness-schema.ts';

/**
 * The report as it is stored. Units stand in the names (Ms, Usd, R, Fraction, Bps), fractions are never per cent, times
 * are UTC milliseconds. A number that does not exist is null, and `notAvailable` of its strategy says why, by path.
 *
 * The version grows whenever an older reader would misread a newer report.
 */
export const SCHEMA_NAME = 'candor-report';
export const SCHEMA_VERSION = 1;

const count = z.int().min(0);
const timeMs = z.int();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: 'a sha256 is 64 hexadecimal digits' });
const interval = z.enum(INTERVALS);
const metricName = z.enum(METRICS);

const metrics = z.record(metricName, z.number().nullable());

const quantiles = z.strictObject({
  p05: z.number().nullable(),
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  /** Draws below the strategy's value, and draws that have the metric at all. */
  below: count,
  draws: count,
});

/** Equal bins from `from` on; a value on an edge belongs to the bin above it. */
const histogram = z.strictObject({ from: z.number(), binWidth: z.number().positive(), counts: z.array(count) });

const control = z.strictObject({
  kind: z.enum(['coin-flip', 'rotation']),
  draws: count,
  /** Draws whose mean R was as good as the strategy's or better; ties and draws without a trade count against it. */
  asGood: count,
  quantiles: z.record(metricName, quantiles),
  meanR: histogram.nullable(),
  /** Account value at `fanTimesMs` of the report. */
  fanUsd: z.strictObject({
    p05: z.array(z.number().nullable()),
    p50: z.array(z.number().nullable()),
    p95: z.array(z.number().nullable()),
  }),
});

const trade = z.strictObject({
  coin: z.string(),
  side: z.enum(['long', 'short']),
  signalTimeMs: timeMs,
  entryTimeMs: timeMs,
  exitTimeMs: timeMs,
  quantity: z.number(),
  entryPrice: z.number(),
  exitPrice: z.number(),
  stopPrice: z.number(),
  targetPrice: z.number().nullable(),
  reason: z.enum(EXIT_REASONS),
  initialRiskUsd: z.number(),
  grossPnlUsd: z.number(),
  feesUsd: z.number(),
  fundingUsd: z.number(),
  netPnlUsd: z.number(),
  rMultiple: z.number(),
  maeR: z.number(),
  mfeR: z.number(),
  beyondTolerance: z.boolean(),
});

const tradeGroup = z.strictObject({
  trades: count,
  winRate: z.number().nullable(),
  expectancyR: z.number().nullable(),
  netPnlUsd: z.number(),
});

const gate = z.strictObject({
  id: z.string(),
  interval: interval.nullable(),
  title: z.string(),
  status: z.enum(['passed', 'failed', 'not available']),
  /** False for a gate whose answer is shown, but decides nothing. */
  decides: z.boolean(),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  valueText: z.string(),
  thresholdText: z.string(),
  reason: z.string(),
});

const verdict = z.strictObject({
  word: z.enum(VERDICTS),
  ground: z.string(),
  sentence: z.string(),
  line: z.string(),
});

const pValues = z.strictObject({
  coinFlip: z.number().nullable(),
  rotation: z.number().nullable(),
  /** The rotation, corrected for all strategies of the study. */
  family: z.number().nullable(),
});

/** One-sided bounds at the level of the gates, from calendar blocks of all coins at once. */
const expectancy = z.strictObject({
  lowerR: z.number().nullable(),
  upperR: z.number().nullable(),
  standardErrorR: z.number().nullable(),
  blocks: count,
  blockDays: z.number(),
});

const power = z.strictObject({
  sdR: z.number().nullable(),
  minimumTrades: count,
  /** The least edge that this study could have found, in R a trade. */
  smallestEdgeR: z.number().nullable(),
});

/** What was tried on this market before and with this study: an input of the run, from the trial ledger of that day. */
const trials = z.strictObject({
  trials: count,
  clusters: count,
  unknown: count,
  sharpeVariance: z.number(),
  hurdleSharpe: z.number(),
});

/** What the Sharpe ratio would need to mean something: per day, of whole UTC days. */
const trackRecord = z.strictObject({
  days: count,
  skewness: z.number().nullable(),
  kurtosis: z.number().nullable(),
  /** DSR: probability that the true Sharpe ratio is above the hurdle. */
  deflatedProbability: z.number().nullable(),
  /** MinTRL: days that it takes to tell it from zero. */
  minimumDays: z.number().nullable(),
  /** MinBTL: years below which the best of so many clusters shows as much by luck. */
  minimumYears: z.number().nullable(),
});

const contribution = z.strictObject({ trades: count, expectancyR: z.number().nullable() });

const timeWindow = z.strictObject({ fromMs: timeMs, toMs: timeMs });

/** Params chosen on the past, and tried on what followed. */
const walkForward = z.strictObject({
  /** Of all sweep ranges; how many were run, and how many more could not settle before the span. */
  combinations: count,
  tried: count,
  unsettled: count,
  folds: z.array(
    z.strictObject({
      train: timeWindow,
      test: timeWindow,
      params: z.record(z.string(), z.union([z.number(), z.string()])),
      inSample: contribution,
      outOfSample: contribution,
    }),
  ),
  inSample: contribution,
  outOfSample: contribution,
  /** Out-of-sample over in-sample expectancy. */
  efficiency: z.number().nullable(),
  /** PBO, and where it lies in nine of ten cases if no params are better than others. */
  overfitting: z
    .strictObject({
      probability: z.number(),
      luckBand: z.strictObject({ low: z.number(), high: z.number() }),
      lossProbability: z.number(),
      days: count,
      blocks: count,
      splits: count,
    })
    .nullable(),
});

const failed = z.strictObject({
  status: z.literal('failed'),
  name: z.string(),
  verdict,
  error: z.strictObject({ message: z.string(), details: z.array(z.string()), hint: z.string().nullable() }),
});

const paramValues = z.record(z.string(), z.union([z.number(), z.string()]));
const paramLists = z.record(z.string(), z.array(z.union([z.number(), z.string()])));

const judged = z.strictObject({
  status: z.literal('judged'),
  name: z.string(),
  thesis: z.enum(['continuation', 'reversal']),
  summary: z.string(),
  params: paramValues,
  /** How they were chosen on these candles. Named only where they were, so that an older report keeps its hash. */
  choice: z
    .strictObject({
      lists: paramLists,
      combinations: z.array(z.strictObject({ params: paramValues, trades: count, expectancyR: z.number().nullable() })),
      chosen: count,
    })
    .optional(),
  fileSha256: z.string(),
  /** How it is known that the strategy does not see the future; `candles` is how many its code was replayed on. */
  lookAhead: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('by-construction') }),
    z.strictObject({ kind: z.literal('replayed'), candles: count }),
    z.strictObject({ kind: z.literal('too-few-candles') }),
  ]),
  verdict,
  gates: z.array(gate),
  criticism: z.array(z.strictObject({ id: z.string(), text: z.string() })),
  pValues,
  expectancy,
  power,
  metrics,
  /** Absent where nobody counted what was tried before, as older reports. */
  trackRecord: trackRecord.optional(),
  /** The verdict cell, where every candle that touched both stop and target is the target. */
  bounds: z.strictObject({ worst: metrics, best: metrics }),
  controls: z.array(control),
  perCoin: z.array(tradeGroup.extend({ coin: z.string() })),
  /** By the UTC month of the entry. */
  perMonth: z.array(tradeGroup.extend({ month: z.string() })),
  claims: z.array(
    z.strictObject({
      side: z.enum(['long', 'short']),
      condition: z.string(),
      bet: z.enum(['continuation', 'reversal', 'filter']),
      fires: count,
      excessReturnFraction: z.number().nullable(),
      horizonCandles: count,
    }),
  ),
  /** Null, with a reason, where it makes no sense. Absent from reports that are older than it. */
  walkForward: walkForward.nullable().optional(),
  finer: z.array(z.strictObject({ interval, kind: z.enum(['fills', 'equal-clock', 'same-count']), metrics })),
  grid: z.array(z.strictObject({ at: z.record(z.string(), z.string()), isVerdictCell: z.boolean(), metrics })),
  /** Account value at the end of every step of the curve, and the deepest drawdown within it. */
  equity: z.strictObject({ timesMs: z.array(timeMs), usd: z.array(z.number()) }),
  drawdown: z.strictObject({
    timesMs: z.array(timeMs),
    fraction: z.array(z.number()),
    peakMs: timeMs.nullable(),
    troughMs: timeMs.nullable(),
  }),
  refusals: z.partialRecord(z.enum(REFUSALS), count),
  /** Closes at which long and short were true at once, and entries whose candle did not exist. */
  conflicts: count,
  lapses: count,
  missingFundingHours: count,
  entriesWithoutVolume: count,
  histogramR: histogram.nullable(),
  /** Absent in older reports. */
  robustness: robustness.optional(),
  trades: z.array(trade),
  notAvailable: z.record(z.string(), z.string()),
});

const distance = z.union([
  z.strictObject({ fraction: z.number() }),
  z.strictObject({ atr: z.number(), period: z.int() }),
]);

const riskRules = z.strictObject({
  stop: distance,
  target: z.number().nullable(),
  breakEven: z.strictObject({ at: z.number() }).nullable(),
  trail: z.strictObject({ distance, after: z.number() }).nullable(),
  maxHold: z.int().nullable(),
  sizing: z.union([z.strictObject({ riskFraction: z.number() }), z.literal('allEquity')]),
  leverage: z.number(),
  maxOpen: z.int().nullable(),
  maxExposure: z.number().nullable(),
  // Younger than the first reports: named only where they are on, so that an older report keeps the hash of its result.
  maxCoinExposure: z.number().optional(),
  maxSideExposure: z.number().optional(),
  minStopMoveBps: z.number(),
});

const study = z.strictObject({
  name: z.string(),
  coins: z.array(z.string()),
  interval,
  confirm: z.array(interval),
  span: z.union([z.strictObject({ days: z.int() }), z.strictObject({ fromMs: timeMs, toMs: timeMs })]),
  strategies: z.array(
    z.strictObject({ name: z.string(), params: z.record(z.string(), z.json()), choose: paramLists.optional() }),
  ),
  cell: riskRules,
  grid: z.array(z.strictObject({ at: z.record(z.string(), z.string()), rules: riskRules })),
  controls: z.strictObject({ draws: z.int(), seed: z.int() }),
  depositUsd: z.number(),
});

const series = z.strictObject({
  coin: z.string(),
  interval,
  /** Warm-up included. */
  firstOpenMs: timeMs,
  lastCloseMs: timeMs,
  candles: count,
  /** Candles of the grid that are not stored, and the unbroken stretches that they make. */
  missingCandles: count,
  gaps: count,
  zeroVolumeFraction: z.number().nullable(),
  fundingHours: count,
  missingFundingHours: count,
});

const data = z.strictObject({
  isSynthetic: z.boolean(),
  /** On the values that were first seen of every candle. Named only where it is so, as older reports do. */
  asSeen: z.literal(true).optional(),
  /** The seal at which the span ends, where it would have gone on without one: part of what was asked. */
  sealedFromMs: timeMs.optional(),
  source: z.string(),
  fingerprint: z.string(),
  /** The first candle that was loaded, by interval: recursive indicators depend on it. */
  anchor: z.partialRecord(interval, timeMs),
  fromMs: timeMs,
  toMs: timeMs,
  series: z.array(series),
  instruments: z.array(
    z.strictObject({
      coin: z.string(),
      szDecimals: z.int(),
      marginTiers: z.array(z.strictObject({ fromNotionalUsd: z.number(), maxLeverage: z.number() })),
      isDelisted: z.boolean(),
    }),
  ),
});

/** What of the settings bears on the result. */
const config = z.strictObject({
  source: z.string(),
  fees: z.strictObject({ taker: z.number(), maker: z.number() }),
  slippageBps: z.number(),
  gates: z.strictObject({
    alpha: z.number(),
    targetEdgeR: z.number(),
    minTrades: z.int(),
    minWeeks: z.int(),
  }),
});

export const reportSchema = z.strictObject({
  schema: z.strictObject({ name: z.literal(SCHEMA_NAME), version: z.literal(SCHEMA_VERSION) }),
  /** sha256 of the canonical JSON of everything but this, `made`, `versions` and `commit`. */
  resultHash: sha256,
  made: z.strictObject({
    createdAtMs: timeMs,
    durationsMs: z.record(z.string(), z.number()),
    /**
     * Candles that had been revised by then, where there were any: a later revision changes their number and not what
     * was first seen, so that it is no part of the result.
     */
    revised: z.array(z.strictObject({ coin: z.string(), interval, candles: count })).optional(),
    /** What the trial ledger said on that day of its own chain, and of candles that are or were sealed. */
    notes: z.array(z.string()).optional(),
  }),
  versions: z.record(z.string(), z.string()),
  /** Null outside a git checkout. */
  commit: z.strictObject({ sha: z.string(), isModified: z.boolean() }).nullable(),
  data,
  config,
  study,
  seed: z.int(),
  /** Absent in older reports. */
  trials: trials.optional(),
  /** How p-values were corrected, and for how many strategies. */
  family: z.strictObject({ method: z.enum(['westfall-young', 'holm']), strategies: count }),
  fanTimesMs: z.array(timeMs),
  /** Absent in older reports. */
  elsewhere: elsewhere.optional(),
  strategies: z.array(z.discriminatedUnion('status', [judged, failed])),
  limits: z.array(z.strictObject({ what: z.string(), effect: z.string() })),
  warnings: z.array(z.string()),
});

export type Report = z.infer<typeof reportSchema>;
export type StrategyReport = Report['strategies'][number];
export type JudgedStrategy = z.infer<typeof judged>;
export type ReportedTrials = z.infer<typeof trials>;
export type FailedStrategy = z.infer<typeof failed>;
export type ReportedControl = z.infer<typeof control>;
export type ReportedTrade = z.infer<typeof trade>;
export type ReportedMetrics = z.infer<typeof metrics>;
export type ReportedVerdict = z.infer<typeof verdict>;
export type ReportedGate = z.infer<typeof gate>;
export type Histogram = z.infer<typeof histogram>;
export type ReportedTradeGroup = z.infer<typeof tradeGroup>;
export type SeriesFacts = z.infer<typeof series>;
export type ReportedRobustness = z.infer<typeof robustness>;
export type ReportedElsewhere = z.infer<typeof elsewhere>;

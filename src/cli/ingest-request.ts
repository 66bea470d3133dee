import { UsageError } from '../domain/errors.ts';
import { formatTime, type Interval, parseDuration, parseInterval, parseTime } from '../domain/time.ts';
import { WEIGHT_PER_MINUTE } from '../exchange/limiter.ts';
import { type FollowPlan, planFollow } from '../market/ingest/plan.ts';
import type { Context } from './context.ts';

export interface IngestOptions {
  readonly coins?: string;
  readonly intervals?: string;
  readonly since: string;
  readonly again?: true;
  readonly follow?: true;
  readonly traded?: string;
  readonly weight?: number;
  readonly json?: true;
}

/** What the command line and the config ask for together. */
export interface IngestRequest {
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  readonly fromMs: number;
  readonly weightPerMinute: number;
  /** Undefined where nothing is to be followed. */
  readonly plan: FollowPlan | undefined;
}

/**
 * Whether a coin exists is known to the exchange alone.
 *
 * @throws UsageError for what cannot be carried out, with the nearest names or with plans that would fit
 */
export function requestOf(options: IngestOptions, { config, clock }: Context): IngestRequest {
  const named = options.coins === undefined ? config.ingest.coins : listed(options.coins, '--coins');
  const intervals =
    options.intervals === undefined
      ? config.ingest.intervals
      : listed(options.intervals, '--intervals').map(parseInterval);
  const weightPerMinute = options.weight ?? config.ingest.weightPerMinute;
  const fromMs = startOf(options.since, clock.nowMs());
  if (options.traded !== undefined && !options.follow) {
    throw new UsageError('--traded is for --follow', {
      hint: 'It says whose candles are confirmed within seconds of their close. Add --follow, or leave it out.',
    });
  }
  const plan = options.follow ? planOf(named, intervals, weightPerMinute, options.traded) : undefined;
  // A coin that is named as traded alone is followed too: its past is fetched, and whether it exists is asked.
  return { coins: plan?.coins ?? named, intervals, fromMs, weightPerMinute, plan };
}

/** `BTC,ETH`; spaces do not matter. */
function listed(text: string, option: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) {
    throw new UsageError(`${option} '${text}' has an empty place`, { hint: 'Write it like BTC,ETH,SOL.' });
  }
  return [...new Set(names)];
}

/** A length of time before now, or a date. */
function startOf(since: string, nowMs: number): number {
  const isLength = /^\d+[a-z]$/.test(since);
  const hint = 'Write it as 90d, 36h or 2025-07-26.';
  if (!isLength && !/^\d/.test(since)) {
    throw new UsageError(`--since ${since} is neither a length of time nor a date`, { hint });
  }
  const fromMs = isLength ? nowMs - parseDuration(since) : parseTime(since);
  if (fromMs < nowMs && fromMs >= 0) return fromMs;
  throw new UsageError(
    fromMs < 0 ? `--since ${since} is before 1970` : `--since ${since} is in the future: it is ${formatTime(nowMs)}`,
    { hint },
  );
}

/**
 * Where it is not said whose candles are awaited, those of as many coins as the weight allows, in the order in which
 * they were named.
 */
function planOf(
  coins: readonly string[],
  intervals: readonly Interval[],
  weightPerMinute: number,
  traded: string | undefined,
): FollowPlan {
  if (traded !== undefined)
    return planFollow({ coins, intervals, weightPerMinute, traded: listed(traded, '--traded') });
  for (let awaited = coins.length; awaited > 0; awaited--) {
    try {
      return planFollow({ coins, intervals, weightPerMinute, traded: coins.slice(0, awaited) });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return planFollow({ coins, intervals, weightPerMinute, traded: [] });
}

/** What of the exchange's weight background work leaves to others: what ingesting may not take of it. */
export function reserveOf({ weightPerMinute }: IngestRequest): number {
  return WEIGHT_PER_MINUTE - weightPerMinute;
}

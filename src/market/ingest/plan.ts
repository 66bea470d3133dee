import { UsageError } from '../../domain/errors.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';

/** What is to be followed, and for how much of the exchange's request weight. */
export interface FollowRequest {
  readonly coins: readonly string[];
  /** Coins whose closes are confirmed within seconds, because decisions wait for them; they need not be in `coins`. */
  readonly traded: readonly string[];
  readonly intervals: readonly Interval[];
  readonly weightPerMinute: number;
}

/** Who is asked when. `schedule` makes calls of it, `describePlan` numbers. */
export interface FollowPlan extends FollowRequest {
  /** Coins that share one line of calls. */
  readonly batched: readonly string[];
  /** How long after its close, at the latest, a candle of a batched coin is asked for; a funding rate likewise. */
  readonly batchDelayMs: number;
}

/**
 * A call costs 20 and 1 for each 60 candles, so the newest 60 come at the price of one: every call reads a stretch
 * again, and finds revisions and late candles for nothing.
 */
export const CALL_CANDLES = 60;
export const CALL_WEIGHT = 21;
/** A settlement is one row of a call whose rows cost 1 for each 20: the same. */
const CALLS_FOR_FUNDING = 1;

/** A candle whose close no message of the stream announced is asked for this long after it. */
export const PROMPT_DELAY_MS = 2 * SECOND_MS;
/** After a full minute the way is left free for candles that somebody waits for. */
const QUIET_MS = 3 * SECOND_MS;
/** Kept for what cannot be planned: candles asked for again, missed stretches, instruments. */
export const SPARE_FRACTION = 0.1;
/** A round of all calls must be over before the hour asks for all of them again. */
const LONGEST_ROUND_MS = HOUR_MS;

/**
 * Plans calls that never cost more than the weight in any 60 seconds. Candles of traded coins are asked for two
 * seconds after each close. All other calls stand in one line, in the order in which something to ask for came up, and
 * leave it at a pace that each minute has: what the traded coins' calls on either side of it leave over. A call covers
 * all closes since the last one, so the line is never longer than the number of series, and that bounds the delay.
 *
 * @throws UsageError for a plan that does not fit, with plans that would
 */
export function planFollow(request: FollowRequest): FollowPlan {
  const intervals = [...new Set(request.intervals)].sort((a, b) => intervalMs(a) - intervalMs(b));
  const traded = [...new Set(request.traded)];
  const coins = [...new Set([...traded, ...request.coins])];
  if (coins.length === 0) throw new UsageError('there is no coin to follow', { hint: 'Name at least one.' });
  if (intervals.length === 0) throw new UsageError('there is no interval to follow', { hint: 'Name at least one.' });
  const plan = fitted({ ...request, coins, traded, intervals });
  if (plan !== undefined) return plan;
  throw new UsageError(
    `${count(coins, 'coin')} × ${count(intervals, 'interval')} (${traded.length} traded) cannot be followed for a ` +
      `weight of ${request.weightPerMinute} a minute`,
    { hint: whatFits({ ...request, coins, traded, intervals }) },
  );
}

function fitted(request: FollowRequest): FollowPlan | undefined {
  const batched = request.coins.filter((coin) => !request.traded.includes(coin));
  const calls = batched.length * request.intervals.length + request.coins.length * CALLS_FOR_FUNDING;
  const batchDelayMs = longestRoundMs(request, calls);
  return batchDelayMs === undefined ? undefined : { ...request, batched, batchDelayMs };
}

/** Numbers that change exactly one thing, each the best that fits. */
function whatFits(request: FollowRequest): string {
  const { coins, traded, intervals } = request;
  const others = coins.filter((coin) => !traded.includes(coin));
  const fits = (part: Partial<FollowRequest>): boolean => fitted({ ...request, ...part }) !== undefined;
  const fewerTraded = most(traded.length, (n) => fits({ traded: traded.slice(0, n) }));
  const fewerCoins = most(coins.length, (n) => fits({ coins: [...traded, ...others].slice(0, n) }));
  const fewerIntervals = most(intervals.length, (n) => fits({ intervals: intervals.slice(intervals.length - n) }));
  const options = [
    fewerTraded === undefined ? undefined : `${fewerTraded} of the coins traded`,
    fewerCoins === undefined || fewerCoins < traded.length ? undefined : `${fewerCoins} coins`,
    fewerIntervals === undefined ? undefined : `only ${intervals.slice(intervals.length - fewerIntervals).join(', ')}`,
  ].filter((option) => option !== undefined);
  return options.length === 0
    ? 'Allow more weight, or fewer coins and intervals.'
    : `What would fit: ${options.join('; or ')}; or more weight.`;
}

/** The largest number from 1 below `limit` for which it holds; it must hold for all smaller ones. */
function most(limit: number, holds: (n: number) => boolean): number | undefined {
  let low = 0;
  let high = limit;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low === 0 ? undefined : low;
}

function count(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
}

/** Weight of the calls that a full minute makes due for the traded coins. */
export function promptWeight({ traded, intervals }: FollowRequest, minuteMs: number): number {
  return traded.length * intervals.filter((interval) => minuteMs % intervalMs(interval) === 0).length * CALL_WEIGHT;
}

/**
 * Calls of the line in the minute that begins then. They are spread evenly over it, so any 60 seconds hold at most as
 * many as the richer one of the two minutes that they lie in; and any 60 seconds hold the traded coins' calls of one
 * full minute, which both of its neighbours leave room for.
 */
export function batchCalls(plan: FollowRequest, minuteMs: number): number {
  const prompt = Math.max(promptWeight(plan, minuteMs), promptWeight(plan, minuteMs + MINUTE_MS));
  return Math.max(0, Math.floor((plan.weightPerMinute * (1 - SPARE_FRACTION) - prompt) / CALL_WEIGHT));
}

/** When in its minute the call with that number, of so many, goes out. */
export function batchOffsetMs(number: number, calls: number): number {
  return QUIET_MS + Math.floor((number * (MINUTE_MS - QUIET_MS)) / calls);
}

/**
 * From a full minute until so many calls are out, at the worst time of day; undefined where that takes too long, or
 * where even the calls of the traded coins are too much.
 */
function longestRoundMs(request: FollowRequest, calls: number): number | undefined {
  const allowed = request.weightPerMinute * (1 - SPARE_FRACTION);
  if (promptWeight(request, 0) > allowed) return undefined;
  const perMinute = Array.from({ length: DAY_MS / MINUTE_MS }, (_, minute) => batchCalls(request, minute * MINUTE_MS));
  let longestMs = 0;
  for (let start = 0; start < perMinute.length; start++) {
    let left = calls;
    let minute = 0;
    for (;;) {
      const here = perMinute[(start + minute) % perMinute.length] as number;
      if (left <= here) {
        longestMs = Math.max(longestMs, minute * MINUTE_MS + batchOffsetMs(left - 1, here));
        break;
      }
      left -= here;
      minute++;
      if (minute * MINUTE_MS >= LONGEST_ROUND_MS) return undefined;
    }
  }
  return longestMs;
}

import type { Logger } from '../config/log.ts';
import type { Timer } from '../domain/clock.ts';
import { CandorError } from '../domain/errors.ts';
import { formatTime, MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import { HyperliquidFeed } from '../exchange/feed.ts';
import type { HyperliquidInfo } from '../exchange/info.ts';
import type { MarketDatabase } from '../market/database.ts';
import type { FollowEvent } from '../market/ingest/contract.ts';
import { follow } from '../market/ingest/follow.ts';
import type { FollowPlan } from '../market/ingest/plan.ts';
import { describePlan } from '../market/ingest/plan-numbers.ts';
import { formatDuration, formatNumber, formatSeconds } from '../report/format.ts';
import type { Context } from './context.ts';
import { count, counted } from './database.ts';
import type { Output } from './output.ts';

/** What is going to be asked of the exchange, and what it weighs. */
export function showPlan(plan: FollowPlan, out: Output): void {
  const { coins, traded, batched, intervals, weightPerMinute } = plan;
  const numbers = describePlan(plan);
  const weight = (value: number): string => formatNumber(value, value > 0 && value < 10 ? 1 : 0);
  const shares = [
    ...(traded.length === 0
      ? []
      : [`closes ${weight(numbers.promptWeight)} (at most ${weight(numbers.promptWeightMost)})`]),
    ...(batched.length === 0 ? [] : [`others ${weight(numbers.batchWeight)}`]),
    `funding ${weight(numbers.fundingWeight)}`,
  ];
  out.line(`${out.paint('bold', 'following')} ${counted(coins.length, 'coin')} on ${intervals.join(', ')}`);
  if (traded.length > 0) {
    out.line(`  within ${roundDelay(numbers.promptDelayMs)} of each close: ${named(traded)}`);
  }
  if (batched.length > 0) out.line(`  within ${roundDelay(numbers.batchDelayMs)}: ${named(batched)}`);
  out.line(`  weight a minute, of ${count(weightPerMinute)}: ${shares.join(', ')}`);
  out.line();
}

/** Whole seconds below two minutes: nobody waits for a tenth of one. */
function roundDelay(delayMs: number): string {
  return delayMs < 2 * MINUTE_MS ? `${formatNumber(delayMs / SECOND_MS)} s` : formatDuration(delayMs);
}

const MOST_NAMED = 6;

/** `BTC, ETH and 48 more` */
function named(coins: readonly string[]): string {
  const rest = coins.length - MOST_NAMED;
  return rest > 1 ? `${coins.slice(0, MOST_NAMED).join(', ')} and ${rest} more` : coins.join(', ');
}

/** Records until it is stopped. Ctrl-C is the way in which it ends, and no failure. */
export async function followExchange(
  db: MarketDatabase,
  exchange: HyperliquidInfo,
  plan: FollowPlan,
  isJson: boolean,
  context: Context,
): Promise<void> {
  const { clock, log, out, signal, config } = context;
  const { apiUrl } = config.exchange;
  const feed = new HyperliquidFeed({ apiUrl, timer: clock, onProblem: (problem) => log.warn(problem) });
  const diary = new FollowDiary(plan, log, clock);
  const startedMs = clock.nowMs();
  const speaking = isJson ? undefined : diary.speak(signal);
  await follow(db, { exchange, feed }, plan, {
    timer: clock,
    signal,
    onEvent: (event) => {
      diary.note(event);
      if (isJson) out.jsonLine(asJson(event, clock.nowMs()));
      else diary.tell(event);
    },
  });
  await speaking;
  if (isJson) return;
  const { added, revised } = diary.total;
  const took = formatSeconds(clock.nowMs() - startedMs);
  out.line(`stopped after ${took}: ${counted(added, 'row')} recorded, ${count(revised)} revised`);
}

function asJson(event: FollowEvent, atMs: number): object {
  if (!('error' in event)) return { atMs, ...event };
  const { error, ...rest } = event;
  return { atMs, ...rest, error: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Stored {
  added: number;
  revised: number;
  readonly coins: Set<string>;
  /** Of candles that were to be stored within seconds: from their close on. */
  delayMs: number;
}

/** Candles that close at a full minute are stored by then, and a minute's line says so while it is still news. */
const SPEAKS_AT_MS = 15 * SECOND_MS;
/** A clock that is further off than this is worth a warning: closes are waited for by it. */
const LARGE_SKEW_MS = SECOND_MS;

/** What happens while following, for somebody who looks at it now and then: one line a minute, and what is unusual. */
export class FollowDiary {
  readonly total = { added: 0, revised: 0 };
  readonly #traded: ReadonlySet<string>;
  readonly #log: Logger;
  readonly #clock: Timer;
  #minute = nothingStored();

  constructor({ traded }: Pick<FollowPlan, 'traded'>, log: Logger, clock: Timer) {
    this.#traded = new Set(traded);
    this.#log = log;
    this.#clock = clock;
  }

  /** Says once a minute what was stored, until the signal is aborted. */
  async speak(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sinceMs = (this.#clock.nowMs() - SPEAKS_AT_MS) % MINUTE_MS;
      await this.#clock.sleep(MINUTE_MS - sinceMs, signal).catch(() => {});
      this.#sayMinute();
    }
  }

  note(event: FollowEvent): void {
    if (event.kind !== 'stored') return;
    this.total.added += event.added;
    this.total.revised += event.revised;
    const minute = this.#minute;
    minute.added += event.added;
    minute.revised += event.revised;
    if (event.added > 0) minute.coins.add(event.coin);
    // One row is what has just closed; several were missed, and make up for it.
    const isPrompt = event.added === 1 && event.what !== 'funding' && this.#traded.has(event.coin);
    if (isPrompt) minute.delayMs = Math.max(minute.delayMs, event.delayMs);
  }

  #sayMinute(): void {
    const { added, revised, coins, delayMs } = this.#minute;
    this.#minute = nothingStored();
    if (added + revised === 0) return;
    const corrections = revised === 0 ? '' : `, ${count(revised)} revised (both versions are kept)`;
    const delay = delayMs === 0 ? '' : `, ${formatSeconds(delayMs)} after the close`;
    this.#log.info(`${counted(added, 'row')} of ${named([...coins])} stored${corrections}${delay}`);
  }

  /** What is worth a line of its own. */
  tell(event: FollowEvent): void {
    const log = this.#log;
    switch (event.kind) {
      case 'started':
      case 'stopped':
      case 'stored':
        return;
      case 'connected':
        log.info('the stream is open');
        return;
      case 'lost':
        log.warn(`the stream was ${event.reason}; it is opened again, and what was missed is fetched`);
        return;
      case 'skew':
        if (Math.abs(event.skewMs) >= LARGE_SKEW_MS) log.warn(skewInWords(event.skewMs));
        else log.info(skewInWords(event.skewMs));
        return;
      case 'absent': {
        const again = event.againInMs === undefined ? '' : `; asked again in ${formatSeconds(event.againInMs)}`;
        log.debug(`${event.coin} ${event.what}: nothing yet of ${formatTime(event.expectedMs)}${again}`);
        return;
      }
      case 'failed':
        // A long outage is told with growing distance, not at every attempt of every series.
        log[isPowerOfTwo(event.failures) ? 'warn' : 'debug'](
          `${event.coin} ${event.what} could not be fetched: ${failureInWords(event.error)}; ` +
            `again in ${formatSeconds(event.againInMs)}`,
        );
        return;
      case 'recovered':
        log.info(`${event.coin} ${event.what} is fetched again, after ${counted(event.failures, 'failure')}`);
        return;
      case 'trouble':
        log.warn(`${TROUBLES[event.what]}: ${failureInWords(event.error)}`);
        return;
      case 'delisted':
        log.warn(`${event.coin} is traded no more, and is followed no longer`);
        return;
    }
  }
}

const TROUBLES = {
  instruments: 'the list of coins could not be read',
  clock: "the exchange's clock could not be read",
  stream: 'the stream could not be used',
  database: 'the database could not be written to',
} as const;

function nothingStored(): Stored {
  return { added: 0, revised: 0, coins: new Set(), delayMs: 0 };
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function skewInWords(skewMs: number): string {
  const side = skewMs < 0 ? 'behind' : 'ahead of';
  return `the exchange's clock is ${formatNumber(Math.abs(skewMs))} ms ${side} this machine's`;
}

/** In one line: a log is read line by line. */
function failureInWords(error: unknown): string {
  return [messageOf(error), ...(error instanceof CandorError ? error.details : [])].join(', ');
}

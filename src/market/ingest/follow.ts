import type { Timer } from '../../domain/clock.ts';
import { DAY_MS, HOUR_MS, intervalMs, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';
import type { FeedEvent } from '../../exchange/feed-events.ts';
import { type RequestKind, WeightLimiter } from '../../exchange/limiter.ts';
import type { MarketDatabase } from '../database.ts';
import { writeInstruments } from '../instrument-store.ts';
import { Asks } from './asks.ts';
import type { FollowEvent, FollowedExchange, FollowOptions } from './contract.ts';
import { ExchangeTime } from './exchange-time.ts';
import { explainHoles, SETTLING_MS } from './explain.ts';
import { FollowedSeries } from './followed-series.ts';
import { MarkCandles } from './mark-candles.ts';
import { MarkStore } from './mark-store.ts';
import { type FollowPlan, SPARE_FRACTION } from './plan.ts';
import { type CallSubject, type ScheduledCall, schedule } from './schedule.ts';

/** The exchange is given this long to finish a candle before it is asked for it. */
const SETTLE_MS = SECOND_MS;
/** A hint about a candle that begins later than this from now is no hint. */
const MOST_HINT_AHEAD_MS = 5 * SECOND_MS;
/** Whoever is this late was asleep, and begins again with everything. */
const MOST_LATE_MS = MINUTE_MS;
/** How often this machine's clock is looked at; one that went on by so much more or less was set, or slept. */
const LOOK_AT_CLOCK_MS = MINUTE_MS / 2;
const MOST_DRIFT_MS = SECOND_MS;
/** A clock that is off by more than this matters. */
const SKEW_THAT_MATTERS_MS = 500;
/** How long all wait for one who asks for the exchange's time. */
const LONGEST_TIME_MS = SECOND_MS / 2;
const EXPLAIN_EVERY_MS = 10 * MINUTE_MS;
const EXPLAINED_BACK_MS = 7 * DAY_MS;
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

/**
 * Follows the exchange until the signal is aborted: what closes is asked for as the plan says, and stored. The stream
 * only says when to look, and tells mark prices; without it everything is asked for by the clock all the same. No
 * failure of the exchange or of the way to it ends a run, and one series' trouble is not another's.
 */
export async function follow(
  db: MarketDatabase,
  followed: FollowedExchange,
  plan: FollowPlan,
  options: FollowOptions,
): Promise<void> {
  await new Follower(db, followed, plan, options).run();
}

class Follower {
  readonly #db: MarketDatabase;
  readonly #followed: FollowedExchange;
  readonly #plan: FollowPlan;
  readonly #signal: AbortSignal;
  readonly #onEvent: (event: FollowEvent) => void;
  readonly #time: ExchangeTime;
  readonly #series: ReadonlyMap<string, FollowedSeries>;
  readonly #marks: MarkCandles;
  readonly #markStore: MarkStore;
  readonly #atWork = new Set<Promise<void>>();
  readonly #delisted = new Set<string>();
  readonly #hinted = new Map<string, number>();
  #toldSkewMs = 0;
  #minuteMs = Number.NEGATIVE_INFINITY;
  #isMinuteOver: Promise<unknown> = Promise.resolve();

  constructor(db: MarketDatabase, followed: FollowedExchange, plan: FollowPlan, options: FollowOptions) {
    const { timer, signal, onEvent } = options;
    this.#db = db;
    this.#followed = followed;
    this.#plan = plan;
    this.#signal = signal;
    this.#onEvent = onEvent ?? (() => {});
    this.#time = new ExchangeTime(timer);
    this.#series = this.#seriesOf(timer);
    this.#marks = new MarkCandles(plan.intervals);
    this.#markStore = new MarkStore(db, this.#time);
  }

  #seriesOf(timer: Timer): Map<string, FollowedSeries> {
    const { coins, intervals, weightPerMinute } = this.#plan;
    // As much as the plan leaves over: its line is never held up, and a prompt call finds room beside what catches up.
    const reserve = Math.floor(weightPerMinute * SPARE_FRACTION);
    const asks = new Asks({
      db: this.#db,
      exchange: this.#followed.exchange,
      clock: this.#time,
      budget: new WeightLimiter({ timer, weightPerMinute, reserve }),
      mostWeight: weightPerMinute - reserve,
      signal: this.#signal,
    });
    const subjects = coins.flatMap((coin) => [...intervals, 'funding' as const].map((what) => ({ coin, what })));
    return new Map(
      subjects.map((subject) => [
        nameOf(subject),
        new FollowedSeries(subject, asks, this.#time, this.#signal, this.#onEvent),
      ]),
    );
  }

  async run(): Promise<void> {
    await this.#untilStopped(async () => {
      await this.#untilDone('instruments', () => this.#readInstruments());
      await this.#untilDone('clock', () => this.#readClock());
      this.#onEvent({ kind: 'started', plan: this.#plan, skewMs: this.#time.skewMs });
      await Promise.all([
        this.#keepSchedule(),
        this.#listen(),
        this.#keepClock(),
        this.#keepInstruments(),
        this.#explainNowAndThen(),
      ]);
    });
    await Promise.all(this.#atWork);
    this.#keep(() => this.#markStore.store([]));
    this.#explain();
    this.#onEvent({ kind: 'stopped' });
  }

  /** The loop: each call of the plan, when its time has come. */
  async #keepSchedule(): Promise<never> {
    for (;;) {
      for (const call of schedule(this.#plan, this.#time.nowMs())) {
        await this.#time.sleepUntil(call.atMs, this.#signal);
        if (this.#time.nowMs() - call.atMs > MOST_LATE_MS) break;
        this.#carryOut(call);
      }
    }
  }

  #carryOut({ coin, what, kind }: ScheduledCall): void {
    const series = this.#series.get(nameOf({ coin, what }));
    if (series !== undefined) this.#want(series, Math.floor(this.#time.nowMs() / series.stepMs) * series.stepMs, kind);
  }

  /** Sets a series to work, beside all others. */
  #want(series: FollowedSeries, closeMs: number, kind: RequestKind): void {
    if (this.#delisted.has(series.subject.coin)) return;
    const work = this.#minuteOver(kind).then(() => series.want(closeMs, kind));
    this.#atWork.add(work);
    void work.finally(() => this.#atWork.delete(work));
  }

  /** One question about the exchange's time does for all series that close at the same minute. */
  #minuteOver(kind: RequestKind): Promise<unknown> {
    const minuteMs = Math.floor(this.#time.nowMs() / MINUTE_MS) * MINUTE_MS;
    if (this.#minuteMs < minuteMs) {
      this.#minuteMs = minuteMs;
      // Who asks for candles asks again where this fails, or takes long.
      this.#isMinuteOver = Promise.race([
        this.#followed.exchange.serverTime({ kind, signal: this.#signal }),
        this.#time.sleep(LONGEST_TIME_MS, this.#signal),
      ]).catch(() => {});
    }
    return this.#isMinuteOver;
  }

  async #listen(): Promise<void> {
    const [interval] = this.#plan.intervals;
    const candles = interval === undefined ? [] : this.#plan.traded.map((coin) => ({ coin, interval }));
    const request = { candles, marks: this.#plan.coins };
    await this.#untilDone('stream', () =>
      this.#followed.feed.run(request, (event) => this.#onFeedEvent(event), this.#signal),
    );
  }

  #onFeedEvent(event: FeedEvent): void {
    const nowMs = this.#time.nowMs();
    switch (event.kind) {
      case 'lost':
        this.#marks.forget();
        this.#onEvent(event);
        return;
      case 'connected':
        this.#marks.forget();
        this.#onEvent(event);
        this.#comeBack();
        return;
      case 'mark':
        this.#marks.tell(event.coin, event.price, nowMs);
        break;
      case 'candle':
        this.#marks.hear(nowMs);
        this.#onHint(event.coin, event.openTimeMs);
    }
    const closed = this.#marks.take();
    if (closed.length > 0) this.#keep(() => this.#markStore.store(closed));
  }

  /** A stream that is there again is a way that is there again: nobody waits out a pause after a failure any more. */
  #comeBack(): void {
    const nowMs = this.#time.nowMs();
    for (const series of this.#series.values()) {
      if (series.hasFailed) this.#want(series, Math.floor(nowMs / series.stepMs) * series.stepMs, 'background');
    }
  }

  /** A candle of a traded coin has begun, so all that end where it begins have closed. */
  #onHint(coin: string, closeMs: number): void {
    if (closeMs <= (this.#hinted.get(coin) ?? 0) || closeMs > this.#time.nowMs() + MOST_HINT_AHEAD_MS) return;
    this.#hinted.set(coin, closeMs);
    const closing = this.#plan.intervals.filter((interval) => closeMs % intervalMs(interval) === 0);
    const work = this.#time.sleepUntil(closeMs + SETTLE_MS, this.#signal).then(
      () => {
        for (const what of closing) {
          const series = this.#series.get(nameOf({ coin, what }));
          if (series !== undefined) this.#want(series, closeMs, 'prompt');
        }
      },
      () => {},
    );
    this.#atWork.add(work);
    void work.finally(() => this.#atWork.delete(work));
  }

  /** A database that cannot be written to (a full disk) is no reason to stop: the next time it may be. */
  #keep(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#onEvent({ kind: 'trouble', what: 'database', error });
    }
  }

  async #readInstruments(): Promise<void> {
    const instruments = await this.#followed.exchange.instruments({ signal: this.#signal, fresh: true });
    writeInstruments(this.#db, instruments);
    for (const { coin, isDelisted } of instruments) {
      if (!isDelisted || !this.#plan.coins.includes(coin) || this.#delisted.has(coin)) continue;
      this.#delisted.add(coin);
      this.#onEvent({ kind: 'delisted', coin });
    }
  }

  async #keepInstruments(): Promise<never> {
    for (;;) {
      await this.#time.sleep(DAY_MS, this.#signal);
      await this.#untilDone('instruments', () => this.#readInstruments());
    }
  }

  /** Measures the exchange's time every hour, and when this machine's clock was set or the machine was asleep. */
  async #keepClock(): Promise<never> {
    for (let untilNextMs = HOUR_MS; ; untilNextMs -= LOOK_AT_CLOCK_MS) {
      const beforeMs = this.#time.nowMs();
      await this.#time.sleep(LOOK_AT_CLOCK_MS, this.#signal);
      const driftMs = this.#time.nowMs() - beforeMs - LOOK_AT_CLOCK_MS;
      if (untilNextMs > LOOK_AT_CLOCK_MS && Math.abs(driftMs) <= MOST_DRIFT_MS) continue;
      await this.#untilDone('clock', () => this.#readClock());
      untilNextMs = HOUR_MS + LOOK_AT_CLOCK_MS;
    }
  }

  async #readClock(): Promise<void> {
    const skew = await this.#followed.exchange.clockSkew({ kind: 'prompt', signal: this.#signal });
    if (skew === null) return;
    this.#time.skewMs = skew.offsetMs;
    if (Math.abs(skew.offsetMs - this.#toldSkewMs) <= SKEW_THAT_MATTERS_MS) return;
    this.#toldSkewMs = skew.offsetMs;
    // What was heard by another time belongs to other candles.
    this.#marks.forget();
    this.#onEvent({ kind: 'skew', skewMs: skew.offsetMs });
  }

  async #explainNowAndThen(): Promise<never> {
    for (;;) {
      await this.#time.sleep(EXPLAIN_EVERY_MS, this.#signal);
      this.#explain();
    }
  }

  #explain(): void {
    const nowMs = this.#time.nowMs();
    this.#keep(() => explainHoles(this.#db, nowMs - EXPLAINED_BACK_MS, nowMs - SETTLING_MS));
  }

  /** Again after growing pauses, until it works. */
  async #untilDone(what: 'clock' | 'instruments' | 'stream', work: () => Promise<void>): Promise<void> {
    for (let pauseMs = SECOND_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#onEvent({ kind: 'trouble', what, error });
      }
      await this.#time.sleep(pauseMs, this.#signal);
    }
  }

  async #untilStopped(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }
}

function nameOf({ coin, what }: CallSubject): string {
  return `${coin} ${what}`;
}

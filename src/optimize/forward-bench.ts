import { FastEngine } from '../backtest/fast/engine.ts';
import { equityOf, resultOf } from '../backtest/fast/result.ts';
import type { FastSpec } from '../backtest/fast/spec.ts';
import { MarketRoom } from '../backtest/market-room.ts';
import { replay } from '../backtest/replay.ts';
import type { StudyData } from '../backtest/study-data.ts';
import type { OptimizedCell } from '../domain/optimizer.ts';
import type { Costs } from '../domain/risk-rules.ts';
import { DAY_MS, type Interval, intervalMs } from '../domain/time.ts';
import { type MicroUsd, toUsd } from '../domain/units.ts';
import type { Strategy } from '../strategy/define.ts';
import type { ParamValues } from '../strategy/params.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalBits } from '../strategy/signals.ts';
import type { Days } from './forward-plan.ts';
import { ForwardTable } from './forward-table.ts';

/** Everything that the returns of the candidates depend on. */
export interface ForwardWork {
  readonly strategy: { readonly name: string; readonly fileSha256: string };
  readonly sets: readonly ParamValues[];
  readonly coins: readonly string[];
  readonly interval: Interval;
  readonly cell: OptimizedCell;
  readonly costs: Costs;
  readonly depositUsd: MicroUsd;
  /** Begins at midnight (UTC). */
  readonly data: StudyData;
  readonly windows: readonly Days[];
}

/** Candidates `first` … `first + count − 1` on all windows. */
export interface CandidateRange {
  readonly first: number;
  readonly count: number;
}

/** One candidate on one window, once more on the reference engine. */
export interface ForwardReplay {
  readonly candidate: number;
  readonly window: number;
}

/** Runs candidates on windows: the same candidate on the same window has the same bits, whatever was run before it. */
export class ForwardBench {
  readonly #work: ForwardWork;
  readonly #strategy: Strategy;
  readonly #room: MarketRoom;
  /** Windows overlap, so that what one of them found of a position's end serves the next. */
  readonly #engine = new FastEngine();

  constructor(work: ForwardWork, strategy: Strategy) {
    this.#work = work;
    this.#strategy = strategy;
    this.#room = new MarketRoom(work.data);
  }

  /** @returns rows of a `ForwardTable` of the work's windows */
  run({ first, count }: CandidateRange): Float64Array {
    const { windows, sets } = this.#work;
    const table = new ForwardTable(count, windows);
    const spoken = this.#listen(sets.slice(first, first + count));
    for (const [window, days] of windows.entries()) {
      for (const [i, bits] of spoken.entries()) {
        const run = this.#engine.run(this.#spec(bits, days));
        const trades = run.trades.count;
        table.write(i, window, trades, this.#dailyReturns(equityOf(run)));
      }
    }
    return table.rows;
  }

  /** @throws EngineDifference where the engines do not agree to the last bit */
  replay({ candidate, window }: ForwardReplay): void {
    const [bits] = this.#listen(this.#work.sets.slice(candidate, candidate + 1));
    const days = this.#work.windows[window];
    if (bits === undefined || days === undefined) throw new RangeError(`there is no run ${candidate} on ${window}`);
    const spec = this.#spec(bits, days);
    const what = `candidate ${candidate + 1} of '${this.#strategy.name}' on days ${days.from} to ${days.to}`;
    replay(spec, resultOf(this.#engine.run(spec)), what);
  }

  /** What each set says, by coin: all of them at once, so that what they share is computed once. */
  #listen(sets: readonly ParamValues[]): SignalBits[][] {
    const { interval, coins } = this.#work;
    const builds = sets.map((set) => this.#strategy.build(set));
    const { to } = this.#room.grid(interval);
    const byCoin = coins.map((coin) => signalBits(builds, this.#room.evaluation(interval, coin), to));
    return builds.map((_, i) => byCoin.map((said) => said[i] as SignalBits));
  }

  #spec(bits: readonly SignalBits[], { from, to }: Days): FastSpec {
    const { interval, coins, cell, costs, depositUsd } = this.#work;
    const first = this.#room.grid(interval).from;
    const perDay = DAY_MS / intervalMs(interval);
    return {
      legs: this.#room.fastLegs(interval, coins, bits, cell),
      rules: cell,
      costs,
      depositUsd,
      from: first + from * perDay,
      to: first + to * perDay,
    };
  }

  #dailyReturns(equityUsd: Float64Array): Float64Array {
    const perDay = DAY_MS / intervalMs(this.#work.interval);
    const returns = new Float64Array(equityUsd.length / perDay);
    let before = toUsd(this.#work.depositUsd);
    for (let day = 0; day < returns.length; day++) {
      const after = equityUsd[(day + 1) * perDay - 1] as number;
      // An account that is gone stays gone.
      returns[day] = before > 0 ? after / before - 1 : 0;
      before = after;
    }
    return returns;
  }
}

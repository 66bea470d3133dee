import type { BothTouched } from '../core/fills.ts';
import type { Costs, Distance, RiskRules } from '../domain/risk-rules.ts';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { Condition } from '../series/series.ts';
import { type BuiltStrategy, scaleToInterval } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { signalFlags } from '../strategy/signals.ts';
import type { MarketRoom } from './market-room.ts';
import { runReference } from './reference.ts';
import type { RunResult, RunSpec } from './run.ts';

/**
 * One strategy of a study on its candles: its signals once, then as many runs as there are cells, draws and finer
 * candles.
 */
export class StrategyBench {
  readonly room: MarketRoom;
  readonly study: Study;
  readonly costs: Costs;
  readonly loaded: LoadedStrategy;
  readonly built: BuiltStrategy;
  /** What the strategy says, by coin of the study. */
  readonly signals: readonly Uint8Array[];

  constructor(room: MarketRoom, study: Study, costs: Costs, loaded: LoadedStrategy, params: StudyStrategy['params']) {
    this.room = room;
    this.study = study;
    this.costs = costs;
    this.loaded = loaded;
    this.built = loaded.strategy.build(params);
    this.signals = this.#signalsOf(this.built, study.interval);
  }

  /** A run on the study's own candles; with other signals, it is a control. */
  run(rules: RiskRules, signals: readonly Uint8Array[] = this.signals, bothTouched: BothTouched = 'stop'): RunResult {
    const { interval, coins } = this.study;
    return runReference(this.#spec(interval, this.room.legs(interval, coins, signals, rules), rules, bothTouched));
  }

  /** The same decisions, filled on finer candles (rule 30, i). */
  runFilledOn(finer: Interval, rules: RiskRules): RunResult {
    const { interval, coins } = this.study;
    const legs = this.room.legsFilledOn(finer, interval, coins, this.signals, rules);
    return runReference(this.#spec(finer, legs, rules));
  }

  /**
   * Decisions on finer candles too, with everything that counts candles scaled to the same clock time (rule 30, ii).
   */
  runAtEqualClock(finer: Interval, rules: RiskRules): RunResult {
    const factor = intervalMs(this.study.interval) / intervalMs(finer);
    const { strategy } = this.loaded;
    const built = strategy.build(scaleToInterval(strategy, this.built.params, factor));
    return this.#runOn(finer, built, scaleRules(rules, factor));
  }

  /** Decisions on finer candles, with the same number of candles everywhere: shown only (rule 30, iii). */
  runAtSameCount(finer: Interval, rules: RiskRules): RunResult {
    return this.#runOn(finer, this.built, rules);
  }

  #runOn(interval: Interval, built: BuiltStrategy, rules: RiskRules): RunResult {
    const legs = this.room.legs(interval, this.study.coins, this.#signalsOf(built, interval), rules);
    return runReference(this.#spec(interval, legs, rules));
  }

  /** Where a condition of the strategy is true, as a bitmap over the rows of a coin. */
  bitsOf(coin: string, condition: Condition): Uint32Array {
    const evaluation = this.room.evaluation(this.study.interval, coin);
    evaluation.request(condition);
    evaluation.advanceTo(this.room.grid(this.study.interval).to);
    return evaluation.bits(condition);
  }

  /** One byte for each row of the grid, zero outside the span. */
  #signalsOf(built: BuiltStrategy, interval: Interval): Uint8Array[] {
    const { from, to } = this.room.grid(interval);
    return this.study.coins.map((coin) => {
      const signals = new Uint8Array(this.room.candles(interval, coin).length);
      signals.set(signalFlags(built, this.room.evaluation(interval, coin), from, to), from);
      return signals;
    });
  }

  #spec(interval: Interval, legs: RunSpec['legs'], rules: RiskRules, bothTouched: BothTouched = 'stop'): RunSpec {
    const { from, to } = this.room.grid(interval);
    return {
      legs,
      rules,
      costs: this.costs,
      depositUsd: this.study.depositUsd,
      from,
      to,
      bothTouched,
    };
  }
}

/** The same clock time in candles that are `factor` times as short. */
export function scaleRules(rules: RiskRules, factor: number): RiskRules {
  const scaled = (distance: Distance): Distance =>
    'atr' in distance ? { atr: distance.atr, period: distance.period * factor } : distance;
  return {
    ...rules,
    stop: scaled(rules.stop),
    trail: rules.trail === null ? null : { ...rules.trail, distance: scaled(rules.trail.distance) },
    maxHold: rules.maxHold === null ? null : rules.maxHold * factor,
  };
}

import type { BothTouched } from '../core/fills.ts';
import type { Costs, Distance, RiskRules } from '../domain/risk-rules.ts';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { Evaluation } from '../series/evaluation.ts';
import type { Condition } from '../series/series.ts';
import { type BuiltStrategy, conditionsOf, scaleToInterval } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalBits } from '../strategy/signals.ts';
import { resultOf } from './fast/result.ts';
import type { FastRun, FastSpec } from './fast/spec.ts';
import type { MarketRoom } from './market-room.ts';
import type { RunResult } from './run.ts';

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
  readonly bits: readonly SignalBits[];
  /** By coin of the study. */
  readonly #evaluations: readonly Evaluation[];

  constructor(room: MarketRoom, study: Study, costs: Costs, loaded: LoadedStrategy, params: StudyStrategy['params']) {
    this.room = room;
    this.study = study;
    this.costs = costs;
    this.loaded = loaded;
    this.built = loaded.strategy.build(params);
    this.#evaluations = study.coins.map((coin) => room.evaluation(study.interval, coin));
    // Together with the sides that they make up, conditions cost nothing more.
    const conditions = conditionsOf(this.built).map(({ condition }) => condition);
    for (const evaluation of this.#evaluations) evaluation.request(...conditions);
    const { to } = room.grid(study.interval);
    this.bits = this.#evaluations.map((evaluation) => bitsOf(this.built, evaluation, to));
  }

  /** A run on the study's own candles. */
  run(rules: RiskRules, bothTouched: BothTouched = 'stop'): RunResult {
    return resultOf(this.room.engine.run(this.spec(rules, this.bits, bothTouched)));
  }

  /** The same with other signals is a control; the columns of the run are overwritten by the next. */
  draw(rules: RiskRules, bits: readonly SignalBits[]): FastRun {
    return this.room.engine.run(this.spec(rules, bits));
  }

  /** What a run on the study's own candles depends on. */
  spec(rules: RiskRules, bits = this.bits, bothTouched: BothTouched = 'stop'): FastSpec {
    const { interval, coins } = this.study;
    return this.#spec(interval, this.room.fastLegs(interval, coins, bits, rules), rules, bothTouched);
  }

  /** The same decisions, filled on finer candles (rule 30, i). */
  runFilledOn(finer: Interval, rules: RiskRules): RunResult {
    const { interval, coins } = this.study;
    const legs = this.room.legsFilledOn(finer, interval, coins, this.bits, rules);
    return resultOf(this.room.engine.run(this.#spec(finer, legs, rules)));
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
    const { coins } = this.study;
    const { to } = this.room.grid(interval);
    const bits = coins.map((coin) => bitsOf(built, this.room.evaluation(interval, coin), to));
    const legs = this.room.fastLegs(interval, coins, bits, rules);
    return resultOf(this.room.engine.run(this.#spec(interval, legs, rules)));
  }

  /** Where a condition of the strategy is true, as a bitmap over the rows of a leg. */
  bitsOf(leg: number, condition: Condition): Uint32Array {
    return (this.#evaluations[leg] as Evaluation).bits(condition);
  }

  #spec(interval: Interval, legs: FastSpec['legs'], rules: RiskRules, bothTouched: BothTouched = 'stop'): FastSpec {
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

function bitsOf(built: BuiltStrategy, evaluation: Evaluation, to: number): SignalBits {
  return signalBits([built], evaluation, to)[0] as SignalBits;
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

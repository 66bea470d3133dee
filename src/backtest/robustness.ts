import { CandorError } from '../domain/errors.ts';
import type { Costs, Distance, RiskRules } from '../domain/risk-rules.ts';
import { INTERVALS, type Interval, intervalMs } from '../domain/time.ts';
import { resample } from '../market/resample.ts';
import { scaleToInterval, settleOf } from '../strategy/define.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { contenderOf } from './choice.ts';
import { resultOf } from './fast/result.ts';
import type { FastSpec } from './fast/spec.ts';
import { MarketRoom } from './market-room.ts';
import { replay } from './replay.ts';
import { settleOfRules } from './settling.ts';
import { StrategyBench, scaleRules } from './strategy-bench.ts';
import { rowsOf, type StudyData } from './study-data.ts';
import { type Cut, untried, type Variation, type VariationKind } from './variation.ts';

/** On the study's own candles: costs doubled, every entry one candle late, each coin left out. */
export function ownVariations(bench: StrategyBench): Variation[] {
  const { cell, coins } = bench.study;
  const spec = bench.spec(cell);
  const { legs } = spec;
  const doubled = varied(bench, 'costs-doubled', '', { ...spec, costs: doubledCosts(spec.costs) });
  const late = varied(bench, 'entry-late', '', bench.spec(cell, bench.bits.map(oneLater)));
  if (coins.length === 1) {
    return [doubled, late, untried('without-coin', '', 'the study has one coin')];
  }
  return [
    doubled,
    late,
    ...coins.map((coin) =>
      varied(bench, 'without-coin', coin, { ...spec, legs: legs.filter((leg) => leg.coin !== coin) }),
    ),
  ];
}

/** Fees and slippage twice as high. */
export function doubledCosts({ takerFee, makerFee, slippageBps }: Costs): Costs {
  return { takerFee: 2 * takerFee, makerFee: 2 * makerFee, slippageBps: 2 * slippageBps };
}

/** Entries at the close after the one that said so; exits keep their time, since they belong to the position. */
export function oneLater({ long, short, ...exits }: SignalBits): SignalBits {
  return {
    ...exits,
    ...(long === undefined ? {} : { long: shiftedByOne(long) }),
    ...(short === undefined ? {} : { short: shiftedByOne(short) }),
  };
}

function shiftedByOne(bits: Uint32Array): Uint32Array {
  return bits.map((word, i) => (word << 1) | ((i === 0 ? 0 : (bits[i - 1] as number)) >>> 31));
}

/** @throws EngineDifference */
function varied(bench: StrategyBench, kind: VariationKind, subject: string, spec: FastSpec): Variation {
  const run = bench.room.engine.run(spec);
  const cut = contenderOf(run);
  replay(spec, resultOf(run), `the run '${kind}' of '${bench.loaded.strategy.name}'`);
  return { kind, subject, ...cut };
}

/** The same lengths of time, decided on candles that are twice as long. */
export function coarserVariation(bench: StrategyBench): Variation {
  const { interval } = bench.study;
  const coarse = INTERVALS.find((other) => intervalMs(other) === 2 * intervalMs(interval));
  if (coarse === undefined) return untried('coarser', '', `there is no interval twice as long as ${interval}`);
  try {
    return { kind: 'coarser', subject: coarse, ...coarserCut(bench, coarse) };
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    return untried('coarser', coarse, error.message);
  }
}

/** @throws CandorError where the strategy cannot be played on these candles */
function coarserCut(bench: StrategyBench, interval: Interval): Cut {
  const { loaded, built, study, costs, room } = bench;
  const { strategy } = loaded;
  const params = scaleToInterval(strategy, built.params, 0.5);
  const cell = wholeCandles(scaleRules(study.cell, 0.5));
  const coarse = coarserRoom(room, interval);
  const settling = Math.max(settleOf(strategy.build(params), interval), settleOfRules(cell, interval));
  if (settling > coarse.grid(interval).from) {
    throw new CandorError(`it takes ${settling} candles of ${interval} to settle, and fewer precede the span`);
  }
  const other = new StrategyBench(coarse, { ...study, interval, confirm: [], cell }, costs, loaded, params);
  return contenderOf(other.draw(cell, other.bits));
}

function wholeCandles(rules: RiskRules): RiskRules {
  const whole = (distance: Distance): Distance =>
    'atr' in distance ? { ...distance, period: Math.max(1, Math.round(distance.period)) } : distance;
  return {
    ...rules,
    stop: whole(rules.stop),
    trail: rules.trail === null ? null : { ...rules.trail, distance: whole(rules.trail.distance) },
    maxHold: rules.maxHold === null ? null : Math.max(1, Math.round(rules.maxHold)),
  };
}

/** The same for all strategies. */
const coarserRooms = new WeakMap<MarketRoom, MarketRoom>();

function coarserRoom(room: MarketRoom, interval: Interval): MarketRoom {
  const known = coarserRooms.get(room) ?? new MarketRoom(coarserData(room.data, interval));
  coarserRooms.set(room, known);
  return known;
}

function coarserData(data: StudyData, interval: Interval): StudyData {
  const { fromMs, toMs, grids } = data;
  const joined = [...grids[0].candles].map(([coin, columns]) => [coin, resample(columns, interval)] as const);
  const [first] = joined;
  if (first === undefined) throw new RangeError('a study needs candles');
  return { ...data, grids: [{ interval, candles: new Map(joined), ...rowsOf(first[1], fromMs, toMs) }] };
}

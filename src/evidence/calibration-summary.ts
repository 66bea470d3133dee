import type { StrategyJudged } from './calibration-market.ts';
import { PLANTED_STRATEGY, type World } from './calibration-plan.ts';
import type { MarketRecord } from './calibration-worker.ts';
import { type Share, shareOf } from './wilson.ts';

/** What a calibration came to. A share that nothing was counted for is left out. */
export interface CalibrationSummary {
  readonly alpha: number;
  readonly falseKeeps: readonly FalseKeeps[];
  readonly power: readonly EdgePower[];
  readonly byTrades: readonly TradesPower[];
  readonly gates: readonly GateRates[];
  /** Mean of one market, of one core. */
  readonly costs: readonly { readonly world: World; readonly cpuMs: number; readonly draws: number }[];
}

/** On markets in which nothing can be known: studies that kept anything, or in which anything passed the α-gate. */
export interface FalseKeeps {
  readonly world: World;
  readonly kept: Share;
  readonly passedRotation: Share;
  /** The claimed level lies within the interval, or above it. */
  readonly isWithinClaim: boolean;
}

/** How often an edge of that size is found. */
export interface EdgePower {
  readonly edge: number;
  /** Mean over the markets of the mean R, costs included, with the params that the edge was planted for. */
  readonly edgeR: number;
  /** Mean of the trades of what was chosen and judged. */
  readonly trades: number;
  readonly found: Share;
  /** Studies that kept another strategy too: not all of these are false, for they may catch some of the same edge. */
  readonly keptOthers: Share;
}

export interface TradesPower {
  readonly edge: number;
  readonly fromTrades: number;
  /** Exclusive; null without an end. */
  readonly toTrades: number | null;
  readonly found: Share;
}

/**
 * How one gate did (rule 29). `alone`: of those that pass every other gate that decides, and so would be kept without
 * this one. A gate that alone stops planted edges, and hardly ever what has none, costs more than it is worth.
 */
export interface GateRates {
  readonly gate: string;
  readonly decides: boolean;
  readonly passedWithoutEdge: Share | undefined;
  readonly passedWithEdge: Share | undefined;
  readonly stoppedAloneWithoutEdge: number;
  readonly stoppedAloneWithEdge: number;
}

const TRADES_BANDS = [0, 120, 150] as const;

export function summarise(records: readonly MarketRecord[], alpha: number): CalibrationSummary {
  const byWorld = Map.groupBy(records, ({ world }) => world);
  const planted = byWorld.get('planted') ?? [];
  return {
    alpha,
    falseKeeps: (['no-edge', 'shuffled'] as const).flatMap((world) => falseKeepsOf(world, byWorld.get(world), alpha)),
    power: [...byEdge(planted)].map(([edge, markets]) => powerOf(edge, markets)),
    byTrades: [...byEdge(planted)].flatMap(([edge, markets]) => byTrades(edge, markets)),
    gates: gateRates(byWorld.get('no-edge') ?? [], planted),
    costs: [...byWorld].map(([world, markets]) => ({
      world,
      cpuMs: mean(markets.map(({ cpuMs }) => cpuMs)),
      draws: mean(markets.map(({ draws }) => draws)),
    })),
  };
}

function falseKeepsOf(world: World, markets: readonly MarketRecord[] = [], alpha: number): FalseKeeps[] {
  const share = (counts: (strategy: StrategyJudged) => boolean): Share | undefined =>
    shareOf(markets.filter(({ strategies }) => strategies.some(counts)).length, markets.length);
  const kept = share(({ verdict }) => verdict === 'KEEP');
  const passedRotation = share(({ gates }) => gates['rotation'] === 'passed');
  if (kept === undefined || passedRotation === undefined) return [];
  return [{ world, kept, passedRotation, isWithinClaim: kept.low <= alpha }];
}

function byEdge(planted: readonly MarketRecord[]): [number, MarketRecord[]][] {
  return [...Map.groupBy(planted, ({ edge }) => edge ?? 0)].sort(([a], [b]) => a - b);
}

function powerOf(edge: number, markets: readonly MarketRecord[]): EdgePower {
  const seekers = markets.map(seekerOf);
  const keptOthers = markets.filter(({ strategies }) =>
    strategies.some(({ name, verdict }) => name !== PLANTED_STRATEGY && verdict === 'KEEP'),
  );
  return {
    edge,
    edgeR: mean(seekers.flatMap(({ unchosen: { expectancyR } }) => (expectancyR === null ? [] : [expectancyR]))),
    trades: mean(seekers.map(({ trades }) => trades)),
    found: foundBy(seekers),
    keptOthers: shareOf(keptOthers.length, markets.length) as Share,
  };
}

function byTrades(edge: number, markets: readonly MarketRecord[]): TradesPower[] {
  const seekers = markets.map(seekerOf);
  return TRADES_BANDS.flatMap((fromTrades, i) => {
    const toTrades = TRADES_BANDS[i + 1] ?? null;
    const within = seekers.filter(({ trades }) => trades >= fromTrades && (toTrades === null || trades < toTrades));
    return within.length === 0 ? [] : [{ edge, fromTrades, toTrades, found: foundBy(within) }];
  });
}

function foundBy(seekers: readonly StrategyJudged[]): Share {
  return shareOf(seekers.filter(({ verdict }) => verdict === 'KEEP').length, seekers.length) as Share;
}

/** What the strategy that the edge was planted for came to. */
function seekerOf({ strategies }: MarketRecord): StrategyJudged {
  const seeker = strategies.find(({ name }) => name === PLANTED_STRATEGY);
  if (seeker === undefined) throw new RangeError(`${PLANTED_STRATEGY} took no part`);
  return seeker;
}

/** Without an edge all strategies are counted, with one only the one that it was planted for. */
function gateRates(noEdge: readonly MarketRecord[], planted: readonly MarketRecord[]): GateRates[] {
  const without = noEdge.flatMap(({ strategies }) => strategies);
  const seekers = planted.map(seekerOf);
  const any = without[0] ?? seekers[0];
  return Object.keys(any?.gates ?? {}).map((gate) => ({
    gate,
    decides: any?.deciding.includes(gate) ?? false,
    passedWithoutEdge: shareOf(without.filter(({ gates }) => gates[gate] === 'passed').length, without.length),
    passedWithEdge: shareOf(seekers.filter(({ gates }) => gates[gate] === 'passed').length, seekers.length),
    stoppedAloneWithoutEdge: without.filter((strategy) => isStoppedBy(strategy, gate)).length,
    stoppedAloneWithEdge: seekers.filter((strategy) => isStoppedBy(strategy, gate)).length,
  }));
}

function isStoppedBy({ gates, deciding }: StrategyJudged, gate: string): boolean {
  return deciding.every((one) => (gates[one] === 'passed') === (one !== gate)) && deciding.includes(gate);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

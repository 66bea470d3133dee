import { describe, expect, test } from 'vitest';
import type { StrategyJudged } from './calibration-market.ts';
import { EDGES, marketSpecs, marketStream } from './calibration-plan.ts';
import { summarise } from './calibration-summary.ts';
import type { MarketRecord } from './calibration-worker.ts';

type Gates = StrategyJudged['gates'];

function strategy(name: string, gates: Gates, parts: Partial<StrategyJudged> = {}): StrategyJudged {
  const deciding = ['trades', 'rotation'];
  const isKept = deciding.every((gate) => gates[gate] === 'passed');
  return {
    name,
    verdict: isKept ? 'KEEP' : 'KILL',
    trades: 130,
    expectancyR: 0.3,
    familyP: 0.01,
    gates,
    deciding,
    unchosen: { trades: 120, expectancyR: 0.2 },
    ...parts,
  };
}

const ALL: Gates = { trades: 'passed', rotation: 'passed', 'coin-flip': 'failed' };
const FEW: Gates = { ...ALL, trades: 'failed' };
const LUCK: Gates = { ...ALL, rotation: 'failed' };
const NONE: Gates = { trades: 'failed', rotation: 'not available', 'coin-flip': 'passed' };

function market(world: MarketRecord['world'], index: number, ...strategies: StrategyJudged[]): MarketRecord {
  return { world, index, edge: world === 'planted' ? 0.018 : null, strategies, draws: 80, cpuMs: 1000 };
}

describe('what a calibration comes to', () => {
  test('false KEEPs are counted by study, not by strategy', () => {
    const both = market('no-edge', 0, strategy('breakout-volume', ALL), strategy('other', ALL));
    const neither = market('no-edge', 1, strategy('breakout-volume', LUCK), strategy('other', FEW));
    const [falseKeeps, ...others] = summarise([both, neither], 0.05).falseKeeps;
    expect(others).toEqual([]);
    expect(falseKeeps).toMatchObject({ world: 'no-edge', kept: { count: 1, of: 2 }, passedRotation: { count: 2 } });
  });

  test('a claim is wrong when the whole interval lies above it', () => {
    const of = (kept: number): boolean | undefined => {
      const markets = Array.from({ length: 100 }, (_, i) =>
        market('no-edge', i, strategy('breakout-volume', i < kept ? ALL : LUCK)),
      );
      return summarise(markets, 0.05).falseKeeps[0]?.isWithinClaim;
    };
    expect(of(0)).toBe(true);
    expect(of(9)).toBe(true);
    expect(of(12)).toBe(false);
  });

  test('power is that of the strategy that the edge was planted for, and the edge what nobody chose brought', () => {
    const summary = summarise(
      [
        market('planted', 0, strategy('breakout-volume', ALL), strategy('other', ALL)),
        market(
          'planted',
          1,
          strategy('breakout-volume', LUCK, { trades: 150, unchosen: { trades: 9, expectancyR: 0.4 } }),
        ),
      ],
      0.05,
    );
    expect(summary.falseKeeps).toEqual([]);
    expect(summary.power).toMatchObject([
      { edge: 0.018, trades: 140, found: { count: 1, of: 2 }, keptOthers: { count: 1, of: 2 } },
    ]);
    expect(summary.power[0]?.edgeR).toBeCloseTo(0.3, 12);
    expect(summary.byTrades).toMatchObject([
      { fromTrades: 120, toTrades: 150, found: { count: 1, of: 1 } },
      { fromTrades: 150, toTrades: null, found: { count: 0, of: 1 } },
    ]);
  });

  test('a gate stops alone what passes every other gate that decides', () => {
    const { gates } = summarise(
      [
        market('no-edge', 0, strategy('breakout-volume', LUCK), strategy('other', NONE)),
        market('planted', 0, strategy('breakout-volume', FEW)),
        market('planted', 1, strategy('breakout-volume', ALL)),
      ],
      0.05,
    );
    expect(gates).toMatchObject([
      { gate: 'trades', passedWithEdge: { count: 1, of: 2 }, stoppedAloneWithoutEdge: 0, stoppedAloneWithEdge: 1 },
      { gate: 'rotation', passedWithoutEdge: { count: 0, of: 2 }, stoppedAloneWithoutEdge: 1, stoppedAloneWithEdge: 0 },
      { gate: 'coin-flip', decides: false, stoppedAloneWithoutEdge: 0, stoppedAloneWithEdge: 0 },
    ]);
  });
});

describe('the markets of a calibration', () => {
  test('more begin with the same ones, worlds and sizes in turn', () => {
    const few = marketSpecs(['no-edge', 'planted'], 7);
    expect(marketSpecs(['no-edge', 'planted'], 20).slice(0, few.length)).toEqual(few);
    expect(few.filter(({ world }) => world === 'planted').map(({ edge }) => edge)).toEqual([
      ...EDGES,
      ...EDGES.slice(0, 2),
    ]);
    expect(few.filter(({ world }) => world === 'no-edge').every(({ edge }) => edge === null)).toBe(true);
  });

  test('each have a stream of their own', () => {
    const first = marketSpecs(['no-edge', 'planted', 'shuffled'], 50).map((spec) => marketStream(1, spec).uint32());
    expect(new Set(first).size).toBe(150);
    expect(marketStream(2, { world: 'planted', index: 0, edge: 0.006 }).uint32()).not.toBe(first[1]);
  });
});

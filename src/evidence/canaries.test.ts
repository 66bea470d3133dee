import { beforeAll, describe, expect, test } from 'vitest';
import { canaryStudy, judged, stoppedBy } from '../../test/judged-study.ts';
import { realCandles } from '../../test/series-data.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { STRATEGIES } from '../../test/sweeps.ts';
import type { CandleSource } from '../backtest/candle-source.ts';
import { madeUpSource, syntheticCandles } from '../backtest/synthetic-source.ts';
import { sliceColumns } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import type { Study } from '../domain/study.ts';
import type { StrategyVerdict } from './judge.ts';

/**
 * Strategies that must never be kept, each stopped by the gate that is there for it, through all that `candor study`
 * does. Where it can be shown, the same strategy passes where that gate is not asked: then it is this gate that works,
 * and not another.
 */

const synthetic = (days: number, seed: number, edge: number): CandleSource =>
  syntheticCandles({ coins: ['BTC', 'ETH', 'SOL'], intervals: ['1h'], days, seed, edge });

async function verdictOn(
  study: Study,
  source: CandleSource,
  options?: Parameters<typeof judged>[2],
): Promise<StrategyVerdict> {
  const [verdict] = (await judged(study, source, options)).verdicts;
  if (verdict === undefined) throw new Error('the study judged nothing');
  return verdict;
}

const statusOf = ({ gates }: StrategyVerdict, id: string): string | undefined =>
  gates.find((gate) => gate.id === id)?.status;

const PEEKING = ['peeking-scan', 'two-scans'];

/** What looks ahead is not even judged, and says so; what stood beside it is. */
async function expectPeekersRefused(source: CandleSource): Promise<void> {
  const names = [...PEEKING, 'no-edge'];
  const study = canaryStudy({
    coins: ['BTC'],
    span: { days: 30 },
    strategies: names.map((name) => ({ name, params: {} })),
    controls: { draws: 100, seed: 1 },
  });
  const { verdicts, outcome } = await judged(study, source);
  for (const [i, { verdict, gates }] of verdicts.slice(0, PEEKING.length).entries()) {
    expect(verdict.word).toBe('NO VERDICT');
    expect(verdict.ground).toBe('failed');
    expect(verdict.sentence).toContain('it looks ahead: ');
    expect(gates).toEqual([]);
    expect(outcome.strategies[i]).toMatchObject({ error: { message: expect.stringMatching(/^it looks ahead: /) } });
  }
  expect(verdicts.at(-1)?.gates.length).toBeGreaterThan(0);
}

/** It trades for no reason, and no reason is found. */
async function expectNothingFound(source: CandleSource): Promise<void> {
  const verdict = await verdictOn(canaryStudy({ strategies: [{ name: 'no-edge', params: {} }] }), source);
  expect(verdict.verdict.word).toBe('KILL');
  expect(statusOf(verdict, 'trades')).toBe('passed');
  expect(stoppedBy(verdict)).toContain('rotation');
}

const dial = [1, 2, 3, 4, 5];
const DIALS = { now: dial, skip: dial, back: dial };

/** 75 days of one coin. */
function tuned(strategy: Omit<Study['strategies'][number], 'name'>): Study {
  const study = canaryStudy({
    coins: ['BTC'],
    span: { days: 75 },
    strategies: [{ name: 'overfitted', ...strategy }],
    controls: { draws: 100, seed: 1 },
  });
  return { ...study, cell: { ...study.cell, maxHold: 12 } };
}

describe('canaries on a synthetic market', () => {
  test('a strategy that peeks is refused as one that looks ahead', () => expectPeekersRefused(synthetic(60, 1, 0)));

  test('a strategy without an edge is killed by the rotation', () => expectNothingFound(synthetic(120, 1, 0)));

  describe('a strategy that was tuned on the very candles, with 125 settings,', () => {
    const market = synthetic(90, 2, 0);
    let chosen: StrategyVerdict;
    let params: Study['strategies'][number]['params'];

    beforeAll(async () => {
      const { verdicts, outcome } = await judged(tuned({ params: {}, choose: DIALS }), market);
      const [strategy] = outcome.strategies;
      if (strategy === undefined || 'error' in strategy || verdicts[0] === undefined) throw new Error('it did not run');
      expect(strategy.choice?.combinations).toHaveLength(125);
      chosen = verdicts[0];
      params = strategy.params;
    }, 120_000);

    test('is killed by the rotation, which was tuned as well', () => {
      expect(chosen.verdict.word).toBe('KILL');
      expect(statusOf(chosen, 'trades')).toBe('passed');
      expect(stoppedBy(chosen)).toContain('rotation');
      expect(chosen.pValues.rotation).toBeGreaterThan(0.2);
    });

    test('and would have passed it, had nobody said how it was found', async () => {
      const asIfKnown = await verdictOn(tuned({ params }), market);
      expect(statusOf(asIfKnown, 'rotation')).toBe('passed');
    });
  });

  describe('a strategy with an edge that is smaller than what its trades cost', () => {
    const market = synthetic(730, 2, 0.004);
    const base = canaryStudy({ span: { days: 700 }, strategies: [{ name: 'breakout-volume', params: {} }] });
    const study: Study = { ...base, cell: { ...base.cell, stop: { fraction: 0.01 }, maxHold: 12 } };

    test('is killed by the expectancy alone: the rotation pays the same costs, and sees the edge', async () => {
      const verdict = await verdictOn(study, market, { directory: STRATEGIES });
      expect(verdict.verdict.word).toBe('KILL');
      expect(stoppedBy(verdict)).toEqual(['expectancy']);
      expect(statusOf(verdict, 'rotation')).toBe('passed');
    });

    test('and would have been kept, had its trades been free', async () => {
      const costs = { takerFee: 0, makerFee: 0, slippageBps: 0 };
      const verdict = await verdictOn(study, market, { directory: STRATEGIES, costs });
      expect(verdict.verdict.word).toBe('KEEP');
    });
  });
});

describeWithSharedData('canaries on real candles', () => {
  let market: CandleSource;

  beforeAll(() => {
    const newest = (['BTC', 'ETH', 'SOL'] as const).map((coin) => {
      const columns = realCandles(coin, '1h');
      return [coin, sliceColumns(columns, columns.length - 24 * 120, columns.length)] as const;
    });
    const funding = new Map(
      newest.map(([coin]) => [coin, { coin, timesMs: new Float64Array(), rates: new Float64Array() }]),
    );
    market = madeUpSource({ interval: '1h', candles: new Map(newest), funding, instruments: BUILT_IN_INSTRUMENTS });
  });

  test('a strategy that peeks is refused as one that looks ahead', () => expectPeekersRefused(market));

  test('a strategy without an edge is killed by the rotation', () => expectNothingFound(market));

  test('a strategy that was tuned on the very candles is killed by the rotation, which was tuned as well', async () => {
    const few = { now: [1, 3, 5], skip: [1, 3, 5], back: [1, 3, 5] };
    const verdict = await verdictOn(tuned({ params: {}, choose: few }), market);
    expect(verdict.verdict.word).toBe('KILL');
    expect(stoppedBy(verdict)).toContain('rotation');
  });
});

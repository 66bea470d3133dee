import { beforeAll, describe, expect, test } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import { STRATEGIES } from '../../test/sweeps.ts';
import { assembleStudyData, type CandleSource } from '../backtest/candle-source.ts';
import { combinationsOf } from '../backtest/choice.ts';
import { hasRun } from '../backtest/outcome.ts';
import { settlingsOf } from '../backtest/settling.ts';
import { planSpan, spanRequestOf } from '../backtest/study-data.ts';
import { runStudy } from '../backtest/study-runner.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import type { Study } from '../domain/study.ts';
import { fromUsd } from '../domain/units.ts';
import { loadStrategy } from '../strategy/load.ts';
import { type CalibrationTerms, gateKey, judgeMarket } from './calibration-market.ts';
import { judgeStudy, type StudyVerdict } from './judge.ts';

const SEED = 11;
const STUDY: Study = {
  name: 'small',
  coins: ['BTC', 'ETH', 'SOL'],
  interval: '1h',
  confirm: ['30m'],
  span: { days: 75 },
  strategies: [
    { name: 'breakout-volume', params: {}, choose: { lookback: [20, 30] } },
    { name: 'dip-in-uptrend', params: { trend: 48 } },
  ],
  cell: { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 3 },
  grid: [],
  controls: { draws: 120, seed: SEED },
  depositUsd: fromUsd(10_000),
};

let terms: CalibrationTerms;

beforeAll(async () => {
  const loaded = await Promise.all(
    STUDY.strategies.map(async (strategy) => ({ strategy, loaded: await loadStrategy(strategy.name, STRATEGIES) })),
  );
  const chosen = loaded.flatMap(({ strategy, loaded: one }) =>
    combinationsOf(strategy).map((params) => ({ loaded: one, built: one.strategy.build(params) })),
  );
  terms = {
    study: STUDY,
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
    strategiesDirectory: STRATEGIES,
    thresholds: { alpha: 0.05, targetEdgeR: 0.5, minTrades: 30, minWeeks: 10 },
    settlings: settlingsOf(STUDY, chosen),
    fileSha256: new Map(loaded.map(({ strategy, loaded: { sha256 } }) => [strategy.name, sha256])),
  };
});

const marketOf = (edge: number): CandleSource =>
  syntheticCandles({ coins: STUDY.coins, intervals: ['1h', '30m'], days: 100, seed: 5, edge });

/** The same market by `candor study`'s own way: threads, and every draw. */
async function asStudy(source: CandleSource): Promise<StudyVerdict> {
  const { settlings, costs, strategiesDirectory, fileSha256, thresholds } = terms;
  const spans = STUDY.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
  const plan = planSpan(spanRequestOf(STUDY), settlings, spans);
  const data = assembleStudyData({ coins: STUDY.coins, intervals: ['1h', '30m'] }, plan, source);
  const { signal } = new AbortController();
  const run = { study: STUDY, costs, strategiesDirectory, data, fileSha256, failures: new Map(), signal };
  const outcome = await runStudy({ ...run, onProgress: () => {} });
  expect(outcome.strategies.every(hasRun)).toBe(true);
  return judgeStudy(outcome, STUDY, thresholds, SEED);
}

describe('a market of a calibration', () => {
  test('is judged as `candor study` judges it, where something passes', async () => {
    const [judged, { strategies }] = await Promise.all([
      judgeMarket(marketOf(0.03), terms, SEED),
      asStudy(marketOf(0.03)),
    ]);
    expect(judged.draws).toBe(120);
    expect(judged.strategies.map(({ verdict }) => verdict)).toEqual(['KEEP', 'KILL']);
    expect(judged.strategies).toMatchObject(
      strategies.map(({ name, verdict, gates, pValues }) => ({
        name,
        verdict: verdict.word,
        familyP: pValues.family,
        gates: Object.fromEntries(gates.filter(({ decides }) => decides).map((gate) => [gateKey(gate), gate.status])),
      })),
    );
  });

  test('and where nothing does, after fewer draws', async () => {
    const [judged, { strategies }] = await Promise.all([judgeMarket(marketOf(0), terms, SEED), asStudy(marketOf(0))]);
    expect(judged.draws).toBeLessThan(120);
    expect(judged.strategies.map(({ verdict }) => verdict)).toEqual(strategies.map(({ verdict }) => verdict.word));
    expect(judged.strategies.map(({ gates }) => gates['rotation'])).toEqual(['failed', 'failed']);
  });

  test('says what there was to be found, had nobody chosen', async () => {
    const judged = await judgeMarket(marketOf(0.03), terms, SEED);
    const [{ unchosen }] = judged.strategies as [(typeof judged.strategies)[number]];
    expect(unchosen.trades).toBeGreaterThan(50);
    expect(unchosen.expectancyR).toBeGreaterThan(0.3);
  });

  test('is the same again, from the same seed', async () => {
    expect(await judgeMarket(marketOf(0), terms, SEED)).toEqual(await judgeMarket(marketOf(0), terms, SEED));
  });
});

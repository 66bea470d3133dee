import { expect, test } from 'vitest';
import {
  drawsOf,
  FROM_MS,
  metricsOfTrades,
  outcomeOf,
  studyOf,
  studyOutcomeOf,
  THRESHOLDS,
} from '../../test/outcomes.ts';
import { tradeOf } from '../../test/trades.ts';
import type { StrategyOutcome } from '../backtest/outcome.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { judgeStudy, type StudyVerdict } from './judge.ts';

/**
 * The judge is judged, on R's that are drawn directly: a game of +2 R or −1 R that is fair, in a market whose days are
 * shared by all strategies, so that trades of a day win and lose together, and so do strategies. The rotation draws are
 * more of the same game. (The command that calibrates the whole way, engine included, is another matter.)
 */
const STRATEGIES = 5;
const DRAWS = 99;
const ENTRIES = 50;
const COINS = ['BTC', 'ETH', 'SOL'];

/** Chance of a winner that gives this expectancy. */
const winChance = (edgeR: number): number => (1 + edgeR) / 3;

/** R of `ENTRIES` entries into all three coins on given days; a coin shares the fate of its day with chance 0.4. */
function play(days: readonly number[], fates: readonly boolean[], edgeR: number, rng: Prng): Float64Array {
  const results = new Float64Array(days.length * COINS.length);
  for (const [i, day] of days.entries()) {
    for (let coin = 0; coin < COINS.length; coin++) {
      const isWin = rng.uniform() < 0.4 ? (fates[day] as boolean) : rng.uniform() < winChance(edgeR);
      results[i * COINS.length + coin] = isWin ? 2 : -1;
    }
  }
  return results;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function simulatedStudy(edgeR: number, seed: number): StudyVerdict {
  const rng = new Prng(seed);
  const market = (edge: number): boolean[] => Array.from({ length: 90 }, () => rng.uniform() < winChance(edge));
  const observedMarket = market(edgeR);
  const drawnMarkets = Array.from({ length: DRAWS }, () => market(0));
  const strategies = Array.from({ length: STRATEGIES }, (_, k): StrategyOutcome => {
    const days = Array.from({ length: ENTRIES }, () => rng.below(90));
    const results = play(days, observedMarket, edgeR, rng);
    const trades = [...results].map((r, i) =>
      tradeOf({
        r,
        coin: COINS[i % COINS.length] as string,
        entryTimeMs: FROM_MS + (days[Math.floor(i / COINS.length)] as number) * DAY_MS + HOUR_MS,
      }),
    );
    const draws = drawnMarkets.map((fates) => meanOf(play(days, fates, 0, rng)));
    const metrics = metricsOfTrades(trades);
    return outcomeOf(trades, {
      name: `strategy-${k}`,
      upperBound: metrics,
      rotation: drawsOf('rotation', draws, 1.41),
      coinFlip: drawsOf('coin-flip', draws, 1.41),
    });
  });
  return judgeStudy(studyOutcomeOf(...strategies), studyOf(), THRESHOLDS, seed);
}

const keeps = (study: StudyVerdict): number => study.strategies.filter(({ verdict }) => verdict.word === 'KEEP').length;
const passes = (study: StudyVerdict): number =>
  study.strategies.filter(({ gates }) => gates.some(({ id, status }) => id === 'rotation' && status === 'passed'))
    .length;

test('calibration: without edge, at most about one study of twenty keeps anything', () => {
  const studies = 200;
  let falseKeeps = 0;
  let rotationPasses = 0;
  for (let seed = 0; seed < studies; seed++) {
    const study = simulatedStudy(0, seed);
    if (keeps(study) > 0) falseKeeps++;
    if (passes(study) > 0) rotationPasses++;
  }
  const { alpha } = THRESHOLDS;
  // Four standard errors of a binomial share. With 99 draws the level is 4 %: p = 0.05 does not pass.
  const tolerance = 4 * Math.sqrt((alpha * (1 - alpha)) / studies);
  expect(falseKeeps / studies).toBeLessThan(alpha + tolerance);
  expect(rotationPasses / studies).toBeLessThan(alpha + tolerance);
  // A judge that never says KEEP would pass the lines above; this gate uses what it is allowed.
  expect(rotationPasses).toBeGreaterThan(0);
});

test('calibration: an edge well above what the study could find is kept in most studies', () => {
  const studies = 40;
  let found = 0;
  for (let seed = 0; seed < studies; seed++) found += keeps(simulatedStudy(0.5, 1000 + seed));
  expect(found / (studies * STRATEGIES)).toBeGreaterThan(0.7);
});

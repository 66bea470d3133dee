import { describe, expect, test } from 'vitest';
import { FROM_MS, metricsOfTrades, outcomeOf, studyOf, studyOutcomeOf, THRESHOLDS } from '../../test/outcomes.ts';
import { tradeOf } from '../../test/trades.ts';
import type { Backtest, ClaimResult, StrategyOutcome } from '../backtest/outcome.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { fromUsd } from '../domain/units.ts';
import { judgeStudy } from './judge.ts';

const onDay = (day: number): number => FROM_MS + day * DAY_MS;
const COINS = ['BTC', 'ETH', 'SOL'];

/** A dull strategy: 150 trades on three coins, every second one wins; nothing to criticise. */
function dull(change: (trade: Trade, i: number) => Partial<Trade> & { r?: number } = () => ({})): Trade[] {
  return Array.from({ length: 150 }, (_, i) => {
    const usual = { r: i % 2 === 0 ? 2 : -1, coin: COINS[i % 3] as string, entryTimeMs: onDay((i * 90) / 150) };
    const changed = change(tradeOf(usual), i);
    return tradeOf({ ...usual, ...changed });
  });
}

function criticismOf(outcome: StrategyOutcome, study: Partial<Study> = {}): Record<string, string> {
  const [verdict] = judgeStudy(studyOutcomeOf(outcome), studyOf(study), THRESHOLDS, 1).strategies;
  return Object.fromEntries((verdict?.criticism ?? []).map(({ id, text }) => [id, text]));
}

const withBacktest = (trades: Trade[], parts: Partial<Backtest>): StrategyOutcome => {
  const outcome = outcomeOf(trades);
  return { ...outcome, backtest: { ...outcome.backtest, ...parts } };
};

describe('a study criticises itself', () => {
  test('a dull result, and one without trades, call for no criticism', () => {
    expect(criticismOf(outcomeOf(dull()))).toEqual({});
    expect(criticismOf(outcomeOf([]))).toEqual({});
  });

  test('few trades', () => {
    expect(criticismOf(outcomeOf(dull().slice(0, 90)))).toMatchObject({
      'few-trades': '90 trades, where 99 would be needed: the mean of so few lies far off.',
    });
  });

  test('one coin made the profit', () => {
    const trades = dull(({ coin }, i) => ({ r: coin === 'SOL' ? 2 : i % 4 === 0 ? 2 : -1 }));
    expect(criticismOf(outcomeOf(trades))).toEqual({
      'one-coin': 'SOL made the profit: the other 100 trades come to −0.22 R each.',
    });
    expect(criticismOf(outcomeOf(trades), { coins: ['SOL'] })).toEqual({});
  });

  test('one week made the profit', () => {
    const trades = dull(({ entryTimeMs }) => ({ r: entryTimeMs >= onDay(28) && entryTimeMs < onDay(35) ? 2 : -0.1 }));
    expect(criticismOf(outcomeOf(trades))).toEqual({
      'one-week': 'The week of 2025-05-05 made the profit: the other 138 trades come to −0.10 R each.',
    });
  });

  test('the profit is that of positions that were still open at the end', () => {
    const trades = dull((_, i) => (i >= 147 ? { r: 60, reason: 'end' } : { r: i % 2 === 0 ? 0.5 : -1 }));
    expect(criticismOf(outcomeOf(trades))['only-settlement']).toMatch(
      /^The profit is that of 3 positions still open at the end of the data \(\$18,000 of \$14,400\)/,
    );
  });

  test('no trade for a month, also before the first and after the last', () => {
    const early = dull(({ entryTimeMs }) => ({
      entryTimeMs: (FROM_MS + (entryTimeMs - FROM_MS) / 2) as Trade['entryTimeMs'],
    }));
    expect(criticismOf(outcomeOf(early))).toMatchObject({ 'long-pause': 'No trade for 45 days from 2025-05-21.' });
    const late = early.map((trade) =>
      tradeOf({ ...trade, r: trade.rMultiple, entryTimeMs: trade.entryTimeMs + 45 * DAY_MS }),
    );
    expect(criticismOf(outcomeOf(late))).toMatchObject({ 'long-pause': 'No trade for 45 days from 2025-04-07.' });
  });

  test('claims against measurement, where there was enough to measure', () => {
    const claim = (parts: Partial<ClaimResult>): ClaimResult => ({
      side: 'long',
      condition: 'breakout',
      bet: 'continuation',
      fires: 120,
      excessReturn: -0.0034,
      horizonCandles: 48,
      ...parts,
    });
    const claims = [
      claim({}),
      claim({ condition: 'surge', bet: 'filter' }),
      claim({ condition: 'rare', fires: 29 }),
      claim({ condition: 'right', excessReturn: 0.01 }),
      claim({ condition: 'neither', excessReturn: -0.0009 }),
      claim({ condition: 'silent', fires: 0, excessReturn: Number.NaN }),
    ];
    const criticism = criticismOf(outcomeOf(dull(), { claims }));
    expect(Object.keys(criticism)).toEqual(['broken-claim']);
    expect(criticism['broken-claim']).toBe(
      "'breakout' (long) bets on continuation, but reversal followed: −0.34 % over the next 48 candles " +
        'against the average, 120 times.',
    );
  });

  test('funding made a good part of the profit, and fees or funding ate it', () => {
    const total = fromUsd(150 * 50);
    const metrics = { ...metricsOfTrades(dull()), fundingUsd: 3000 };
    expect(criticismOf(withBacktest(dull(), { metrics }))).toEqual({
      funding: '40 % of the profit is funding received, which the next market may not pay.',
    });
    expect(total).toBe(dull().reduce((sum, trade) => sum + trade.netPnlUsd, 0));
    const losing = dull((_, i) => ({ r: i % 2 === 0 ? 0.9 : -1 }));
    const ate = { ...metricsOfTrades(losing), feesUsd: 2000, fundingUsd: -1000 };
    expect(criticismOf(withBacktest(losing, { metrics: ate }))).toEqual({
      fees: 'Fees turned a profit of $1,250 into a loss of $750.',
      funding: 'Funding turned a profit of $250 into a loss of $750.',
    });
  });

  test('what the data cannot carry', () => {
    const trades = dull((_, i) => ({ beyondTolerance: i === 3 }));
    const outcome = withBacktest(trades, { missingFundingHours: 12, entriesWithoutVolume: 1 });
    expect(criticismOf(outcome)).toEqual({
      'missing-funding': '12 hours without a stored funding rate cost nothing here.',
      'beyond-tolerance': '1 stop filled over 10 % beyond the trigger: the exchange might not have filled.',
      'no-volume': '1 entry in candles without a trade: nobody was there to trade with.',
    });
  });
});

describe('the heat map', () => {
  const STOPS = ['1 %', '1.5 %', '2 %'];
  const TARGETS = ['1 R', '2 R', '3 R'];
  const study = {
    grid: STOPS.flatMap((stop) => TARGETS.map((target) => ({ at: { stop, target }, rules: studyOf().cell }))),
  };

  /** Expectancies row by row; the verdict cell is at this place. */
  function gridOf(expectancies: number[], stop: string, target: string): StrategyOutcome {
    const grid = study.grid.map(({ at }, i) => ({
      at,
      isVerdictCell: at.stop === stop && at.target === target,
      metrics: { ...metricsOfTrades(dull()), expectancyR: expectancies[i] as number },
    }));
    return outcomeOf(dull(), { grid });
  }

  test('a lonely peak is one whose neighbours lose', () => {
    const peak = gridOf([9, -1, 9, -1, 0.5, -1, 9, 0.1, 9], '1.5 %', '2 R');
    expect(criticismOf(peak, study)).toEqual({
      'lonely-cell':
        'A lonely peak: 3 of the 4 neighbouring risk cells lose, so the exact stop and target matter too much.',
    });
    expect(criticismOf(gridOf([9, -1, 9, -1, 0.5, 1, 9, 0.1, 9], '1.5 %', '2 R'), study)).toEqual({});
  });

  test('a cell at the edge, where results grow towards it', () => {
    const edge = gridOf([0.1, 0.2, 0.3, 0.1, 0.2, 0.5, 0.1, 0.2, 0.6], '1.5 %', '3 R');
    expect(criticismOf(edge, study)).toEqual({
      'edge-of-grid': expect.stringMatching(
        /^The cell stands at the edge of its grid \(target 3 R\), and results grow/,
      ),
    });
    expect(criticismOf(gridOf([0.1, 0.2, 0.3, 0.1, 0.7, 0.5, 0.1, 0.2, 0.6], '1.5 %', '3 R'), study)).toEqual({});
    expect(criticismOf(gridOf([0.1, 0.2, 0.3, 0.1, 0.7, 0.9, 0.1, 0.2, 0.6], '1.5 %', '2 R'), study)).toEqual({});
  });

  test('a verdict cell off the grid has no neighbours', () => {
    expect(criticismOf(gridOf([9, -1, 9, -1, 0.5, -1, 9, 0.1, 9], '7 %', '2 R'), study)).toEqual({});
  });
});

test('a trade held over midnight belongs to the week of its entry', () => {
  const sunday = onDay(6) + 23 * HOUR_MS;
  const trades = dull((_, i) => ({
    r: i === 0 ? 90 : -0.5,
    ...(i === 0 ? { entryTimeMs: sunday as Trade['entryTimeMs'] } : {}),
  }));
  expect(criticismOf(outcomeOf(trades))['one-week']).toMatch(/^The week of 2025-04-07/);
});

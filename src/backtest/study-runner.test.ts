import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import { linkCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { type CandleColumns, emptyColumns } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { Study } from '../domain/study.ts';
import { HOUR_MS, parseTime } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { resample } from '../market/resample.ts';
import { loadStrategy } from '../strategy/load.ts';
import { MarketRoom } from './market-room.ts';
import { METRICS } from './metrics.ts';
import type { StrategyOutcome, StudyOutcome } from './outcome.ts';
import { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';
import { runStudy } from './study-runner.ts';

const STRATEGIES = fileURLToPath(new URL('../../strategies/', import.meta.url));
const COSTS = { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 };
const CELL: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 24, leverage: 5 };

/** A random walk on valid ticks (whole dollars), with the half-hourly candles that make up the hourly ones. */
function walk(coin: string, rows: number): CandleColumns {
  const rng = new Prng(7).fork(coin);
  const columns = emptyColumns(coin, '30m', parseTime('2025-01-01'), rows);
  let price = 40_000;
  for (let row = 0; row < rows; row++) {
    const open = price;
    price = Math.max(20_000, Math.round(price * (1 + 0.004 * rng.normal())));
    columns.open[row] = open;
    columns.close[row] = price;
    columns.high[row] = Math.max(open, price) + rng.below(100);
    columns.low[row] = Math.min(open, price) - rng.below(100);
    columns.volume[row] = 1 + rng.below(1000) / 100;
  }
  return columns;
}

const ROWS = 2 * 24 * 40;
const FROM_HOURS = 24 * 10;

function data(): StudyData {
  const fine = new Map(['BTC', 'ETH'].map((coin) => [coin, walk(coin, ROWS)]));
  const coarse = new Map([...fine].map(([coin, columns]) => [coin, resample(columns, '1h')]));
  const toMs = (parseTime('2025-01-01') + (ROWS / 2) * HOUR_MS) as StudyData['toMs'];
  return {
    isSynthetic: true,
    source: 'test',
    fingerprint: 'none',
    fromMs: (parseTime('2025-01-01') + FROM_HOURS * HOUR_MS) as StudyData['fromMs'],
    toMs,
    instruments: new Map(BUILT_IN_INSTRUMENTS.map((instrument) => [instrument.coin, instrument])),
    funding: new Map(),
    grids: [
      { interval: '1h', candles: coarse, from: FROM_HOURS, to: ROWS / 2 },
      { interval: '30m', candles: fine, from: 2 * FROM_HOURS, to: ROWS },
    ],
  };
}

function study(strategies: readonly string[], draws = 120): Study {
  return {
    name: 'test',
    coins: ['BTC', 'ETH'],
    interval: '1h',
    confirm: ['30m'],
    span: { days: 30 },
    strategies: strategies.map((name) => ({ name, params: {} })),
    cell: CELL,
    grid: [{ at: { target: '2 R' }, rules: CELL }],
    controls: { draws, seed: 1 },
    depositUsd: fromUsd(10_000),
  };
}

async function run(
  wanted: Study,
  directory = STRATEGIES,
  { signal = new AbortController().signal, fileSha256 = new Map<string, string>() } = {},
): Promise<StudyOutcome> {
  const loaded = await Promise.all(wanted.strategies.map(({ name }) => loadStrategy(name, directory)));
  return runStudy({
    study: wanted,
    costs: COSTS,
    strategiesDirectory: directory,
    data: data(),
    fileSha256: new Map([...loaded.map(({ strategy, sha256 }) => [strategy.name, sha256] as const), ...fileSha256]),
    failures: new Map(),
    signal,
    onProgress: () => {},
  });
}

const named = (outcome: StudyOutcome, name: string): StrategyOutcome => {
  const found = outcome.strategies.find((strategy) => strategy.name === name);
  if (found === undefined || 'error' in found) throw new Error(`${name} has no outcome`);
  return found;
};

describe('a study on all cores', () => {
  let both: StudyOutcome;
  beforeAll(async () => {
    both = await run(study(['breakout', 'rsi-reversion']));
  });

  test('the same study gives the same outcome, draw for draw', async () => {
    const again = await run(study(['breakout', 'rsi-reversion']));
    expect(again).toEqual(both);
  });

  test('what a strategy does, and its draws, do not depend on the company it keeps', async () => {
    const alone = named(await run(study(['breakout'])), 'breakout');
    const before = named(both, 'breakout');
    expect(alone.backtest).toEqual(before.backtest);
    expect(alone.coinFlip).toEqual(before.coinFlip);
    expect(alone.rotation).toEqual(before.rotation);
  });

  test('every draw is there, with every metric', () => {
    for (const strategy of ['breakout', 'rsi-reversion']) {
      const { coinFlip, rotation } = named(both, strategy);
      for (const table of [coinFlip, rotation]) {
        expect(table.draws).toBe(120);
        for (const metric of METRICS) expect(table.metrics[metric]).toHaveLength(120);
        expect(table.metrics.trades.every((trades) => trades > 0)).toBe(true);
      }
    }
  });

  test('the coin flip makes as many trades as the strategy, within chance', () => {
    const { backtest, coinFlip } = named(both, 'breakout');
    const trades = coinFlip.metrics.trades;
    const mean = trades.reduce((sum, count) => sum + count, 0) / trades.length;
    expect(Math.abs(mean / backtest.metrics.trades - 1)).toBeLessThan(0.1);
  });

  test('a stopped study says so instead of giving half an answer', async () => {
    const abort = new AbortController();
    const pending = run(study(['breakout']), STRATEGIES, { signal: abort.signal });
    abort.abort(new Error('stopped'));
    await expect(pending).rejects.toThrow();
  });
});

describe('a strategy that throws', () => {
  const directory = fileURLToPath(new URL('../../test/canaries/', import.meta.url));

  test('has no outcome, names its error, and the others finish', async () => {
    const outcome = await run(study(['throws-midway', 'honest-scan']), directory);
    const [throwing, honest] = outcome.strategies;
    expect(throwing).toMatchObject({
      name: 'throws-midway',
      error: { message: expect.stringContaining('out of luck') },
    });
    expect(honest).toMatchObject({ name: 'honest-scan' });
  });
});

describe('a strategy that looks ahead', () => {
  const directory = fileURLToPath(new URL('../../test/canaries/', import.meta.url));
  const clean = fileURLToPath(new URL('../../strategies/', import.meta.url));

  test.each(['two-scans', 'peeking-scan', 'peeking-patiently', 'counting-scan'])('%s has no outcome', async (name) => {
    const [caught, honest] = (await run(study([name, 'honest-scan']), directory)).strategies;
    expect(caught).toMatchObject({ name, error: { message: expect.stringMatching(/^it looks ahead: /) } });
    expect(honest).toMatchObject({ lookAhead: { kind: 'replayed', candles: 2 * (ROWS / 2 - FROM_HOURS) } });
  });

  test('only after more candles than a proof shows it: the whole study is replayed as well', async () => {
    const late = `
      import { defineStrategy, scan } from 'candor';
      const closes: number[] = [];
      const write = (row: number, { close }: { close: number }) => {
        closes[row] = close;
        return { state: row + 1, value: close };
      };
      const read = (row: number, { close }: { close: number }) => {
        const sees = row > 400;
        return { state: row + 1, value: sees ? (closes[row + 5] ?? close) / close : 0 };
      };
      export default defineStrategy({
        name: 'late-peeker',
        thesis: 'continuation',
        summary: 'Peeks when it feels safe.',
        params: {},
        long: ({ close }) => {
          const written = scan({ initial: 0, inputs: { close }, step: write });
          return { risen: scan({ initial: 0, inputs: { close, written }, step: read }).gt(1.005) };
        },
      });`;
    await inTemporaryFolder({ 'strategies/late-peeker.ts': late }, async (folder) => {
      linkCandor(folder);
      const { strategies } = await run(study(['late-peeker']), join(folder, 'strategies'));
      expect(strategies[0]).toMatchObject({
        error: { message: expect.stringMatching(/^it looks ahead: at the candle of 2025-0\d-\d\dT/) },
      });
    });
  });

  test('expressions alone need no replay', async () => {
    expect(named(await run(study(['breakout']), clean), 'breakout').lookAhead).toEqual({ kind: 'by-construction' });
  });
});

test('a strategy whose file is not the one that was checked has no outcome', async () => {
  const fileSha256 = new Map([['breakout', 'another']]);
  const { strategies } = await run(study(['breakout', 'rsi-reversion'], 10), STRATEGIES, { fileSha256 });
  expect(strategies).toMatchObject([
    { name: 'breakout', error: { message: expect.stringContaining('is not the file that this run began with') } },
    { name: 'rsi-reversion', rotation: { draws: 10 } },
  ]);
});

describe('finer candles (rule 30)', () => {
  const bench = async (): Promise<StrategyBench> =>
    new StrategyBench(
      new MarketRoom(data()),
      study(['breakout']),
      COSTS,
      await loadStrategy('breakout', STRATEGIES),
      {},
    );

  test('signals of the hour, filled on half hours, enter at the same instants and prices', async () => {
    const made = await bench();
    const coarse = made.run(CELL).trades;
    const fine = made.runFilledOn('30m', CELL).trades;
    const entries = (trades: typeof coarse): Set<string> =>
      new Set(trades.map(({ coin, entryTimeMs, entryPrice }) => `${coin} ${entryTimeMs} ${entryPrice}`));
    const shared = [...entries(fine)].filter((entry) => entries(coarse).has(entry));
    // An exit inside the hour can only free the leg earlier, so nearly all entries are shared.
    expect(shared.length).toBeGreaterThan(0.9 * coarse.length);
    expect(fine.every(({ entryTimeMs }) => entryTimeMs % HOUR_MS === 0)).toBe(true);
  });

  test('at equal clock time, 20 hours are 40 half hours', async () => {
    const made = await bench();
    const scaled = made.runAtEqualClock('30m', CELL);
    const byHand = new StrategyBench(
      made.room,
      { ...study(['breakout']), interval: '30m', confirm: [] },
      COSTS,
      made.loaded,
      {
        lookback: 2 * Number(made.built.params['lookback']),
      },
    ).run({ ...CELL, maxHold: 48 });
    expect(scaled.trades).toEqual(byHand.trades);
  });
});

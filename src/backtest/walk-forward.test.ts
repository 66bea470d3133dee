import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import { type CandleColumns, emptyColumns } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import type { Study } from '../domain/study.ts';
import { HOUR_MS, parseTime } from '../domain/time.ts';
import { epochMs, fromUsd } from '../domain/units.ts';
import { defineStrategy } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { int } from '../strategy/params.ts';
import { MarketRoom } from './market-room.ts';
import type { WalkForward } from './outcome.ts';
import { runReference } from './reference.ts';
import { referenceOf } from './replay.ts';
import { StrategyBench } from './strategy-bench.ts';
import { walkForwardOf } from './walk-forward.ts';

/** Buys after a candle whose volume is `pick`: so the tests say when each set of params enters. */
function pickOf(most: number) {
  return defineStrategy({
    name: 'pick',
    thesis: 'continuation',
    summary: 'Enters where the volume says so.',
    params: { pick: int({ default: 1, min: 1, ...(most > 1 && { sweep: { from: 1, to: most, step: 1 } }) }) },
    long: ({ volume }, { pick }) => ({ above: volume.gt(pick - 0.5), below: volume.lt(pick + 0.5) }),
  });
}

const FROM = parseTime('2025-01-01');
/** Six tests of 40 rows behind 160 of training, and one of embargo: a position is held for one candle. */
const ROWS = 401;
const FREE = { takerFee: 0, makerFee: 0, slippageBps: 0 };

/** @param opens one more than there are rows: a candle closes where the next opens */
function market(opens: readonly number[], volumes: readonly number[]): CandleColumns {
  const columns = emptyColumns('BTC', '1h', FROM, volumes.length);
  for (const [row, volume] of volumes.entries()) {
    const open = opens[row] as number;
    const close = opens[row + 1] as number;
    columns.open[row] = open;
    columns.close[row] = close;
    columns.high[row] = Math.max(open, close);
    columns.low[row] = Math.min(open, close);
    columns.volume[row] = volume;
  }
  return columns;
}

function benchOf(candles: CandleColumns, most = 2, params: Study['strategies'][number]['params'] = {}): StrategyBench {
  const study: Study = {
    name: 'tiny',
    coins: ['BTC'],
    interval: '1h',
    confirm: [],
    span: { days: 16 },
    strategies: [{ name: 'pick', params }],
    cell: { ...PLAIN_RULES, maxHold: 1, leverage: 5 },
    grid: [],
    controls: { draws: 1, seed: 1 },
    depositUsd: fromUsd(10_000),
  };
  const room = new MarketRoom({
    isSynthetic: true,
    source: 'test',
    fingerprint: 'none',
    fromMs: FROM,
    toMs: epochMs(FROM + candles.length * HOUR_MS),
    instruments: new Map(BUILT_IN_INSTRUMENTS.map((instrument) => [instrument.coin, instrument])),
    funding: new Map(),
    grids: [{ interval: '1h', candles: new Map([['BTC', candles]]), from: 0, to: candles.length }],
  });
  const strategy = pickOf(most);
  const loaded: LoadedStrategy = { strategy, sha256: '0'.repeat(64), file: 'pick.ts', reload: async () => strategy };
  return new StrategyBench(room, study, FREE, loaded, params);
}

function run(bench: StrategyBench): Extract<WalkForward, { isRun: true }> {
  const found = walkForwardOf(bench, []);
  if (!found.isRun) throw new Error(found.reason);
  return found;
}

/** Rows are counted from the first. */
const rowOf = (timeMs: number): number => (timeMs - FROM) / HOUR_MS;

function randomMarket(seed: number, rows = ROWS): { opens: number[]; volumes: number[] } {
  const rng = new Prng(seed);
  const volumes = Array.from({ length: rows }, () => rng.below(4));
  const opens = [50_000];
  for (let row = 0; row < rows; row++) opens.push(Math.round((opens.at(-1) as number) * (1 + 0.01 * rng.normal())));
  return { opens, volumes };
}

describe('walking forward', () => {
  test('a story: what was best turns bad, is found out two windows later, and replaced', () => {
    // In turns of four candles, volume 1 is followed by a rise of 1 % and volume 2 by a fall; from row 240 on the other
    // way round. With a stop of 2 %, a rise from 50,000 to 50,500 makes 500 / 1,000 = 0.5 R.
    const first = [50_000, 50_000, 50_500, 50_500];
    const then = [50_000, 50_000, 49_500, 49_500];
    const opens = Array.from({ length: ROWS + 1 }, (_, row) => (row < 240 ? first : then)[row % 4] as number);
    const volumes = Array.from({ length: ROWS }, (_, row) => [1, 0, 2, 0][row % 4] as number);
    const lose = -500 / 1010;
    const win = 500 / 990;

    const { folds, tried, combinations } = run(benchOf(market(opens, volumes)));

    expect([tried, combinations]).toEqual([2, 2]);
    const told = folds.map(({ train, test: tested, params: { pick }, inSample, outOfSample }) => ({
      train: [rowOf(train.fromMs), rowOf(train.toMs)],
      test: [rowOf(tested.fromMs), rowOf(tested.toMs)],
      pick,
      trades: [inSample.trades, outOfSample.trades],
    }));
    expect(told).toEqual([
      { train: [0, 160], test: [161, 201], pick: 1, trades: [40, 9] },
      { train: [40, 200], test: [201, 241], pick: 1, trades: [40, 9] },
      { train: [80, 240], test: [241, 281], pick: 1, trades: [40, 9] },
      { train: [120, 280], test: [281, 321], pick: 1, trades: [40, 9] },
      { train: [160, 320], test: [321, 361], pick: 2, trades: [40, 10] },
      { train: [200, 360], test: [361, 401], pick: 2, trades: [40, 10] },
    ]);
    const promised = [0.5, 0.5, 0.5, (30 - 10) / 80, (20 * lose + 20 * win) / 40, (10 * lose + 30 * win) / 40];
    const kept = [0.5, 0.5, -0.5, -0.5, win, win];
    for (const [i, { inSample, outOfSample }] of folds.entries()) {
      expect(inSample.expectancyR).toBeCloseTo(promised[i] as number, 9);
      expect(outOfSample.expectancyR).toBeCloseTo(kept[i] as number, 9);
    }
  });

  test('property: no candle after a training window changes what is chosen on it', () => {
    const seeds = fc.integer({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(seeds, seeds, fc.integer({ min: 0, max: 5 }), (seed, other, fold) => {
        const { opens, volumes } = randomMarket(seed);
        const later = randomMarket(other);
        const until = 160 + 40 * fold;
        const changed = market(
          opens.map((open, row) => (row <= until ? open : (later.opens[row] as number))),
          volumes.map((volume, row) => (row < until ? volume : (later.volumes[row] as number))),
        );
        const plain = run(benchOf(market(opens, volumes), 3)).folds[fold];
        const cut = run(benchOf(changed, 3)).folds[fold];
        expect(cut?.params).toEqual(plain?.params);
        expect(cut?.inSample).toEqual(plain?.inSample);
      }),
      { numRuns: 20 },
    );
  });

  test('what is chosen comes to the same on the reference engine, there and afterwards', () => {
    const { opens, volumes } = randomMarket(5);
    const candles = market(opens, volumes);
    for (const { train, test: tested, params, inSample, outOfSample } of run(benchOf(candles, 3)).folds) {
      const bench = benchOf(candles, 3, params);
      for (const [window, said] of [
        [train, inSample],
        [tested, outOfSample],
      ] as const) {
        const spec = { ...bench.spec(bench.study.cell), from: rowOf(window.fromMs), to: rowOf(window.toMs) };
        const { trades } = runReference(referenceOf(spec));
        expect(said.trades).toBe(trades.length);
        expect(said.expectancyR).toBeCloseTo(trades.reduce((sum, { rMultiple }) => sum + rMultiple, 0) / trades.length);
      }
    }
  });

  test('of more than 200 combinations so many are drawn, always the same, with the own params among them', () => {
    const { opens, volumes } = randomMarket(1);
    const bench = () => benchOf(market(opens, volumes), 300, { pick: 500 });
    const found = run(bench());
    expect(found.combinations).toBe(300);
    expect(found.tried).toBe(200);
    expect(found.daily.trials).toBe(200);
    expect(run(bench())).toEqual(found);
    // Never true, and so never a return.
    for (let day = 0; day < found.daily.periods; day++) expect(found.daily.values[day * 200]).toBe(0);
  });

  test('daily returns are those of whole days, day by day, all sets side by side', () => {
    const { opens, volumes } = randomMarket(2);
    const { daily } = run(benchOf(market(opens, volumes), 3));
    expect(daily.periods).toBe(16);
    expect(daily.trials).toBe(3);
    const { equityUsd } = benchOf(market(opens, volumes), 3, { pick: 2 }).run({
      ...PLAIN_RULES,
      maxHold: 1,
      leverage: 5,
    });
    expect(daily.values[4 * 3 + 1]).toBe((equityUsd[5 * 24 - 1] as number) / (equityUsd[4 * 24 - 1] as number) - 1);
  });

  test('not run, with the reason: nothing to choose, and a span without room for six windows', () => {
    const { opens, volumes } = randomMarket(1);
    const candles = market(opens, volumes);
    expect(walkForwardOf(benchOf(candles, 1), [])).toEqual({
      isRun: false,
      reason: 'none of its params has a sweep range',
    });
    expect(walkForwardOf(benchOf(market(opens.slice(0, 11), volumes.slice(0, 10))), [])).toEqual({
      isRun: false,
      reason: 'the span is too short for 6 windows',
    });
  });
});

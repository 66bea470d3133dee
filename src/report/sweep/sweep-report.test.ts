import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureSweep, largeSweep } from '../../../test/sweep-fixture.ts';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import { Prng } from '../../domain/prng.ts';
import { SweepPlan } from '../../optimize/plan.ts';
import { parseCondition, rank } from '../../optimize/ranking.ts';
import type { BestCombination, SweepResult } from '../../optimize/result.ts';
import { writeSweepReport } from '../write.ts';
import { buildSweepReport } from './build.ts';
import type { SweepReport } from './schema.ts';

let result: SweepResult;
let plan: SweepPlan;
let report: SweepReport;

beforeAll(async () => {
  result = await fixtureSweep();
  plan = new SweepPlan(result.sweep);
  report = buildSweepReport(result);
});

/** The plain way: sort, and take the middle. */
function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Expectancy of all combinations that meet `trades>=30` and are like this. */
function expectancies(isWanted: (combination: ReturnType<SweepPlan['combinationAt']>) => boolean): number[] {
  return Array.from({ length: plan.count }, (_, place) => place)
    .filter((place) => (result.columns.trades[place] as number) >= 30 && isWanted(plan.combinationAt(place)))
    .map((place) => result.columns.expectancyR[place] as number);
}

describe('the table of the best', () => {
  it('has the numbers of the columns, in the order of the ranking, money in dollars', () => {
    expect(report.top).toHaveLength(25);
    report.top.forEach(({ combination, metrics, params, rules, rank: at, coins }, i) => {
      expect(combination).toBe(result.ranking.places[i]);
      expect(at).toBe(i + 1);
      expect(metrics.expectancyR).toBe(result.columns.expectancyR[combination]);
      expect(metrics.feesUsd).toBe((result.columns.feesUsd[combination] as number) / 1e6);
      expect({ params, rules, coins }).toEqual({
        params: plan.combinationAt(combination).params,
        rules: plan.combinationAt(combination).cell.at,
        coins: plan.combinationAt(combination).block.coins,
      });
    });
  });

  it('knows the neighbours: one step along one axis, on the same candles', () => {
    const { combination, neighbours } = report.top[0] as SweepReport['top'][number];
    const { block, params, cell } = plan.combinationAt(combination);
    const axes = {
      lookback: [10, 15, 20, 25, 30, 40, 50, 65],
      surge: [1, 1.5, 1_000],
      stop: ['0.5 %', '1 %', '2 %', '3 %', '4 %'],
      target: ['1 R', '1.5 R', '2 R', '3 R'],
    };
    const own: Record<string, unknown> = { ...params, ...cell.at };
    const steps = (other: ReturnType<SweepPlan['combinationAt']>): number => {
      const values: Record<string, unknown> = { ...other.params, ...other.cell.at };
      return Object.entries(axes).reduce((sum, [axis, all]) => {
        const at = (value: unknown): number => (all as unknown[]).indexOf(value);
        return sum + Math.abs(at(values[axis]) - at(own[axis]));
      }, 0);
    };
    const near = Array.from({ length: block.sets * block.cells }, (_, i) => block.first + i).filter(
      (place) => steps(plan.combinationAt(place)) === 1,
    );
    const counted = near.filter((place) => (result.columns.trades[place] as number) >= 30);
    const known = counted.map((place) => result.columns.expectancyR[place] as number);
    expect(neighbours).toMatchObject({ combinations: near.length, counted: counted.length });
    expect(neighbours.lowestR).toBe(Math.min(...known));
    expect(neighbours.medianR).toBeCloseTo(medianOf(known) as number, 12);
  });

  it('brings the first ten with every trade and the account, as the reference engine ran them', () => {
    expect(report.best).toHaveLength(10);
    report.best.forEach(({ trades, curve, expectancyR, maxDrawdownFraction }, i) => {
      const { metrics } = report.top[i] as SweepReport['top'][number];
      const sum = trades.reduce((all, { rMultiple }) => all + rMultiple, 0);
      expect(sum / trades.length).toBeCloseTo(expectancyR as number, 12);
      expect(trades).toHaveLength(metrics.trades as number);
      expect(curve.equityUsd.at(-1)).toBeCloseTo(metrics.finalCashUsd as number, 5);
      // Marked to the closes, a fall is at least as deep as between closed trades.
      expect(maxDrawdownFraction).toBeGreaterThanOrEqual((metrics.maxDrawdown as number) - 1e-12);
    });
  });
});

describe('a heat map', () => {
  it('holds every combination of its market once; cells have the median and the best of their own', () => {
    const block = plan.blocks.find(({ name, coins }) => name === 'breakout-volume' && coins[0] === 'BTC');
    const map = report.maps.find(({ strategy, coins }) => strategy === 'breakout-volume' && coins[0] === 'BTC');
    expect(map).toMatchObject({ rows: { name: 'lookback' }, columns: { name: 'stop' }, panelAxis: { name: 'target' } });
    expect(map?.within).toEqual(['surge']);
    let combinations = 0;
    map?.panels.forEach(({ value, cells }) => {
      cells.forEach((cell, i) => {
        const lookback = map.rows.labels[Math.floor(i / 5)];
        const stop = map.columns?.labels[i % 5];
        const own = expectancies(
          (one) =>
            one.block === block &&
            String(one.params['lookback']) === lookback &&
            one.cell.at['stop'] === stop &&
            one.cell.at['target'] === value,
        );
        expect(cell.counted).toBe(own.length);
        expect(cell.bestR).toBe(own.length === 0 ? null : Math.max(...own));
        if (own.length > 0) expect(cell.medianR).toBeCloseTo(medianOf(own) as number, 12);
        combinations += cell.combinations;
      });
    });
    expect(combinations).toBe((block?.sets ?? 0) * (block?.cells ?? 0));
    const ranks = report.maps.flatMap(({ panels }) =>
      panels.flatMap(({ cells }) => cells.flatMap((cell) => cell.ranks)),
    );
    expect(ranks.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('merges neighbouring values of a long axis, and stays within the page however many markets there are', () => {
    const large = buildSweepReport(largeSweep(result));
    expect(large.combinations).toBe(288_000);
    expect(large.maps[0]?.rows.labels).toHaveLength(24);
    expect(large.maps[0]?.rows.labels.slice(0, 2)).toEqual(['5 … 7', '8 … 9']);
    expect(large.maps.reduce((sum, { panels }) => sum + panels.length, 0)).toBeLessThanOrEqual(36);
    expect(large.maps.length + large.mapsLeftOut).toBe(60);
    expect(
      large.maps.some(({ panels }) => panels.some(({ cells }) => cells.some(({ ranks }) => ranks.includes(1)))),
    ).toBe(true);
    expect(JSON.stringify(large).length).toBeLessThan(4e6);
  });
});

describe('the effect of an axis', () => {
  it('is the median by its values over everything else, the most telling first', () => {
    const effects = report.effects.find(({ strategy }) => strategy === 'breakout-volume');
    expect(effects?.axes.map(({ name }) => name).toSorted()).toEqual(['coin', 'lookback', 'stop', 'surge', 'target']);
    const spreads = effects?.axes.map(({ spreadR }) => spreadR) ?? [];
    expect(spreads).toEqual(spreads.toSorted((a, b) => b - a));
    const stop = effects?.axes.find(({ name }) => name === 'stop');
    for (const { label, counted, medianR } of stop?.values ?? []) {
      const own = expectancies(({ block, cell }) => block.name === 'breakout-volume' && cell.at['stop'] === label);
      expect(counted).toBe(own.length);
      expect(medianR).toBeCloseTo(medianOf(own) as number, 12);
    }
    const silent = effects?.axes.find(({ name }) => name === 'surge')?.values.at(-1);
    expect(silent).toMatchObject({ label: '1000', counted: 0, medianR: null });
  });

  it('is not made better by conditions on how well a combination did', () => {
    const { columns } = result;
    const won = ['trades>=30', 'expectancyR>0'].map(parseCondition);
    const flattered = buildSweepReport({ ...result, ranking: rank(columns, 'netReturn', won), best: [] });
    expect(flattered.counted).toEqual(report.counted);
    const middle = medianOf([...result.ranking.places].map((place) => columns.netReturn[place] as number));
    expect(flattered.ranking.median).toBeCloseTo(middle as number, 12);
    expect(flattered.effects).toEqual(report.effects);
    expect(flattered.distribution).toEqual(report.distribution);
    expect(flattered.ranking.matching).toBe(report.distribution.positive);
  });
});

describe('the distribution', () => {
  it('counts every combination that traded', () => {
    const { bins, traded, positive } = report.distribution;
    const inBins = (counts: readonly number[] = []): number => counts.reduce((sum, one) => sum + one, 0);
    expect(traded).toBe(result.columns.trades.filter((trades) => trades > 0).length);
    expect(inBins(bins?.all) + (bins?.below ?? 0) + (bins?.above ?? 0)).toBe(traded);
    const counted = expectancies(() => true);
    expect(report.counted).toEqual({ where: ['trades>=30'], combinations: counted.length });
    expect(positive).toBe(counted.filter((value) => value > 0).length);
  });

  it('says what luck alone could show: half of all sweeps without any edge have a higher t', () => {
    const { luck } = report.distribution;
    const { combinations = 0, best } = luck ?? {};
    const rng = new Prng(9);
    const student = (trades: number): number => {
      const draws = Array.from({ length: trades }, () => rng.normal());
      const mean = draws.reduce((sum, draw) => sum + draw, 0) / trades;
      const squares = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0);
      return mean / Math.sqrt(squares / (trades - 1) / trades);
    };
    const highest = Array.from({ length: 200 }, () =>
      Array.from({ length: combinations }, () => student(best?.trades ?? 0)).reduce((a, b) => Math.max(a, b)),
    );
    const better = highest.filter((t) => t > (best?.reachT ?? 0));
    // Half of two hundred, give or take four standard deviations.
    expect(Math.abs(better.length - 100)).toBeLessThan(29);
    const { combination, metrics } = report.top[0] as SweepReport['top'][number];
    const t = ((metrics.expectancyR as number) * Math.sqrt(metrics.trades as number)) / (metrics.sdR as number);
    expect(best).toMatchObject({ combination, expectancyR: metrics.expectancyR, trades: metrics.trades });
    expect(best?.t).toBeCloseTo(t, 12);
  });

  it.each([
    ['a steady edge, far beyond', { trades: 60, expectancyR: 1, sdR: 1 }, { silence: null, isBeyond: true }],
    ['a high mean within reach', { trades: 60, expectancyR: 1, sdR: 2.9 }, { silence: null, isBeyond: false }],
    ['a mean that two wild trades made', { trades: 30, expectancyR: 2.26, sdR: 14.5 }, { silence: 'wild' }],
    ['a few trades', { trades: 12, expectancyR: 2, sdR: 1 }, { silence: 'few-trades' }],
    ['trades that are all alike', { trades: 60, expectancyR: 2, sdR: 0 }, { silence: 'no-spread' }],
  ])('judges the luck of %s', (_, values, { silence, isBeyond }: { silence: string | null; isBeyond?: boolean }) => {
    const place = result.ranking.places[5] as number;
    const columns = { ...result.columns, expectancyR: result.columns.expectancyR.map((value) => value / 10) };
    for (const metric of ['trades', 'expectancyR', 'sdR'] as const) {
      columns[metric] = columns[metric].with(place, values[metric]);
    }
    const ranking = rank(columns, 'netReturn', [parseCondition(`trades>=${Math.min(30, values.trades)}`)]);
    const { luck } = buildSweepReport({ ...result, columns, ranking, best: [] }).distribution;
    expect(luck).toMatchObject({ best: { combination: place, trades: values.trades }, silence });
    if (isBeyond !== undefined) expect((luck?.best.t ?? 0) > (luck?.best.reachT ?? 0)).toBe(isBeyond);
  });

  it('says nothing of a best that a single trade made', () => {
    const [first, ...others] = result.best as [BestCombination, ...BestCombination[]];
    const trades = first.trades.map((trade, i) => ({ ...trade, rMultiple: i === 0 ? 100 : trade.rMultiple }));
    const { distribution } = buildSweepReport({ ...result, best: [{ ...first, trades }, ...others] });
    expect(distribution.luck?.silence).toBe('one-trade');
  });
});

describe('the report of a sweep', () => {
  it('is JSON without a loss, and is written beside its page', () =>
    inTemporaryFolder({}, async (folder) => {
      const { jsonPath, htmlPath } = writeSweepReport(folder, report);
      expect(readdirSync(folder).toSorted()).toEqual(
        ['html', 'json'].map((end) => `fixture-sweep-2026-07-26T040000Z-${result.resultHash.slice(0, 8)}.${end}`),
      );
      expect(JSON.parse(readFileSync(jsonPath, 'utf8'))).toEqual(report);
      expect(readFileSync(htmlPath, 'utf8')).toContain(result.resultHash);
    }));

  it('names the markets with their medians, and what never spoke', () => {
    expect(report.markets).toHaveLength(4);
    expect(report.markets.reduce((sum, { combinations }) => sum + combinations, 0)).toBe(plan.count);
    expect(report.silent).toMatchObject([
      { strategy: 'breakout-volume', coins: ['BTC'], count: 8 },
      { strategy: 'breakout-volume', coins: ['ETH'], count: 8 },
    ]);
  });

  it('can be about nothing: no combination meets the conditions, none traded', () => {
    const none = rank(result.columns, 'expectancyR', [parseCondition('trades>=100000')]);
    const empty = buildSweepReport({ ...result, ranking: none, best: [] });
    expect(empty.top).toEqual([]);
    expect(empty.distribution).toMatchObject({ positive: 0, medianR: null, luck: null });
    const nothing = result.columns.trades.map(() => 0);
    const still = result.columns.trades.map(() => Number.NaN);
    const idle = { ...result.columns, trades: nothing, expectancyR: still };
    expect(buildSweepReport({ ...result, columns: idle, ranking: none, best: [] }).distribution.bins).toBeNull();
  });
});

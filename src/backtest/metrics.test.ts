import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tradeOf } from '../../test/trades.ts';
import { emptyColumns } from '../domain/candle.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { epochMs, fromUsd, type MicroUsd } from '../domain/units.ts';
import {
  entriesWithoutVolume,
  METRICS,
  type Metrics,
  type MetricsContext,
  metricsOf,
  perCoin,
  perMonth,
  whyNotAvailable,
} from './metrics.ts';

type Result = Parameters<typeof metricsOf>[0];

const context: MetricsContext = { depositUsd: fromUsd(1000), firstOpenMs: 0, intervalMs: 12 * HOUR_MS, legs: 2 };

function resultOf(parts: Partial<Result> & { realisedUsd?: number; feesUsd?: number; fundingUsd?: number }): Result {
  const { realisedUsd = 0, feesUsd = 0, fundingUsd = 0, ...rest } = parts;
  return {
    trades: [],
    equityUsd: new Float64Array([1000, 1000, 1000, 1000]),
    heldRows: 0,
    ledger: {
      depositsUsd: context.depositUsd,
      realisedUsd: fromUsd(realisedUsd),
      feesUsd: fromUsd(feesUsd),
      fundingUsd: fromUsd(fundingUsd),
    },
    ...rest,
  };
}

const metricsWith = (parts: Parameters<typeof resultOf>[0], place: Partial<MetricsContext> = {}): Metrics =>
  metricsOf(resultOf(parts), { ...context, ...place });

describe('metrics of trades', () => {
  // Two winners, three losers (one of them of exactly nothing), in the order of their exits.
  const trades = [2, -1, 0, -1, 3].map((r) => tradeOf({ r }));
  const metrics = metricsWith({ trades });

  test('a trade that ends at zero has not won', () => {
    expect(metrics).toMatchObject({ trades: 5, winRate: 2 / 5, longestLosingRun: 3 });
  });

  test('expectancy is the mean of R, and its spread that of a sample', () => {
    expect(metrics.expectancyR).toBeCloseTo(0.6, 12);
    expect(metrics.sdR).toBeCloseTo(Math.sqrt((1.4 ** 2 + 1.6 ** 2 + 0.6 ** 2 + 1.6 ** 2 + 2.4 ** 2) / 4), 12);
  });

  test('as a fraction of the entry: 0.6 R with stops 2 % away are 1.2 %', () => {
    expect(metrics.expectancyFraction).toBeCloseTo(0.012, 12);
  });

  test('profit factor: $500 won, $200 lost', () => {
    expect(metrics.profitFactor).toBeCloseTo(2.5, 12);
    expect(metricsWith({ trades: [tradeOf({ r: -1 })] }).profitFactor).toBe(0);
  });

  test('adverse and favourable excursions are means', () => {
    expect(metrics.maeR).toBeCloseTo(2 / 5, 12);
    expect(metrics.mfeR).toBeCloseTo(5 / 5, 12);
  });
});

describe('metrics of the account', () => {
  test('net return, fees and funding are those of the ledger', () => {
    const metrics = metricsWith({ realisedUsd: 120, feesUsd: 15, fundingUsd: -5 });
    expect(metrics).toMatchObject({ netReturnFraction: 0.1, feesUsd: 15, fundingUsd: -5 });
  });

  test('exposure: three held candles of two coins over four rows', () => {
    expect(metricsWith({ heldRows: 3 }).exposureFraction).toBe(3 / 8);
  });

  test.each([
    ['from the deposit, before any high', [900, 950, 1100, 1050], 0.1],
    ['from a high in between', [1200, 900, 1300, 1200], 0.25],
    ['the deeper one counts in per cent, not in dollars', [500, 2000, 1400, 2000], 0.5],
    ['of an account that only grows', [1000, 1001, 1002, 1003], 0],
    ['that took everything and more', [500, 0, -100, -100], 1],
  ])('drawdown %s', (_, equityUsd, expected) => {
    expect(metricsWith({ equityUsd: Float64Array.from(equityUsd) }).maxDrawdownFraction).toBeCloseTo(expected, 12);
  });

  test('Sharpe and Sortino are of daily returns: +10 %, −10 %, +20 %', () => {
    const equityUsd = Float64Array.of(1, 1100, 2, 990, 3, 1188);
    const mean = 0.2 / 3;
    const sd = Math.sqrt(((0.1 - mean) ** 2 + (-0.1 - mean) ** 2 + (0.2 - mean) ** 2) / 2);
    const { sharpeDaily, sortinoDaily } = metricsWith({ equityUsd });
    expect(sharpeDaily).toBeCloseTo(mean / sd, 12);
    expect(sortinoDaily).toBeCloseTo(mean / Math.sqrt(0.01 / 3), 12);
  });

  test('a day is a UTC day: what lies before the first midnight and after the last is left out', () => {
    const equityUsd = Float64Array.of(5000, 7, 5500, 7, 4950, 9999);
    const { sortinoDaily } = metricsWith({ equityUsd }, { firstOpenMs: 12 * HOUR_MS });
    expect(sortinoDaily).toBeCloseTo(0, 12);
    const { sharpeDaily } = metricsWith({ equityUsd: equityUsd.subarray(0, 4) }, { firstOpenMs: 12 * HOUR_MS });
    expect(sharpeDaily).toBeNaN();
  });

  test('doubling the stakes of every day changes neither ratio by much, and hours between midnights not at all', () => {
    const calm = metricsWith({ equityUsd: Float64Array.of(0, 1010, 0, 1000, 0, 1020) });
    const wild = metricsWith({ equityUsd: Float64Array.of(9, 1010, 9, 1000, 9, 1020) });
    expect(wild.sharpeDaily).toBe(calm.sharpeDaily);
  });
});

describe('what is not available says why', () => {
  const silent = metricsWith({});

  test('a run without trades', () => {
    expect(silent).toMatchObject({ trades: 0, netReturnFraction: 0, maxDrawdownFraction: 0, longestLosingRun: 0 });
    const absent = METRICS.filter((name) => whyNotAvailable(name, silent) !== undefined);
    expect(absent).toEqual([
      'winRate',
      'expectancyR',
      'sdR',
      'expectancyFraction',
      'profitFactor',
      'sharpeDaily',
      'sortinoDaily',
      'maeR',
      'mfeR',
    ]);
    expect(absent.map((name) => whyNotAvailable(name, silent))).toEqual(absent.map(() => 'no trades'));
  });

  test('one winning trade on one day', () => {
    const single = metricsWith({ trades: [tradeOf({ r: 2 })], equityUsd: Float64Array.of(1000, 1200) });
    expect(whyNotAvailable('sdR', single)).toBe('a single trade');
    expect(whyNotAvailable('profitFactor', single)).toBe('no losing trade');
    expect(whyNotAvailable('sharpeDaily', single)).toContain('fewer than two whole days');
    expect(whyNotAvailable('expectancyR', single)).toBeUndefined();
  });

  test('a constant account has no Sharpe ratio, not an infinite one', () => {
    const trades = [tradeOf({ r: 1 }), tradeOf({ r: -1 })];
    expect(metricsWith({ trades }).sharpeDaily).toBeNaN();
    const steady = Float64Array.from({ length: 20 }, (_, i) => 1000 * 1.01 ** Math.ceil(i / 2));
    expect(metricsWith({ trades, equityUsd: steady }).sharpeDaily).toBeNaN();
  });
});

test('property: the one pass agrees with the definitions, written out', () => {
  const rs = fc.array(fc.integer({ min: -300, max: 500 }), { minLength: 2, maxLength: 60 });
  const dollars = fc.array(fc.integer({ min: 500, max: 2000 }), { minLength: 1, maxLength: 200 });
  const place = fc.record({ startHour: fc.integer({ min: 0, max: 23 }), hours: fc.constantFrom(1, 2, 4, 8, 12, 24) });
  fc.assert(
    fc.property(rs, dollars, place, (hundredths, equity, { startHour, hours }) => {
      const firstOpenMs = Math.floor(startHour / hours) * hours * HOUR_MS;
      const trades = hundredths.map((r) => tradeOf({ r: r / 100 }));
      const where = { firstOpenMs, intervalMs: hours * HOUR_MS };
      const metrics = metricsWith({ trades, equityUsd: Float64Array.from(equity) }, where);
      const expected = written(
        hundredths.map((r) => r / 100),
        equity,
        where,
      );
      for (const [name, value] of Object.entries(expected)) {
        if (Number.isNaN(value)) expect(metrics[name as keyof Metrics], name).toBeNaN();
        else expect(metrics[name as keyof Metrics], name).toBeCloseTo(value, 9);
      }
    }),
  );
});

function written(
  rs: number[],
  equity: number[],
  { firstOpenMs, intervalMs }: { firstOpenMs: number; intervalMs: number },
) {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const sd = (values: number[]): number =>
    Math.sqrt(sum(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1));
  const marks = [{ timeMs: firstOpenMs, usd: 1000 }];
  for (const [i, usd] of equity.entries()) marks.push({ timeMs: firstOpenMs + (i + 1) * intervalMs, usd });
  const midnights = marks.filter(({ timeMs }) => timeMs % DAY_MS === 0).map(({ usd }) => usd);
  const daily = midnights.slice(1).map((usd, i) => usd / (midnights[i] as number) - 1);
  const downside = Math.sqrt(mean(daily.map((value) => Math.min(0, value) ** 2)));
  const drawdowns = marks.map(({ usd }, i) => 1 - usd / Math.max(...marks.slice(0, i + 1).map((mark) => mark.usd)));
  const losing = rs
    .map((r) => (r > 0 ? ' ' : 'L'))
    .join('')
    .split(' ')
    .map((run) => run.length);
  const lost = -sum(rs.filter((r) => r <= 0));
  return {
    expectancyR: mean(rs),
    sdR: sd(rs),
    winRate: rs.filter((r) => r > 0).length / rs.length,
    profitFactor: lost > 0 ? sum(rs.filter((r) => r > 0)) / lost : Number.NaN,
    longestLosingRun: Math.max(...losing),
    maxDrawdownFraction: Math.max(...drawdowns),
    sharpeDaily: daily.length < 2 || sd(daily) < 1e-12 ? Number.NaN : mean(daily) / sd(daily),
    sortinoDaily: daily.length < 2 || downside === 0 ? Number.NaN : mean(daily) / downside,
  };
}

describe('tables', () => {
  const at = (text: string): number => Date.parse(`${text}Z`);
  const trades = [
    tradeOf({ coin: 'BTC', r: 2, entryTimeMs: at('2025-05-31T23:00') }),
    tradeOf({ coin: 'SOL', r: -1, entryTimeMs: at('2025-05-31T23:00'), exitTimeMs: at('2025-06-01T05:00') }),
    tradeOf({ coin: 'BTC', r: -1, entryTimeMs: at('2025-07-01T00:00') }),
  ];

  test('per coin: a coin without a trade is a row too', () => {
    const row = (name: string, count: number, expectancyR: number, usd: number) => ({
      name,
      trades: count,
      expectancyR,
      netPnlUsd: fromUsd(usd),
    });
    expect(perCoin(trades, ['BTC', 'ETH', 'SOL'])).toMatchObject([
      row('BTC', 2, 0.5, 100),
      row('ETH', 0, Number.NaN, 0),
      row('SOL', 1, -1, -100),
    ]);
  });

  test('per month of the entry: a month without a trade is a row too, one that only touches the end is not', () => {
    const months = perMonth(trades, at('2025-05-15T07:00'), at('2025-08-01T00:00'));
    expect(months.map(({ name, trades: count }) => [name, count])).toEqual([
      ['2025-05', 2],
      ['2025-06', 0],
      ['2025-07', 1],
    ]);
    expect(perMonth([], at('2025-01-31T00:00'), at('2025-03-02T00:00')).map(({ name }) => name)).toEqual([
      '2025-01',
      '2025-02',
      '2025-03',
    ]);
  });
});

test('entries into candles in which nobody traded are counted', () => {
  const candles = emptyColumns('BTC', '1h', epochMs(0), 3);
  candles.volume.set([5, 0, Number.NaN]);
  const trades = [0, 1, 1].map((hour) => tradeOf({ entryTimeMs: hour * HOUR_MS }));
  expect(entriesWithoutVolume(trades, [candles])).toBe(2);
  expect(entriesWithoutVolume([], [candles])).toBe(0);
});

test('money in the tables is exact', () => {
  const odd = [0.1, 0.2, 0.3].map((usd) => tradeOf({ netPnlUsd: (usd * 10 + 1) as MicroUsd }));
  expect(perCoin(odd, ['BTC'])[0]?.netPnlUsd).toBe(9);
});

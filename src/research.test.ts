import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe as about, expect, it } from 'vitest';
import { fixtureReport } from '../test/report-fixture.ts';
import { sweepOf } from '../test/sweeps.ts';
import { inTemporaryFolder } from '../test/temporary-folder.ts';
import type { ClosedCandle } from './domain/candle.ts';
import { fixedClock } from './domain/clock.ts';
import { epochMs } from './domain/units.ts';
import { writeCandles } from './market/candle-store.ts';
import { openDatabase } from './market/database.ts';
import { beginSweep, markProven, RESULT_COLUMNS, storeResults } from './market/sweep-store.ts';
import { candleAt, candlesAt, TEST_DELIVERY } from './market/testing.ts';
import { SWEEP_METRICS } from './optimize/contract.ts';
import { SweepPlan } from './optimize/plan.ts';
import { nameOf } from './report/name.ts';
import { by, candles, type DataFrame, describe, type Series, sorted, sweep, table, toCsv, trades } from './research.ts';

/** A project with a database, and what else the body writes into it. */
function inProject(body: (root: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({ 'strategies/.keep': '', 'data/.keep': '' }, body);
}

function store(root: string, coin: string, rows: readonly ClosedCandle[], source = 'hyperliquid'): void {
  const db = openDatabase(join(root, 'data/candor.sqlite'));
  writeCandles(db, { source, coin, interval: '1h', kind: 'trade' }, rows, TEST_DELIVERY);
  db.close();
}

function rowsOf(frame: DataFrame): Record<string, string | number>[] {
  const values = frame.values as (string | number)[][];
  return values.map((row) => Object.fromEntries(frame.columns.map((column, i) => [column, row[i] as string | number])));
}

about('a frame of candles', () => {
  it('has a row for every stored candle and none for those that are missing, coin after coin', () =>
    inProject(async (root) => {
      store(root, 'BTC', candlesAt([0, 1, 3]));
      store(root, 'ETH', candlesAt([1]));
      const frame = await candles({ coin: ['BTC', 'ETH'], interval: '1h', root });
      const named = (hour: number, coin: string): object => ({
        ...{ time: `2025-01-01T0${hour}:00Z`, open: 100 + hour, high: 102 + hour, low: 99 + hour, close: 101 + hour },
        ...{ volume: 10 + hour, coin, month: '2025-01', weekday: 'Wed', hour },
      });
      expect(rowsOf(frame)).toEqual([named(0, 'BTC'), named(1, 'BTC'), named(3, 'BTC'), named(1, 'ETH')]);
      expect(frame.dtypes).toEqual(['string', ...Array(5).fill('float32'), 'string', 'string', 'string', 'float32']);
    }));

  it('has columns that the compiler knows', () =>
    inProject(async (root) => {
      store(root, 'BTC', candlesAt([0, 2]));
      const frame = await candles({ coin: 'BTC', interval: '1h', root });
      const close: Series = frame.close;
      expect(close.mean()).toBe(102);
      // @ts-expect-error: no such column
      expect(frame.closing).toBeUndefined();
    }));

  it('is cut to a span, and is of the source that is asked for or preferred', () =>
    inProject(async (root) => {
      store(root, 'BTC', candlesAt([0, 1, 2, 3]));
      store(root, 'BTC', [candleAt(0, 500)], 'binance-spot');
      const span = { from: '2025-01-01T01:00', to: '2025-01-01T03:00Z' };
      const cut = await candles({ coin: 'BTC', interval: '1h', root, ...span });
      expect(cut.time.values).toEqual(['2025-01-01T01:00Z', '2025-01-01T02:00Z']);
      const other = await candles({ coin: 'BTC', interval: '1h', root, source: 'binance-spot' });
      expect(other.open.values).toEqual([500]);
      mkdirSync(join(root, 'config'));
      writeFileSync(join(root, 'config/candor.yaml'), 'source: binance-spot\n');
      expect((await candles({ coin: 'BTC', interval: '1h', root })).open.values).toEqual([500]);
    }));

  it('can be as the candles were first seen', () =>
    inProject(async (root) => {
      store(root, 'BTC', [candleAt(0, 100)]);
      store(root, 'BTC', [candleAt(0, 200)]);
      const query = { coin: 'BTC', interval: '1h', root } as const;
      expect((await candles(query)).open.values).toEqual([200]);
      expect((await candles({ ...query, asSeen: true })).open.values).toEqual([100]);
    }));
});

about('candles', () => {
  it('are refused with the nearest names, and without a database', () =>
    inProject(async (root) => {
      await expect(candles({ coin: 'BTC', interval: '1h', root })).rejects.toThrow('there is no database');
      store(root, 'BTC', candlesAt([0]));
      await expect(candles({ coin: 'BTV', interval: '1h', root })).rejects.toMatchObject({
        message: "no candles of 'BTV' are stored",
        hint: 'Did you mean BTC?',
      });
      const hours = { coin: 'BTC', interval: '1h', root } as const;
      await expect(candles({ ...hours, from: '2026-01-01' })).rejects.toThrow('no 1h candles of BTC are stored from');
      await expect(candles({ ...hours, from: 'yesterday' })).rejects.toThrow("'yesterday' is not a date");
    }));

  it('are summed up by what one asks for', () =>
    inProject(async (root) => {
      const moves = [
        [100, 110],
        [110, 99],
        [99, 99],
      ] as const;
      store(
        root,
        'BTC',
        moves.map(([open, close], i) => ({ ...candleAt(i), open, close, high: 120, low: 80, volume: 0.25 })),
      );
      const [group, ...others] = rowsOf(by(await candles({ coin: 'BTC', interval: '1h', root }), 'month'));
      expect(others).toEqual([]);
      expect(group).toMatchObject({ month: '2025-01', candles: 3, meanRange: 0.5, volume: 0.75, upRate: 1 / 3 });
      expect(group?.['totalReturn']).toBeCloseTo(-0.01, 12);
      expect(group?.['meanReturn']).toBeCloseTo(0, 12);
      expect(group?.['sdReturn']).toBeCloseTo(0.1, 12);
    }));
});

about('a frame of trades', () => {
  const { report } = fixtureReport();
  const judged = report.strategies.filter((strategy) => strategy.status === 'judged');

  function inReported(body: (root: string) => Promise<void>): Promise<void> {
    const path = `backtests/results/${nameOf(report)}.json`;
    return inTemporaryFolder({ 'strategies/.keep': '', [path]: JSON.stringify(report) }, body);
  }

  it('says of coins and months what the report says', () =>
    inReported(async (root) => {
      const frame = await trades(report.study.name, { root });
      const path = join(root, 'backtests/results', `${nameOf(report)}.json`);
      expect(rowsOf(await trades(path))).toEqual(rowsOf(frame));
      for (const key of ['coin', 'month'] as const) {
        const groups = rowsOf(by(frame, ['strategy', key]));
        for (const { name, perCoin, perMonth } of judged) {
          const expected = (key === 'coin' ? perCoin : perMonth).filter((group) => group.trades > 0);
          const found = groups.filter(({ strategy }) => strategy === name);
          expect(found.map((group) => group[key]).sort()).toEqual(
            expected
              .flatMap((group) => Object.values(group))
              .filter((value) => typeof value === 'string')
              .sort(),
          );
          for (const group of expected) {
            const label = 'coin' in group ? group.coin : group.month;
            const same = found.find((one) => one[key] === label);
            expect(same).toMatchObject({ trades: group.trades, winRate: group.winRate });
            expect(same?.['netPnlUsd']).toBeCloseTo(group.netPnlUsd, 6);
            expect(same?.['expectancyR']).toBeCloseTo(group.expectancyR as number, 12);
          }
        }
      }
    }));

  it('is refused for a study without a report, and a report that is absent, damaged or no report', () =>
    inReported(async (root) => {
      await expect(trades(`${report.study.name}s`, { root })).rejects.toMatchObject({
        hint: `Did you mean ${report.study.name}?`,
      });
      await expect(trades(join(root, 'gone.json'))).rejects.toThrow('gone.json is not there');
      const path = join(root, 'changed.json');
      writeFileSync(path, JSON.stringify({ ...report, seed: report.seed + 1 }));
      await expect(trades(path)).rejects.toThrow('was changed after it was written');
      writeFileSync(path, '{"half": ');
      await expect(trades(path)).rejects.toThrow('is not JSON');
    }));
});

const plan = new SweepPlan(
  sweepOf({
    strategies: [
      { name: 'one', params: { lookback: [10, 20], size: [1] } },
      { name: 'other', params: { fast: [4], entry: ['in, out'] } },
    ],
  }),
);
const rows = new Float64Array(plan.count * RESULT_COLUMNS.length);

for (let place = 0; place < plan.count; place++) {
  SWEEP_METRICS.forEach((metric, i) => {
    const none = metric === 'expectancyR' && place % 3 === 0;
    rows[place * RESULT_COLUMNS.length + i] = none ? Number.NaN : (place + 1) * (metric.endsWith('Usd') ? 1e6 : 1);
  });
}

function inSwept(body: (root: string) => Promise<void>): Promise<void> {
  return inProject((root) => {
    const db = openDatabase(join(root, 'data/candor.sqlite'));
    const spec = JSON.stringify({ asked: { sweep: plan.sweep }, isSynthetic: true, source: 'synthetic' });
    const span = { fromMs: epochMs(0), toMs: epochMs(1), combinations: plan.count };
    const record = { name: 'small', identity: 'ab'.repeat(32), fingerprint: 'f'.repeat(64), spec, ...span };
    const { id } = beginSweep(db, record, fixedClock(0));
    storeResults(db, id, 0, rows);
    markProven(db, id, fixedClock(1));
    db.close();
    return body(root);
  });
}

about('a frame of a sweep', () => {
  it('has every combination with its params, its rules and its metrics', () =>
    inSwept(async (root) => {
      const frame = await sweep('small', { root });
      const identity = ['combination', 'strategy', 'coins', 'interval'];
      const varied = ['lookback', 'params.size', 'fast', 'entry', 'stop'];
      expect(frame.columns).toEqual([...identity, ...varied, ...SWEEP_METRICS]);
      const found = rowsOf(frame);
      expect(found).toHaveLength(plan.count);
      for (const [place, row] of found.entries()) {
        const { block, params, cell } = plan.combinationAt(place);
        expect(row).toMatchObject({
          ...{ combination: place, strategy: block.name, coins: block.coins[0], interval: block.interval },
          ...{ lookback: params['lookback'] ?? Number.NaN, 'params.size': params['size'] ?? Number.NaN },
          ...{ entry: params['entry'] ?? '', stop: cell.at['stop'], trades: place + 1, feesUsd: place + 1 },
          expectancyR: place % 3 === 0 ? Number.NaN : place + 1,
        });
      }
      const notes: string[] = [];
      const again = await sweep('abab', { root, onNote: (note) => notes.push(note) });
      expect(again.columns).toEqual(frame.columns);
      expect(notes).toEqual([expect.stringContaining('SYNTHETIC MARKET, made up')]);
    }));

  it('can be sorted, described and grouped although values are missing', () =>
    inSwept(async (root) => {
      const frame = await sweep('small', { root });
      const best = sorted(frame, 'expectancyR', { descending: true }).column('expectancyR').values as number[];
      const there = best.filter((value) => !Number.isNaN(value));
      expect(there).toEqual([...there].sort((a, b) => b - a));
      expect(best.slice(there.length).every(Number.isNaN)).toBe(true);
      expect(best).toHaveLength(plan.count);
      const described = rowsOf(describe(frame)).find(({ column }) => column === 'expectancyR');
      expect(described).toMatchObject({ count: there.length, min: Math.min(...there), max: there[0] });
      expect(described?.['mean']).toBeCloseTo(there.reduce((sum, one) => sum + one, 0) / there.length, 12);
      const groups = rowsOf(by(frame, ['stop', 'interval']));
      expect(groups.map(({ stop }) => stop)).toEqual(['1 %', '1 %', '2 %', '2 %', '2 ATR(14)', '2 ATR(14)']);
      expect(groups.reduce((sum, { combinations }) => sum + Number(combinations), 0)).toBe(plan.count);
      // Every stop 1 % is at a place that three divides: none of them has a value.
      expect(groups[0]).toMatchObject({ traded: 6, medianR: Number.NaN, bestR: Number.NaN });
    }));

  it('is a table in a REPL too, no wider than the terminal', () =>
    inSwept(async (root) => {
      for (const frame of [await sweep('small', { root }), (await sweep('small', { root })).head(20)]) {
        const lines = inspect(frame).split('\n');
        expect(lines[0]).toMatch(/^combination {2}strategy {2}coins/);
        expect(lines).toHaveLength(12);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(process.stdout.columns ?? 80);
        expect(lines.at(-1)).toBe(`${frame.index.length} rows × ${frame.columns.length} columns`);
      }
    }));

  it('becomes CSV that says no more and no less', () =>
    inSwept(async (root) => {
      const frame = await sweep('small', { root });
      const path = join(root, 'sweep.csv');
      const text = toCsv(frame.head(20));
      toCsv(frame.head(20), path);
      expect(readFileSync(path, 'utf8')).toBe(text);
      const lines = text.trimEnd().split('\n');
      expect(lines).toHaveLength(21);
      expect(lines[0]).toBe(frame.columns.join(','));
      expect(text).toContain('"in, out"');
    }));
});

about('a sweep', () => {
  it('is refused with the nearest names, of sweeps and of columns', () =>
    inSwept(async (root) => {
      await expect(sweep('smal', { root })).rejects.toMatchObject({ hint: 'Did you mean small?' });
      const frame = await sweep('small', { root });
      const hint = expect.objectContaining({ hint: 'Did you mean lookback?' });
      for (const use of [
        () => by(frame, ['stop', 'lokback']),
        () => sorted(frame, 'lokback'),
        () => table(frame, { columns: ['lokback'] }),
      ]) {
        expect(use).toThrow(hint);
      }
      expect(() => by(frame.loc({ columns: ['stop'] }), 'stop')).toThrow('lacks columns of candles');
    }));

  it('without rows is a table without rows', () =>
    inSwept(async (root) => {
      const frame = await sweep('small', { root });
      const none = frame.query(frame.trades.gt(1e9));
      expect(table(by(none, 'stop'))).toBe('stop  combinations  traded  upRate  medianR  bestR  medianReturn');
      expect(table(describe(none)).split('\n')[1]).toMatch(/^combination +0 +n\/a +n\/a +n\/a +n\/a +n\/a$/);
    }));
});

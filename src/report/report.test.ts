import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureInput } from '../../test/report-fixture.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { DataError } from '../domain/errors.ts';
import { epochMs } from '../domain/units.ts';
import { buildReport, type ReportInput, resultHashOf, studyOf } from './build.ts';
import { nameOf } from './name.ts';
import { parseReport, readReport } from './read.ts';
import type { JudgedStrategy, Report } from './schema.ts';
import { compareReports } from './verify.ts';
import { writeReport } from './write.ts';

let input: ReportInput;
let report: Report;

beforeAll(() => {
  input = fixtureInput({ draws: 100 });
  report = buildReport(input);
});

const judged = (name: string): JudgedStrategy => {
  const found = report.strategies.find((strategy) => strategy.name === name);
  if (found?.status !== 'judged') throw new Error(`${name} was not judged`);
  return found;
};
/** A copy that a test may spoil. */
const copy = (): Report => structuredClone(report);

describe('the hash of a result', () => {
  it('does not know when, where and from which commit it was made', () => {
    const elsewhere = buildReport({
      ...input,
      createdAtMs: epochMs(0),
      durationsMs: { run: 1 },
      versions: { node: '99' },
      commit: null,
    });
    expect(elsewhere.resultHash).toBe(report.resultHash);
    expect(compareReports(report, elsewhere)).toEqual([]);
  });

  it('is the same for the same study, run again', () => {
    expect(buildReport(fixtureInput({ draws: 100 })).resultHash).toBe(report.resultHash);
  });

  it('knows the last digit of the last trade', () => {
    const spoilt = copy();
    const trade = spoilt.strategies.flatMap((one) => (one.status === 'judged' ? one.trades : [])).at(-1);
    if (trade === undefined) throw new Error('no trade');
    trade.rMultiple += 2 ** -50;
    expect(resultHashOf(spoilt)).not.toBe(report.resultHash);
  });
});

describe('a report', () => {
  it('has every trade, in dollars and coins', () => {
    for (const strategy of input.outcome.strategies) {
      if (!('backtest' in strategy)) continue;
      const { trades } = judged(strategy.name);
      expect(trades).toHaveLength(strategy.backtest.trades.length);
      trades.forEach((trade, i) => {
        const original = strategy.backtest.trades[i];
        expect(Math.round(trade.netPnlUsd * 1e6)).toBe(original?.netPnlUsd);
        expect(trade.grossPnlUsd - trade.feesUsd + trade.fundingUsd).toBeCloseTo(trade.netPnlUsd, 6);
      });
    }
  });

  it('has null for what does not exist, and says why', () => {
    const { metrics, notAvailable, perCoin, claims } = judged('never-fires');
    expect(metrics.trades).toBe(0);
    expect(metrics.expectancyR).toBeNull();
    expect(notAvailable['metrics.expectancyR']).toBe('no trades');
    expect(perCoin[0]?.winRate).toBeNull();
    expect(notAvailable['perCoin[0].winRate']).toBe('no trades');
    expect(claims[1]?.excessReturnFraction).toBeNull();
    expect(notAvailable['claims[1].excessReturnFraction']).toContain('never true');
    expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/);
  });

  it('counts ties and draws without a trade against the strategy', () => {
    const spoilt = structuredClone(input.outcome.strategies[0]);
    if (spoilt === undefined || !('coinFlip' in spoilt)) throw new Error('no outcome');
    spoilt.coinFlip.metrics.expectancyR.fill(-9);
    spoilt.coinFlip.metrics.expectancyR[0] = spoilt.backtest.metrics.expectancyR;
    spoilt.coinFlip.metrics.expectancyR[1] = Number.NaN;
    const strategies = [spoilt, ...input.outcome.strategies.slice(1)];
    const [strategy] = buildReport({ ...input, outcome: { ...input.outcome, strategies } }).strategies;
    if (strategy?.status !== 'judged') throw new Error('not judged');
    expect(strategy.controls[0]).toMatchObject({ kind: 'coin-flip', draws: 100, asGood: 2 });
    expect(strategy.controls[0]?.quantiles.expectancyR).toMatchObject({ below: 98, draws: 99 });
  });

  it('keeps the error of a strategy that could not be run', () => {
    expect(report.strategies.at(-1)).toMatchObject({
      status: 'failed',
      name: 'throws-midway',
      verdict: { word: 'NO VERDICT' },
      error: { message: 'out of luck at 2025-05-03T04:00Z', hint: 'Fix it.' },
    });
  });

  it('says what is missing in the data', () => {
    const btc = report.data.series.find(({ coin }) => coin === 'BTC');
    expect(btc).toMatchObject({ missingCandles: 2, gaps: 1, candles: 48 + 90 * 24 - 2 });
    expect(btc?.missingFundingHours).toBe(btc?.fundingHours);
  });

  it('gives the study back as it was asked', () => {
    expect(studyOf(report)).toEqual(input.study);
    const limited = { ...input.study, cell: { ...input.study.cell, maxCoinExposure: 0.5, maxSideExposure: 1 } };
    const again = buildReport({ ...input, study: limited });
    expect(studyOf(parseReport(JSON.parse(JSON.stringify(again)), 'again'))).toEqual(limited);
    expect(again.resultHash).not.toBe(report.resultHash);
  });

  it('names limits that are younger than the first reports only where they are on, for those keep their hash', () => {
    const isYounger = (rule: string): boolean => /^max(Coin|Side)Exposure$/.test(rule);
    expect(Object.keys(report.study.cell)).toEqual(Object.keys(input.study.cell).filter((rule) => !isYounger(rule)));
  });

  it('refuses verdicts on other strategies', () => {
    const verdicts = { ...input.verdicts, strategies: input.verdicts.strategies.toReversed() };
    expect(() => buildReport({ ...input, verdicts })).toThrow('there is no verdict on planted-edge');
  });
});

describe('comparing two reports', () => {
  it('finds a planted difference in the last digit, by its path and with both values', () => {
    const spoilt = copy();
    const [strategy] = spoilt.strategies;
    const trade = strategy?.status === 'judged' ? strategy.trades[17] : undefined;
    if (trade === undefined) throw new Error('no trade');
    const before = trade.netPnlUsd;
    trade.netPnlUsd = before + 1e-12;
    expect(compareReports(report, spoilt)).toEqual([
      { path: 'strategies[0].trades[17].netPnlUsd', expected: before, actual: before + 1e-12 },
    ]);
  });

  it('names what is only on one side', () => {
    const spoilt = copy();
    spoilt.warnings.push('a');
    expect(compareReports(report, spoilt)).toEqual([{ path: 'warnings[0]', expected: undefined, actual: 'a' }]);
  });
});

describe('writing and reading', () => {
  it('comes back as it was, from a file that appears whole', () => {
    inTemporaryFolder({}, (folder) => {
      const written = writeReport(join(folder, 'results'), report, [...input.data.grids[0].candles.values()]);
      const name = `fixture-2025-07-26T040000Z-${report.resultHash.slice(0, 8)}`;
      expect(readdirSync(join(folder, 'results')).toSorted()).toEqual([`${name}.html`, `${name}.json`]);
      expect(readReport(written.jsonPath)).toEqual(report);
      expect(compareReports(report, readReport(written.jsonPath))).toEqual([]);
      expect(readFileSync(written.htmlPath, 'utf8')).toContain('<!doctype html>');
    });
  });

  it('leaves nothing behind where it cannot write', () => {
    inTemporaryFolder({}, (folder) => {
      const name = `${nameOf(report)}.json`;
      mkdirSync(join(folder, name));
      expect(() => writeReport(folder, report, [])).toThrow();
      expect(readdirSync(folder)).toEqual([name]);
    });
  });

  it('keeps two studies of one name apart that end in the same second', () => {
    const other = buildReport({ ...input, seed: 2 });
    inTemporaryFolder({}, (folder) => {
      const [first, second] = [report, other].map((one) => writeReport(folder, one, []));
      expect(readReport(first?.jsonPath as string)).toEqual(report);
      expect(readReport(second?.jsonPath as string)).toEqual(other);
    });
  });

  it('writes over no other result', () => {
    inTemporaryFolder({}, (folder) => {
      const { jsonPath } = writeReport(folder, report, []);
      writeReport(folder, { ...report, made: { ...report.made, durationsMs: {} } }, []);
      expect(readReport(jsonPath)).toEqual(report);
      writeFileSync(jsonPath, JSON.stringify({ resultHash: 'another' }));
      expect(() => writeReport(folder, report, [])).toThrow('is there already, and holds another result');
      expect(readFileSync(jsonPath, 'utf8')).toBe('{"resultHash":"another"}');
    });
  });

  it('refuses a report that was changed by hand', () => {
    const spoilt = copy();
    spoilt.warnings.push('better than it was');
    inTemporaryFolder({ 'r.json': JSON.stringify(spoilt) }, (folder) => {
      expect(() => readReport(join(folder, 'r.json'))).toThrow(/was changed after it was written/);
    });
  });

  it.each([
    ['absent.json', undefined, /is not there/],
    ['cut.json', '{"schema":', /is not JSON/],
    ['other.json', '{"name":"x"}', /is not a report of Candor/],
    ['sweep.json', '{"schema":{"name":"candor-sweep-report"}}', /is the report of a sweep/],
    ['newer.json', '{"schema":{"name":"candor-report","version":2}}', /version 2 .*reads version 1/],
  ])('refuses %s', (name, text, message) => {
    inTemporaryFolder({}, (folder) => {
      if (text !== undefined) writeFileSync(join(folder, name), text);
      expect(() => readReport(join(folder, name))).toThrow(message);
    });
  });

  it('quotes the beginning of what is no JSON on one line', () => {
    inTemporaryFolder({ 'page.html': '# Candor\n\n**An honest backtester**' }, (folder) => {
      const refused = (): unknown => readReport(join(folder, 'page.html'));
      expect(refused).toThrow(expect.objectContaining({ details: [expect.stringMatching(/^.*# Candor [^\n]*$/)] }));
    });
  });

  it('names the field that is wrong', () => {
    const spoilt = JSON.parse(JSON.stringify(report));
    spoilt.strategies[0].trades[3].side = 'sideways';
    delete spoilt.data.fingerprint;
    let details: readonly string[] = [];
    try {
      parseReport(spoilt, 'r.json');
    } catch (error) {
      if (error instanceof DataError) details = error.details;
    }
    expect(details.join('\n')).toContain('strategies[0].trades[3].side');
    expect(details.join('\n')).toContain('data.fingerprint');
  });
});

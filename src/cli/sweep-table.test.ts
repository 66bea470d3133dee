import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureSweep } from '../../test/sweep-fixture.ts';
import { SweepPlan } from '../optimize/plan.ts';
import { parseCondition, rank } from '../optimize/ranking.ts';
import type { SweepResult } from '../optimize/result.ts';
import { Output } from './output.ts';
import { showSweep } from './sweep-table.ts';

let result: SweepResult;

beforeAll(async () => {
  result = await fixtureSweep();
});

/** What a terminal shows of the fixture, ranked like this. */
function shown(top: number, columns: SweepResult['columns'], ...where: string[]): { text: string; inTable: number } {
  let text = '';
  const sink = { write: (more: string) => (text += more) };
  const ranking = rank(columns, 'expectancyR', where.map(parseCondition));
  const view = { plan: new SweepPlan(result.sweep), columns, ranking, data: result.data, silent: [] };
  const inTable = showSweep(view, top, new Output(sink, sink));
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  return { text, inTable };
}

describe('the table of a sweep', () => {
  it('shows what came out the same on one market once, and how often', () => {
    const { text, inTable } = shown(2, result.columns, 'signals<1');
    // Eight sets of params without a signal, on twenty cells, on each of two coins.
    expect(text.match(/×160/g)).toHaveLength(2);
    expect(inTable).toBe(320);
    expect(text).toContain('No combination that traded has a value for expectancyR.');
  });

  it('takes the middle from all that traded enough, whatever is asked of how well they did', () => {
    const middleOf = (text: string): string | undefined => /^Of the .+$/m.exec(text)?.[0];
    const all = shown(3, result.columns, 'trades>=30');
    const won = shown(3, result.columns, 'trades>=30', 'expectancyR>0');
    expect(middleOf(all.text)).toMatch(/^Of the \d+ with 30 trades or more, the middle one has [−+].* R\.$/);
    expect(middleOf(won.text)).toBe(middleOf(all.text));
  });

  it('says when entries were refused, of those that never traded', () => {
    const { signals, trades, expectancyR } = result.columns;
    const columns = {
      ...result.columns,
      trades: trades.map(() => 0),
      expectancyR: expectancyR.map(() => Number.NaN),
      refusals: signals,
    };
    const asked = signals.filter((count) => count > 0).length;
    expect(shown(3, columns).text).toMatch(
      new RegExp(`${asked} combinations never traded: all [\\d,]+ entries were refused`),
    );
  });
});

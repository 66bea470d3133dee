import { describe, expect, it } from 'vitest';
import { fixtureReport } from '../../../test/report-fixture.ts';
import { type Cell, calendarOf, compareCells, csvLine, NUMBER, TEXT } from './cells.ts';
import { cellText, frameText } from './text.ts';
import { TRADE_COLUMNS, tradeRows } from './trades.ts';

describe('cells of one column', () => {
  it.each<[Cell[]]>([
    [[1, 2, 10]],
    [['0.5 %', '1 %', '1.25 R', '1.5 R', '2 %', '10 %']],
    [['2025-06', '2025-07', '2025-10']],
    [['2025-06-01T00:00Z', '2025-06-01T01:00Z', '2025-06-02T00:00Z']],
    [['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']],
    [['BTC', 'ETH', 'SOL', 'kPEPE']],
  ])('come in the order that a reader expects: %j', (ordered) => {
    expect([...ordered].reverse().sort(compareCells)).toEqual(ordered);
  });

  it('are quoted in CSV where they must be', () => {
    expect(csvLine(['2 %, 3 R', 'a "b"', 'plain', 1.5, Number.NaN])).toBe('"2 %, 3 R","a ""b""",plain,1.5,NaN\n');
  });

  it('of the calendar are those of UTC', () => {
    expect(calendarOf(Date.parse('2025-06-30T23:59:59Z'))).toEqual(['2025-06', 'Mon', 23]);
    expect(calendarOf(Date.parse('2025-07-06T00:00:00Z'))).toEqual(['2025-07', 'Sun', 0]);
  });
});

describe('a frame as text', () => {
  it.each<[string, Cell, string]>([
    ['netPnlUsd', -1234.5, '−$1,234.50'],
    ['feesUsd', 3.4, '$3.40'],
    ['expectancyR', 0.314, '+0.31 R'],
    ['maeR', Number.NaN, 'n/a'],
    ['winRate', 0.333, '33 %'],
    ['meanReturn', 0.00012, '+0.012 %'],
    ['totalReturn', -0.18, '−18.0 %'],
    ['maxDrawdown', 0.096, '9.6 %'],
    ['close', 0.98765, '0.98765'],
    ['targetPrice', Number.NaN, 'n/a'],
    ['lookback', 20, '20'],
    ['whatever', 0.0123456, '0.012346'],
    ['whatever', 12345.678, '12,346'],
    ['stop', '2 %', '2 %'],
  ])('shows %s %s as %s', (column, cell, text) => {
    expect(cellText(column, cell).replaceAll('\u202f', ' ')).toBe(text);
  });

  it('stands in columns, numbers to the right', () => {
    const rows = [
      ['BTC', 9],
      ['kPEPE', 1000],
    ];
    expect(frameText({ columns: ['coin', 'trades'], kinds: [TEXT, NUMBER], rows })).toBe(
      ['coin   trades', 'BTC         9', 'kPEPE   1,000'].join('\n'),
    );
    expect(frameText({ columns: ['coin'], kinds: [TEXT], rows: [] })).toBe('coin');
  });
});

describe('the rows of trades', () => {
  it('have all trades of a report, with a cell for every column', () => {
    const { report } = fixtureReport();
    const rows = tradeRows(report);
    const trades = report.strategies.flatMap((strategy) => (strategy.status === 'judged' ? strategy.trades : []));
    expect(rows).toHaveLength(trades.length);
    const columns = Object.keys(TRADE_COLUMNS);
    const kinds = Object.values(TRADE_COLUMNS).map((kind) => (kind === NUMBER ? 'number' : 'string'));
    for (const [i, row] of rows.entries()) {
      expect(row.map((cell) => typeof cell)).toEqual(kinds);
      const named = Object.fromEntries(columns.map((column, at) => [column, row[at]]));
      const { coin, side, reason, entryPrice, stopPrice, netPnlUsd, rMultiple, maeR, mfeR } = trades[i] ?? {};
      expect(named).toMatchObject({ coin, side, reason, entryPrice, stopPrice, netPnlUsd, rMultiple, maeR, mfeR });
    }
  });
});

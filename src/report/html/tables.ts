import type { ClaimResult } from '../../backtest/outcome.ts';
import { MIN_FIRES, NOTABLE_RETURN } from '../../evidence/criticism.ts';
import { formatMonth, formatNumber, formatPercent, formatR, formatSignedPercent, formatUsd } from '../format.ts';
import type { JudgedStrategy, ReportedGate, ReportedTradeGroup } from '../schema.ts';
import { gateMark } from './marks.ts';
import { type Content, html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** Text in the colour of what was gained or lost. */
export function toned(value: number | null, text: Content): Markup {
  return html`<span class="${value === null || value === 0 ? '' : value > 0 ? 'gain' : 'loss'}">${text}</span>`;
}

export function gatesTable(strategy: JudgedStrategy): Markup {
  const advises = html` <small class="soft">advises</small>`;
  return table<ReportedGate>({
    label: `Gates of ${strategy.name}`,
    caption: 'Gates',
    note:
      'Thresholds come from the config and are part of this report. ' +
      'Those marked “advises” are shown and decide nothing.',
    className: 'gates cards',
    columns: [
      { title: 'Gate', cell: (gate) => [gate.title, gate.decides ? '' : advises] },
      { title: 'Result', cell: gateMark, className: 'status' },
      { title: 'Found', cell: (gate) => gate.valueText, isNumber: true, label: 'Found' },
      { title: 'Needed', cell: (gate) => gate.thresholdText, isNumber: true, label: 'Needed' },
      { title: 'What that means', cell: (gate) => gate.reason, className: 'text wide-cell' },
    ],
    rows: strategy.gates,
  });
}

interface NamedGroup {
  readonly name: string;
  readonly group: ReportedTradeGroup;
}

function groupTable(title: string, head: string, rows: readonly NamedGroup[]): Markup {
  return table<NamedGroup>({
    label: title,
    caption: title,
    columns: [
      { title: head, cell: ({ name }) => name },
      { title: 'Trades', cell: ({ group }) => formatNumber(group.trades), isNumber: true },
      { title: 'Won', cell: ({ group }) => formatPercent(group.winRate, 0), isNumber: true },
      { title: 'Mean', cell: ({ group }) => formatR(group.expectancyR), isNumber: true },
      {
        title: 'Net result',
        cell: ({ group }) => toned(group.netPnlUsd, formatUsd(group.netPnlUsd, 0)),
        isNumber: true,
      },
    ],
    rows,
  });
}

export function coinTable(strategy: JudgedStrategy): Markup {
  const rows = strategy.perCoin.map((group) => ({ name: group.coin, group }));
  return groupTable('By coin', 'Coin', rows);
}

export function monthTable(strategy: JudgedStrategy): Markup {
  const rows = strategy.perMonth.map((group) => ({ name: formatMonth(group.month), group }));
  return groupTable('By month of entry', 'Month', rows);
}

const FINER_WORDS = {
  fills: 'Same signals, fills looked up on',
  'equal-clock': 'Same lengths of time, decided on',
  'same-count': 'Same numbers of candles, decided on',
} as const;

/** What the result becomes under other readings of the same market. */
export function robustnessTable(strategy: JudgedStrategy, interval: string): Markup {
  const { bounds, finer } = strategy;
  const rows = [
    { reading: `${interval} candles; touched both: the stop (this report)`, metrics: bounds.worst },
    { reading: `${interval} candles; touched both: the target`, metrics: bounds.best },
    ...finer.map(({ interval: other, kind, metrics }) => {
      return { reading: `${FINER_WORDS[kind]} ${other} candles`, metrics };
    }),
  ];
  return table<(typeof rows)[number]>({
    label: `Bounds and finer candles of ${strategy.name}`,
    caption: 'Bounds and finer candles',
    note: 'A result that turns with what a candle hides is no result.',
    columns: [
      { title: 'Reading', cell: ({ reading }) => reading },
      { title: 'Trades', cell: ({ metrics }) => formatNumber(metrics.trades), isNumber: true },
      { title: 'Mean', cell: ({ metrics }) => formatR(metrics.expectancyR), isNumber: true },
      { title: 'Net return', cell: ({ metrics }) => formatSignedPercent(metrics.netReturnFraction), isNumber: true },
    ],
    rows,
  });
}

type Claim = JudgedStrategy['claims'][number];

const BET_WORDS: Readonly<Record<ClaimResult['bet'], string>> = {
  continuation: 'bets on continuation',
  reversal: 'bets on reversal',
  filter: 'filters',
};

export function claimsTable(strategy: JudgedStrategy): Markup {
  const horizon = formatNumber(strategy.claims[0]?.horizonCandles ?? 0);
  return table<Claim>({
    label: `Claims of ${strategy.name}`,
    note:
      `Mean return over the next ${horizon} candles in the direction of the side, less that of all candles; ` +
      'before costs, each condition alone. ' +
      `Below ${formatPercent(NOTABLE_RETURN)}, or with fewer than ${MIN_FIRES} times, it is too small to tell.`,
    className: 'cards',
    columns: [
      { title: 'Condition', cell: ({ side, condition }) => `${side} · ${condition}` },
      { title: 'Says', cell: ({ bet }) => BET_WORDS[bet], label: 'Says' },
      { title: 'True at', cell: ({ fires }) => formatNumber(fires), isNumber: true, label: 'True at' },
      {
        title: 'Measured',
        cell: ({ excessReturnFraction }) => formatSignedPercent(excessReturnFraction, 2),
        isNumber: true,
        label: 'Measured',
      },
      { title: 'Reading', cell: claimReading, className: 'text wide-cell' },
    ],
    rows: strategy.claims,
  });
}

/** In words, and only where the criticism would hear it too. */
function claimReading({ bet, fires, excessReturnFraction }: Claim): string {
  if (excessReturnFraction === null) return 'never true';
  if (fires < MIN_FIRES || Math.abs(excessReturnFraction) < NOTABLE_RETURN) return 'too small to tell';
  if (bet === 'filter') return excessReturnFraction > 0 ? 'prices went its side’s way' : 'prices went the other way';
  return excessReturnFraction > 0 ? 'as it says' : 'the opposite of what it says';
}

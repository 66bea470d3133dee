import type { VariationKind } from '../../backtest/variation.ts';
import { formatNumber, formatR } from '../format.ts';
import type { JudgedStrategy, ReportedRobustness } from '../schema.ts';
import { tintedBox } from './heat-map.ts';
import { type Content, html, type Markup } from './markup.ts';
import { table } from './table.ts';
import { toned } from './tables.ts';

type ReportedCut = ReportedRobustness['variations'][number];
type ReportedNeighbour = Exclude<ReportedRobustness['neighbours'], { reason: string }>[number];
type ReportedAblation = ReportedRobustness['ablation'][number];

/** Per cent of the tint is full at this: a quarter of what a trade risks. */
const STRONGEST_R = 0.25;

const WORDS: Readonly<Record<VariationKind, (subject: string) => string>> = {
  'costs-doubled': () => 'Fees and slippage doubled',
  'entry-late': () => 'Every entry one candle late',
  'without-coin': (coin) => (coin === '' ? 'Without a coin' : `Without ${coin}`),
  'without-best-week': (week) => (week === '' ? 'Without the best week' : `Without the best week, of ${week}`),
  'without-best-trades': (count) =>
    count === '' ? 'Without the best trades' : `Without the best ${count} trades, 5 %`,
  'first-half': () => 'First half of the span',
  'second-half': () => 'Second half of the span',
  coarser: (interval) => (interval === '' ? 'Longer candles' : `Same lengths of time on ${interval} candles`),
  'other-coins': (count) => (count === '' ? 'Other coins' : `${count} other coins, each alone`),
  'span-before': (from) => (from === '' ? 'The span before' : `The span before, from ${from} on`),
};

/**
 * Everything that questions a result, as two halves of a row: nothing where there are too few trades for a result, nor
 * for an older report.
 */
export function robustnessBlocks(strategy: JudgedStrategy, minTrades: number): Markup | string {
  const { robustness } = strategy;
  if (robustness === undefined || strategy.trades.length < minTrades) return '';
  return html`<div class="half">${whatIfTable(strategy, robustness)}</div>
<div class="half">${ablationTable(strategy, robustness)}</div>`;
}

interface WhatIfRow {
  readonly words: Content;
  readonly trades: number | null;
  readonly expectancyR: number | null;
  /** Shown instead of the mean. */
  readonly text?: string;
}

function whatIfTable(strategy: JudgedStrategy, robustness: ReportedRobustness): Markup {
  const { metrics, notAvailable } = strategy;
  const variations = robustness.variations.map((one, i): WhatIfRow => {
    const why = notAvailable[`robustness.variations[${i}].expectancyR`];
    const isAbsent = why !== undefined && why !== 'no trades';
    return { ...one, trades: isAbsent ? null : one.trades, words: [WORDS[one.kind](one.subject), reasonOf(why)] };
  });
  const own = { words: html`<b>As it was judged</b>`, trades: metrics.trades, expectancyR: metrics.expectancyR };
  return table<WhatIfRow>({
    label: `What if: ${strategy.name}`,
    caption: 'What if',
    className: 'what-if',
    note: 'One thing changed at a time; mean of a trade after costs. Without a coin, the others have its cash.',
    columns: [
      { title: 'Changed', cell: ({ words }) => words, className: 'text' },
      { title: 'Trades', cell: ({ trades }) => formatNumber(trades), isNumber: true },
      {
        title: 'Mean',
        cell: ({ expectancyR, text }) => tintedBox(expectancyR, STRONGEST_R, text ?? formatR(expectancyR)),
        isNumber: true,
      },
    ],
    rows: [own, ...neighbourRows(robustness, metrics.expectancyR), ...variations],
  });
}

function reasonOf(why: string | undefined): Content {
  return why === undefined || why === 'no trades' ? '' : html`<small class="sub soft">${why}</small>`;
}

/** All neighbours in one line: the worst and the best, and how many have the other sign. */
function neighbourRows({ neighbours }: ReportedRobustness, ownR: number | null): WhatIfRow[] {
  const words = 'Params one step away';
  if ('reason' in neighbours) return [{ words: [words, reasonOf(neighbours.reason)], trades: null, expectancyR: null }];
  const ran = neighbours.filter((one): one is ReportedNeighbour & { expectancyR: number } => one.expectancyR !== null);
  if (ran.length === 0) return [{ words, trades: 0, expectancyR: null }];
  const means = ran.map(({ expectancyR }) => expectancyR).sort((a, b) => a - b);
  const losing = means.filter((mean) => mean <= 0).length;
  const line = (at: number, what: string): WhatIfRow => {
    const found = ran.find(({ expectancyR }) => expectancyR === means.at(at));
    const changed = Object.entries(found?.changed ?? {}).map(([name, value]) => `${name} ${value}`);
    return {
      words: [`${what} of ${means.length} neighbours`, html`<small class="sub soft">${changed.join(', ')}</small>`],
      trades: found?.trades ?? null,
      expectancyR: found?.expectancyR ?? null,
    };
  };
  const summary = ownR === null ? '' : `${losing} of ${means.length} lose`;
  const best = line(-1, 'Best');
  return [line(0, 'Worst'), { ...best, words: [best.words, ' ', html`<small class="soft">(${summary})</small>`] }];
}

function countBelow(trades: number): Markup {
  return html`<small class="sub soft">${formatNumber(trades)}</small>`;
}

function ablationTable({ name }: JudgedStrategy, { ablation }: ReportedRobustness): Markup {
  const shown = (cut: Pick<ReportedCut, 'trades' | 'expectancyR'> | null): Content =>
    cut === null
      ? html`<span class="soft">nothing left</span>`
      : [toned(cut.expectancyR, formatR(cut.expectancyR)), countBelow(cut.trades)];
  return table<ReportedAblation>({
    label: `What each condition of ${name} is worth`,
    caption: 'What each condition is worth',
    note: 'Each side traded alone: mean of a trade after costs, and how many. Better without it: it does harm.',
    columns: [
      { title: 'Condition', cell: ({ side, condition }) => `${side} · ${condition}` },
      { title: 'With it', cell: ({ whole }) => shown(whole), isNumber: true },
      { title: 'Without', cell: ({ without }) => shown(without), isNumber: true },
      { title: 'Alone', cell: ({ alone }) => shown(alone), isNumber: true },
    ],
    rows: ablation,
  });
}

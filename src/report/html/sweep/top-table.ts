import { formatCount, formatNumber, formatPercent, formatR, formatSignedPercent } from '../../format.ts';
import { SWEEP_METRIC_LOOKS } from '../../sweep/metric-text.ts';
import type { SweepReport, TopCombination } from '../../sweep/schema.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { fold, section } from '../section.ts';
import { type TableColumn, table } from '../table.ts';
import { toned } from '../tables.ts';
import { countedInWords, marketInWords, paramsInWords, rulesInShort, shortR } from './words.ts';

/** Rows that are open; the others are folded. */
const OPEN_ROWS = 10;
/** Every sweep has these columns; a metric that it is sorted by and that is none of them gets its own. */
const SHOWN = ['expectancyR', 'trades', 'winRate', 'netReturn', 'maxDrawdown', 'profitFactor'] as const;

export function topSection(report: SweepReport): Markup {
  const { metric, order } = report.ranking;
  const { label } = SWEEP_METRIC_LOOKS[metric];
  if (report.top.length === 0) {
    return section(report, 'best', 'The best', html`<p>No combination meets the conditions, so there is no table.</p>`);
  }
  const rest = report.top.slice(OPEN_ROWS);
  const notReplayed = `The next ${formatNumber(rest.length)}, not replayed through the reference engine`;
  return section(
    report,
    'best',
    'The best',
    html`${topTable(
      report,
      report.top.slice(0, OPEN_ROWS),
      html`Sorted by ${label}, the ${order} first. <b>Neighbours</b> are the combinations
one step away along one axis, of those ${countedInWords(report)}: the median of their expectancy, and the
lowest. Where they are poor, the combination is a lonely peak.`,
    )}
${rest.length === 0 ? '' : fold(notReplayed, topTable(report, rest), false)}
<p class="note">${formatCount(report.ranking.matching, 'combination')} ranked, from the database, not replayed:
<code>candor sweep ${report.sweep.name} --show --top 100</code></p>`,
  );
}

function topTable(report: SweepReport, rows: readonly TopCombination[], note?: Markup): Markup {
  return table<TopCombination>({
    label: `Combinations ${rows[0]?.rank} to ${rows.at(-1)?.rank}`,
    ...(note === undefined ? {} : { note }),
    className: 'cards ranked',
    columns: [...nameColumns(report), ...metricColumns(report), ...sortedByColumn(report), neighboursColumn(report)],
    rows,
  });
}

function nameColumns(report: SweepReport): TableColumn<TopCombination>[] {
  const looked = new Set(report.best.map(({ rank }) => rank));
  const rules: TableColumn<TopCombination> = {
    title: 'Rules',
    cell: (one) => rulesInShort(report, one),
    className: 'wide-cell',
  };
  return [
    {
      title: 'Rank, candles',
      cell: (one) => {
        const name = html`<b>${one.rank}</b> ${marketInWords(one)}`;
        return looked.has(one.rank) ? html`<a href="#look-${one.rank}">${name}</a>` : name;
      },
    },
    {
      title: report.strategies.length > 1 ? 'Strategy, params' : 'Params',
      cell: (one) => settingsOf(report, one),
      className: 'wide-cell',
    },
    ...(Object.values(report.sweep.grid).some(({ length }) => length > 1) ? [rules] : []),
  ];
}

function settingsOf(report: SweepReport, one: TopCombination): Content {
  const params = paramsInWords(report, one);
  return report.strategies.length > 1 ? html`<b>${one.strategy}</b> ${params}` : params;
}

function metricColumns(report: SweepReport): TableColumn<TopCombination>[] {
  const number = (title: string, cell: TableColumn<TopCombination>['cell']): TableColumn<TopCombination> => ({
    title,
    cell,
    isNumber: true,
    label: title,
  });
  const strong = (one: TopCombination) => toned(one.metrics.expectancyR, formatR(one.metrics.expectancyR));
  return [
    number('Expectancy', (one) =>
      report.ranking.metric === 'expectancyR' ? html`<b>${strong(one)}</b>` : strong(one),
    ),
    number('Trades', ({ metrics }) => formatNumber(metrics.trades)),
    number('Won', ({ metrics }) => formatPercent(metrics.winRate, 0)),
    number('Net return', ({ metrics }) => formatSignedPercent(metrics.netReturn)),
    number('Deepest fall', ({ metrics }) => formatPercent(metrics.maxDrawdown)),
    number('Profit factor', ({ metrics }) => formatNumber(metrics.profitFactor, 2)),
  ];
}

function sortedByColumn({ ranking: { metric } }: SweepReport): TableColumn<TopCombination>[] {
  if (SHOWN.some((shown) => shown === metric)) return [];
  const { label, text } = SWEEP_METRIC_LOOKS[metric];
  const title = `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
  return [{ title, cell: ({ metrics }) => html`<b>${text(metrics[metric])}</b>`, isNumber: true, label: title }];
}

function neighboursColumn({ ranking: { metric } }: SweepReport): TableColumn<TopCombination> {
  const title = metric === 'expectancyR' ? 'Neighbours' : 'Neighbours’ expectancy';
  return {
    title,
    label: title,
    isNumber: true,
    cell: ({ neighbours: { combinations, counted, medianR, lowestR } }) => {
      if (combinations === 0) return 'none';
      if (counted === 0) return 'none counted';
      const lowest = html`<small class="sub soft">lowest ${shortR(lowestR)}</small>`;
      return html`${toned(medianR, formatR(medianR))}${lowest}`;
    },
  };
}

import { formatNumber, formatR } from '../format.ts';
import type { JudgedStrategy } from '../schema.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

type ReportedChoice = NonNullable<JudgedStrategy['choice']>;
type Row = ReportedChoice['combinations'][number];

const MOST_SHOWN = 12;

/** What the params were chosen from, the best first. */
export function choiceTable(strategy: string, { combinations, lists, chosen }: ReportedChoice): Markup {
  const judged = combinations[chosen];
  const others = combinations
    .filter((one) => one !== judged)
    .sort((a, b) => (b.expectancyR ?? Number.NEGATIVE_INFINITY) - (a.expectancyR ?? Number.NEGATIVE_INFINITY));
  const rows = judged === undefined ? others : [judged, ...others];
  const left = rows.length - MOST_SHOWN;
  return table<Row>({
    label: `What the params of ${strategy} were chosen from`,
    caption: 'Chosen on these candles',
    note:
      `The first of ${combinations.length} is judged: the highest mean among those with 30 trades or more. ` +
      `Every draw of the controls made the same choice.${left > 0 ? ` ${left} more in the JSON.` : ''}`,
    columns: [
      ...Object.keys(lists).map((name) => ({ title: name, cell: ({ params }: Row) => String(params[name]) })),
      { title: 'Trades', cell: ({ trades }) => formatNumber(trades), isNumber: true },
      { title: 'Mean', cell: ({ expectancyR }) => formatR(expectancyR), isNumber: true },
      { title: '', cell: (row) => (row === judged ? html`<b>judged</b>` : '') },
    ],
    rows: rows.slice(0, MOST_SHOWN),
  });
}

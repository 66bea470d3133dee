import { formatR } from '../../format.ts';
import { quantileOf } from '../../sweep/combinations.ts';
import type { HeatMap, MapAxis, MapCell, MapPanel, SweepReport } from '../../sweep/schema.ts';
import { tintedBox } from '../heat-map.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { fold } from '../section.ts';
import { table } from '../table.ts';
import { axisInWords, countedInWords, marketInWords, shortR } from './words.ts';

/** Nine tenths of the cells stay below the strongest tint, so that one wild cell does not pale the others. */
const STRONGEST_SHARE = 0.9;
const LEAST_STRONGEST_R = 0.05;

/** The heat maps of one strategy, with one scale of tints for all of them; the market of the best is open. */
export function mapsOfStrategy(report: SweepReport, maps: readonly HeatMap[]): Markup | string {
  const [first] = maps;
  // Where nothing is counted, the effects of the axes have said so.
  if (first === undefined || maps.every(({ panels }) => panels.every(isEmpty))) return '';
  const strongest = strongestOf(maps);
  const within = first.within.length === 0 ? '' : ` over all values of ${first.within.join(' and ')}`;
  return html`<div><h3>Peak or plateau? <small>expectancy a trade in R</small></h3>
<p class="note">Large and tinted: the median of all ${countedInWords(report)}${within}. Below it: the best of them.
A good cell among good cells is a plateau; a good cell alone is luck. Outlined, with their ranks: the first ten of the
sweep. A dash: none to count. The full tint begins at ${formatR(strongest)}.</p>
${maps.map((map, i) => {
  return fold(marketInWords(map), html`<div class="blocks">${panelsOf(map, strongest)}</div>`, i === 0);
})}</div>`;
}

function panelsOf(map: HeatMap, strongest: number): Markup[] {
  const { panelAxis } = map;
  const empty = map.panels
    .filter(isEmpty)
    .map(({ value }) => (panelAxis === null ? 'this market' : `${axisInWords(panelAxis)} ${value}`));
  return [
    ...map.panels
      .filter((panel) => !isEmpty(panel))
      .map((panel) => html`<div class="half keep-together">${panelTable(map, panel, strongest)}</div>`),
    ...(empty.length === 0 ? [] : [html`<p class="soft">Nothing to count: ${empty.join(', ')}.</p>`]),
  ];
}

function isEmpty({ cells }: MapPanel): boolean {
  return cells.every(({ counted }) => counted === 0);
}

function strongestOf(maps: readonly HeatMap[]): number {
  const medians = maps.flatMap(({ panels }) => panels.flatMap(({ cells }) => cells.map(({ medianR }) => medianR ?? 0)));
  const sorted = Float64Array.from(medians, Math.abs).sort();
  return Math.max(LEAST_STRONGEST_R, quantileOf(sorted, STRONGEST_SHARE) ?? 0);
}

interface Row {
  readonly label: string;
  readonly cells: readonly MapCell[];
}

function panelTable(map: HeatMap, panel: MapPanel, strongest: number): Markup {
  const { rows, columns, panelAxis } = map;
  const width = columns?.labels.length ?? 1;
  const market = marketInWords(map);
  const caption = panelAxis === null ? market : `${axisInWords(panelAxis)} ${panel.value}`;
  const label = `Expectancy of ${map.strategy} on ${market} by ${rows.name}${panelAxis === null ? '' : `, ${caption}`}`;
  return table<Row>({
    label,
    caption,
    className: 'heat dense',
    columns: [
      { title: axisCorner(rows, columns), cell: ({ label }) => label },
      ...Array.from({ length: width }, (_, column) => ({
        title: columns?.labels[column] ?? axisInWords({ kind: 'rule', name: 'expectancy' }),
        cell: ({ cells }: Row): Content => mapCell(cells[column] as MapCell, strongest),
        isNumber: true,
      })),
    ],
    rows: rows.labels.map((label, row) => ({ label, cells: panel.cells.slice(row * width, (row + 1) * width) })),
  });
}

/** `Stop →` above `lookback ↓`. */
function axisCorner(rows: MapAxis, columns: MapAxis | null): Markup {
  const across = columns === null ? '' : html`${axisInWords(columns)}\u202f→<br>`;
  return html`${across}${axisInWords(rows)}\u202f↓`;
}

function mapCell({ medianR, bestR, counted, ranks }: MapCell, strongest: number): Markup {
  if (counted === 0) return html`<div class="tint soft">–</div>`;
  const marks = ranks.length === 0 ? '' : html`<b>${ranks.map((rank) => `#${rank}`).join(' ')}</b> `;
  const content = html`${shortR(medianR)}
<small class="sub">${marks}${shortR(bestR)}</small>`;
  return tintedBox(medianR, strongest, content, ranks.length === 0 ? '' : 'top-cell');
}

import { formatCount, formatSigned } from '../format.ts';
import type { JudgedStrategy } from '../schema.ts';
import { type Content, html, type Markup } from './markup.ts';
import { table } from './table.ts';

type Cell = JudgedStrategy['grid'][number];

const RULE_WORDS: Readonly<Record<string, string>> = {
  stop: 'Stop',
  target: 'Target',
  breakEven: 'Break-even',
  trail: 'Trailing stop',
  maxHold: 'Longest holding',
  sizing: 'Size',
  leverage: 'Leverage',
  maxOpen: 'Positions at once',
  maxExposure: 'Exposure',
  maxCoinExposure: 'Exposure a coin',
  maxSideExposure: 'Exposure a side',
  minStopMoveBps: 'Smallest stop move',
};

/** Per cent of the hue in the strongest tint; more would take the contrast from the number in the cell. */
const MOST_TINT = 46;
const CAPTION = 'Expectancy a trade in R on the risk grid';
const NOTE =
  'Outlined: the cell that the study names. It alone carries the verdict; ' +
  'the others show whether it stands alone.';

/**
 * Expectancy on every cell of the risk grid, as a table whose cells are tinted: the last two rules of the grid span it,
 * and any before them make one table for each of their values.
 */
export function heatMap(strategy: JudgedStrategy): Markup {
  const rules = Object.keys(strategy.grid[0]?.at ?? {});
  if (rules.length === 0) return html`<p class="soft">The study has no risk grid.</p>`;
  const [columnRule = '', rowRule, ...more] = rules.toReversed();
  const strongest = Math.max(0.05, ...strategy.grid.map(({ metrics }) => Math.abs(metrics.expectancyR ?? 0)));
  const panels = Map.groupBy(strategy.grid, ({ at }) => more.map((rule) => settingInWords(rule, at[rule])).join(', '));
  return html`${[...panels].map(([panel, cells]) => {
    const rows = Map.groupBy(cells, ({ at }) => (rowRule === undefined ? '' : settingInWords(rowRule, at[rowRule])));
    const columns = [...new Set(cells.map(({ at }) => at[columnRule] ?? ''))];
    return table<[string, Cell[]]>({
      label: `${CAPTION} of ${strategy.name}`,
      caption: panel === '' ? CAPTION : `${CAPTION}: ${panel}`,
      note: NOTE,
      className: 'heat',
      columns: [
        { title: '', cell: ([name]) => name },
        ...columns.map((value) => ({
          title: settingInWords(columnRule, value),
          cell: ([, row]: [string, Cell[]]) =>
            tinted(
              row.find(({ at }) => at[columnRule] === value),
              strongest,
            ),
          isNumber: true,
        })),
      ],
      rows: [...rows],
    });
  })}`;
}

export function ruleInWords(rule: string): string {
  return RULE_WORDS[rule] ?? rule;
}

/** `Stop 2 %`; what is no rule is a param, and keeps its name. */
export function settingInWords(rule: string, value: string | undefined): string {
  return `${ruleInWords(rule)} ${value ?? 'none'}`;
}

function tinted(cell: Cell | undefined, strongest: number): Markup | string {
  if (cell === undefined) return '';
  const { expectancyR, trades } = cell.metrics;
  const className = cell.isVerdictCell ? 'verdict-cell' : '';
  return tintedBox(
    expectancyR,
    strongest,
    html`${formatSigned(expectancyR, 2)}
<small class="sub">${formatCount(trades ?? 0, 'trade')}</small>`,
    className,
  );
}

/** A cell whose ground says how far from zero a value is, and on which side. */
export function tintedBox(value: number | null, strongest: number, content: Content, className = ''): Markup {
  const tone = value === null || value === 0 ? '' : value > 0 ? 'gain' : 'loss';
  const tint = Math.round((MOST_TINT * Math.min(strongest, Math.abs(value ?? 0))) / strongest);
  return html`<div class="tint ${tone} ${className}" style="--part:${tint}%">${content}</div>`;
}

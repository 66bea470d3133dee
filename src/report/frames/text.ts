import { SWEEP_METRICS } from '../../optimize/contract.ts';
import {
  formatNumber,
  formatPercent,
  formatPrice,
  formatR,
  formatSignedPercent,
  formatUsd,
  NOT_AVAILABLE,
} from '../format.ts';
import { SWEEP_METRIC_LOOKS } from '../sweep/metric-text.ts';
import { type Cell, type CellKind, NUMBER } from './cells.ts';

/** A frame as far as it is shown. */
export interface ShownFrame {
  readonly columns: readonly string[];
  readonly kinds: readonly (CellKind | string)[];
  readonly rows: readonly (readonly Cell[])[];
}

/** How numbers are written, by the name of their column: the first that fits. Fractions become per cent here. */
const LOOKS: readonly (readonly [column: RegExp, text: (value: number) => string])[] = [
  [/Usd$/, (value) => formatUsd(value)],
  [/[^d]R$|^rMultiple$/, (value) => formatR(value)],
  [/^(open|high|low|close)$|Price$/, (value) => (Number.isNaN(value) ? NOT_AVAILABLE : formatPrice(value))],
  [/^(win|up)Rate$/, (value) => formatPercent(value, 0)],
  [/^meanReturn$/, (value) => formatSignedPercent(value, 3)],
  [/^(sdReturn|meanRange)$/, (value) => formatPercent(value, 2)],
  [/Return$/, (value) => formatSignedPercent(value)],
  [/^volume$/, (value) => formatNumber(value)],
];

/** A cell for a reader: `+0.12 R`, `$1,234.50`, `51 %`. */
export function cellText(column: string, cell: Cell): string {
  if (typeof cell === 'string') return cell;
  const look = LOOKS.find(([name]) => name.test(column))?.[1];
  if (look !== undefined) return look(cell);
  const metric = SWEEP_METRICS.find((name) => name === column);
  return metric === undefined ? plainNumber(cell) : SWEEP_METRIC_LOOKS[metric].text(cell);
}

const SIGNIFICANT_DIGITS = 5;

/** Whole numbers whole, others with five digits. */
function plainNumber(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return formatNumber(value);
  const digitsBefore = Math.floor(Math.log10(Math.abs(value))) + 1;
  return formatNumber(value, Math.min(12, Math.max(0, SIGNIFICANT_DIGITS - digitsBefore)));
}

/** A table without lines, columns two spaces apart, numbers to the right. */
export function frameText({ columns, kinds, rows }: ShownFrame): string {
  const lines = [columns, ...rows.map((row) => row.map((cell, i) => cellText(columns[i] as string, cell)))];
  const widths = columns.map((_, i) => lines.reduce((width, line) => Math.max(width, (line[i] as string).length), 0));
  const padded = (text: string, i: number): string =>
    kinds[i] === NUMBER ? text.padStart(widths[i] as number) : text.padEnd(widths[i] as number);
  return lines.map((line) => line.map(padded).join('  ').trimEnd()).join('\n');
}

/** What `print` of danfojs makes of a frame: whole times, and lines only between the rows. */
export const PRINTED = {
  tableMaxRow: 50,
  tableDisplayConfig: {
    columns: {},
    columnDefault: { truncate: 20 },
    drawHorizontalLine: (line: number) => line === 1,
  },
};

import { type Content, html, type Markup } from './markup.ts';

export interface TableColumn<Row> {
  readonly title: Content;
  readonly cell: (row: Row) => Content;
  /** Numbers stand right, so that their digits line up. */
  readonly isNumber?: boolean;
  /** Classes of its cells, in the head and below. */
  readonly className?: string;
  /** Said beside the value where a narrow screen shows each row as a card. */
  readonly label?: string;
}

export interface TableSpec<Row> {
  /** What it is, for those who cannot see where it stands. */
  readonly label: string;
  readonly caption?: Content;
  readonly note?: Content;
  readonly className?: string;
  /** The first column names the row. */
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowAttributes?: (row: Row) => Markup;
  /** A line below each row, as wide as the table. */
  readonly detail?: (row: Row) => Content;
}

/** A table that scrolls inside its own box where it is too wide, by keyboard too; its caption stays where it is. */
export function table<Row>(spec: TableSpec<Row>): Markup {
  const { label, caption, note, className = '', columns, rows, rowAttributes, detail } = spec;
  const lines = rows.map((row) => {
    const cells = columns.map((column, i) => cell(column, row, i));
    return html`<tr ${rowAttributes?.(row)}>${cells}</tr>\n`;
  });
  const body =
    detail === undefined
      ? html`<tbody>${lines}</tbody>`
      : rows.map((row, i) => html`<tbody>${lines[i]}${detailRow(columns.length, detail(row))}</tbody>`);
  const box = html`<div class="scroll" role="group" tabindex="0" aria-label="${label}"><table class="${className}">
<thead><tr>${columns.map(headCell)}</tr></thead>
${body}</table></div>`;
  if (caption === undefined && note === undefined) return box;
  const small = note === undefined ? '' : html`<small>${note}</small>`;
  return html`<div class="table"><div class="caption">${caption} ${small}</div>
${box}</div>`;
}

function detailRow(columns: number, detail: Content): Markup {
  return html`<tr><td class="detail" colspan="${columns}">${detail}</td></tr>\n`;
}

function headCell<Row>(column: TableColumn<Row>): Markup {
  if (column.title === '') return html`<td></td>`;
  return html`<th scope="col"${classesOf(column)}>${column.title}</th>`;
}

function cell<Row>(column: TableColumn<Row>, row: Row, index: number): Markup {
  const content = column.cell(row);
  if (index === 0) return html`<th scope="row"${classesOf(column)}>${content}</th>`;
  const label = column.label === undefined ? '' : html` data-label="${column.label}"`;
  return html`<td${classesOf(column)}${label}>${content}</td>`;
}

function classesOf<Row>({ isNumber, className }: TableColumn<Row>): Markup | string {
  const classes = [isNumber === true ? 'n' : '', className ?? ''].filter((one) => one !== '');
  return classes.length === 0 ? '' : html` class="${classes.join(' ')}"`;
}

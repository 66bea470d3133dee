import { syntheticMark } from './marks.ts';
import { type Content, html, type Markup } from './markup.ts';

/** What every part of a page must know of its report. */
export interface ReportedData {
  readonly data: { readonly isSynthetic: boolean };
}

/** A part of the page with a heading; on invented prices it says so. */
export function section(
  report: ReportedData,
  id: string,
  title: string,
  body: Markup,
  { mark = '', attributes = '' }: { readonly mark?: Content; readonly attributes?: Content } = {},
): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-h" ${attributes}>
<div class="heading"><h2 id="${id}-h">${title}</h2>${mark}${syntheticMark(report.data.isSynthetic)}</div>
${body}</section>
`;
}

/** Terms and values, side by side as far as there is room. */
export function facts(rows: readonly (readonly [term: string, value: Content])[]): Markup {
  return html`<dl class="facts">
${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

/** A part that opens and closes without a script; on paper it is open. */
export function fold(title: string, body: Content, isOpen: boolean): Markup {
  return html`<details class="fold"${isOpen ? ' open' : ''}><summary><h3>${title}</h3></summary>
${body}</details>
`;
}

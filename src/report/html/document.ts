import { readFileSync } from 'node:fs';
import { type Content, html, type Markup, trusted } from './markup.ts';

const SYNTHETIC = 'Synthetic market: invented prices, no evidence about any real one';
/** The browser itself refuses whatever the page would ask of the network. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
const POLICY_WITH_SCRIPT = `${POLICY}; script-src 'unsafe-inline'`;

export interface DocumentParts {
  readonly title: string;
  readonly isSynthetic: boolean;
  readonly masthead: Content;
  readonly sections: Content;
  readonly footer: Content;
  /** Of a page that has one; no page needs it to be read. */
  readonly script?: Content;
}

/** One HTML file that needs nothing else: no network, no font, and no script to be read. */
export function renderDocument({ title, isSynthetic, masthead, sections, footer, script }: DocumentParts): string {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${script === undefined ? POLICY : POLICY_WITH_SCRIPT}">
<title>${isSynthetic ? 'Synthetic market – ' : ''}${title}</title>
<style>${styles(isSynthetic)}</style></head>
<body>${isSynthetic ? syntheticBar() : ''}
${masthead}
<main>${sections}</main>
<footer>${footer}</footer>
${script}</body></html>
`;
  return page.text;
}

/** On top of the window; on paper, a watermark on every page instead. */
function syntheticBar(): Markup {
  return html`<div class="synthetic-bar" role="note">${SYNTHETIC}</div>
<div class="watermark" aria-hidden="true"><span>SYNTHETIC MARKET</span></div>`;
}

/** Before any number: what a reader must know to read them. */
export function warningBox(warnings: readonly string[]): Markup | string {
  if (warnings.length === 0) return '';
  const notes = warnings.map((warning) => html`<li>${warning}</li>`);
  return html`<aside class="warnings" aria-label="Warnings"><b>${warnings.length === 1 ? 'Warning' : 'Warnings'}</b>
<ul>${notes}</ul></aside>`;
}

/** The style sheet, and what every printed page repeats at its edges. */
function styles(isSynthetic: boolean): Markup {
  const sheet = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
  if (!isSynthetic) return trusted(sheet);
  const repeated = `font:700 9pt sans-serif;color:#84206f;content:"${SYNTHETIC}"`;
  return trusted(`${sheet}@page{@top-center{${repeated}}@bottom-left{${repeated}}}`);
}

import { readFileSync } from 'node:fs';
import { type Content, html, type Markup, trusted } from './markup.ts';

export interface PictureParts {
  /** What it shows, over the chart. */
  readonly title: string;
  /** How to read it, under the chart: a line or more, each as wide as the picture allows. */
  readonly caption: readonly string[];
  /** A `plot`. */
  readonly chart: Markup;
  readonly chartHeightPx: number;
}

const WIDTH_PX = 760;
const LEFT_PX = 64;
const RIGHT_PX = 32;
const TOP_PX = 52;
const AXIS_PX = 42;
const LINE_PX = 19;

/** A chart of a report as a file of its own, for pages that are not ours: an SVG with its styles, light and dark. */
export function renderPicture({ title, caption, chart, chartHeightPx }: PictureParts): string {
  const captionPx = TOP_PX + chartHeightPx + AXIS_PX;
  const heightPx = captionPx + caption.length * LINE_PX + 8;
  const size = html`width="${WIDTH_PX}" height="${heightPx}" viewBox="0 0 ${WIDTH_PX} ${heightPx}"`;
  const place = html`x="${LEFT_PX}" y="${TOP_PX}" width="${WIDTH_PX - LEFT_PX - RIGHT_PX}" height="${chartHeightPx}"`;
  const lines = caption.map((line, i): Content => {
    const y = captionPx + (i + 1) * LINE_PX - 6;
    return html`<text class="caption" x="20" y="${y}">${line}</text>`;
  });
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" ${size}>
<style>${styles()}</style>
<rect class="paper" width="100%" height="100%"/>
<text class="title" x="20" y="27">${title}</text>
<svg ${place} overflow="visible">${chart}</svg>
${lines}
</svg>
`;
  return picture.text;
}

/** Colours and the look of charts are those of the reports' own style sheet. */
function styles(): Markup {
  const sheet = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
  const colours = [...sheet.matchAll(/^(?::root|@media \(prefers-color-scheme: dark\)) \{\n[\s\S]*?\n\}$/gm)];
  const charts = [...sheet.matchAll(/^\.plot[^{]*\{[^}]*\}$/gm)];
  const own = `.plot{width:100%;margin:0}.paper{fill:var(--paper)}.title{font:600 1rem var(--sans);fill:var(--ink)}
.caption{font:.8125rem var(--sans);fill:var(--soft)}`;
  return trusted(`${[...colours, ...charts].map(([rule]) => rule).join('\n')}\n${own}`);
}

import { type Content, html, type Markup } from './markup.ts';

/**
 * Charts as inline SVG that read well at any width without a script: shapes lie in a nested drawing of 1000 × 1000 that
 * is stretched to the box (strokes keep their width), while text and markers are placed in per cent and keep theirs.
 */
export const EXTENT = 1000;

/** Maps a value to 0 … 1000, left to right or top to bottom. */
export type Scale = (value: number) => number;

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface PlotSpec {
  /** Unique on the page; names the text alternatives. */
  readonly id: string;
  /** What it shows, in a few words, and what one sees, in a sentence: for those who cannot see it. */
  readonly title: string;
  readonly description: string;
  readonly heightPx: number;
  readonly x: Scale;
  readonly xTicks: readonly Tick[];
  readonly y: Scale;
  readonly yTicks: readonly Tick[];
  /** Drawn in 1000 × 1000, stretched. */
  readonly shapes: Content;
  /** Drawn over it, placed in per cent, not stretched. */
  readonly marks?: Content;
}

export function plot(spec: PlotSpec): Markup {
  const { id, title, description, heightPx, x, y, xTicks, yTicks, shapes, marks } = spec;
  return html`<svg class="plot" role="img" aria-labelledby="${id}-t ${id}-d" height="${heightPx}">
<title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
<g aria-hidden="true">${yTicks.map((tick) => horizontal(tick, y))}${xTicks.map((tick, i) => vertical(tick, x, i))}</g>
${stretched(shapes)}
${marks}</svg>`;
}

/** A drawing of 1000 × 1000 that fills its box, whatever shape that has. */
export function stretched(shapes: Content): Markup {
  const box = html`viewBox="0 0 ${EXTENT} ${EXTENT}" preserveAspectRatio="none"`;
  return html`<svg width="100%" height="100%" ${box}>${shapes}</svg>`;
}

export function shape(className: string, path: string): Markup {
  return html`<path class="${className}" d="${path}"/>`;
}

function horizontal({ at, label }: Tick, y: Scale): Markup {
  const place = percent(y(at));
  return html`<line class="grid" x1="0" x2="100%" y1="${place}" y2="${place}"/>
<text x="-8" y="${place}" dy=".35em" text-anchor="end">${label}</text>`;
}

/** On a narrow screen every second label gives way. */
function vertical({ at, label }: Tick, x: Scale, index: number): Markup {
  return html`<svg class="${index % 2 === 1 ? 'minor' : ''}" x="${percent(x(at))}" y="100%" overflow="visible">
<path class="tick" d="M0 0v5"/><text y="18" text-anchor="middle">${label}</text></svg>`;
}

/** A place in the drawing as per cent of the box. */
export function percent(place: number): string {
  return `${round(place / 10, 2)}%`;
}

/** Numbers for paths: two digits are a hundredth of a pixel on a wide screen. */
export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** The text alternative must be findable by reference, so names become safe ids. */
export function idOf(...parts: readonly string[]): string {
  return parts.join('-').replace(/[^A-Za-z0-9-]+/g, '_');
}

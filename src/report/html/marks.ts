import type { ReportedGate, ReportedVerdict } from '../schema.ts';
import { html, type Markup } from './markup.ts';

interface Look {
  readonly className: string;
  readonly shape: Markup;
}

/** Verdicts and gates differ by word and by shape (a disc, a cross, an open ring); colour only repeats it. */
const YES: Look = { className: 'keep', shape: html`<circle cx="8" cy="8" r="7" fill="currentColor"/>` };
const NO: Look = { className: 'kill', shape: html`<path class="cross" d="M2.5 2.5l11 11M13.5 2.5l-11 11"/>` };
const OPEN: Look = { className: 'no-verdict', shape: html`<circle class="ring" cx="8" cy="8" r="6"/>` };

const VERDICT_LOOKS: Readonly<Record<ReportedVerdict['word'], Look>> = { KEEP: YES, KILL: NO, 'NO VERDICT': OPEN };
const GATE_LOOKS: Readonly<Record<ReportedGate['status'], Look>> = { passed: YES, failed: NO, 'not available': OPEN };

export function verdictMark({ word, ground }: ReportedVerdict): Markup {
  return mark(VERDICT_LOOKS[word], word === 'KILL' ? html`<b>${word}</b> ${ground}` : html`<b>${word}</b>`);
}

export function gateMark({ status }: ReportedGate): Markup {
  return mark(GATE_LOOKS[status], html`${status}`);
}

function mark({ className, shape }: Look, text: Markup): Markup {
  const icon = html`<svg viewBox="0 0 16 16" aria-hidden="true">${shape}</svg>`;
  return html`<span class="verdict ${className}">${icon}<span>${text}</span></span>`;
}

/** On every section of a report on invented prices. */
export function syntheticMark(isSynthetic: boolean): Markup | string {
  return isSynthetic ? html`<span class="synthetic">synthetic market, not real prices</span>` : '';
}

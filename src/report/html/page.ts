import { readFileSync } from 'node:fs';
import type { CandleColumns } from '../../domain/candle.ts';
import { formatCount, formatDay, formatDuration, formatNumber } from '../format.ts';
import type { Report } from '../schema.ts';
import { dataSection, limitsSection, readingSection, settingsSection, verifySection } from './appendix.ts';
import { candleDrawings, sharedSymbols } from './candles-chart.ts';
import { lens } from './lens.ts';
import { html, type Markup, trusted } from './markup.ts';
import { facts } from './section.ts';
import { strategySection } from './strategy-section.ts';
import { inVerdictOrder, studyInWords, verdictSection } from './verdicts.ts';

export interface PageData {
  /** Of the study's own interval, for the charts; a coin without them has no chart. */
  readonly candles: readonly CandleColumns[];
}

const SYNTHETIC = 'Synthetic market: invented prices, no evidence about any real one';
/** The browser itself refuses whatever the page would ask of the network. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/**
 * The report as one HTML file that needs nothing else: no network, no font, and no script to be read. It reads on a
 * phone, on a desk and on paper.
 */
export function renderHtml(report: Report, { candles }: PageData): string {
  const drawings = candleDrawings(report, candles);
  const page = html`<!doctype html>
<html lang="en">${head(report)}
<body>${report.data.isSynthetic ? syntheticBar() : ''}
${sharedSymbols(drawings)}
${masthead(report)}
<main>${verdictSection(report)}
${readingSection(report)}
${inVerdictOrder(report.strategies).map((strategy) => strategySection(report, strategy, drawings))}
${limitsSection(report)}
${dataSection(report)}
${settingsSection(report)}
${verifySection(report)}</main>
<footer>Candor judges strategies on the past. It promises nothing about the future, and nothing here is advice.</footer>
${lens(report, candles)}</body></html>
`;
  return page.text;
}

function head(report: Report): Markup {
  const prefix = report.data.isSynthetic ? 'Synthetic market – ' : '';
  return html`<head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${prefix}${report.study.name} – Candor report</title>
<style>${styles(report)}</style></head>`;
}

/** On top of the window; on paper, a watermark on every page instead. */
function syntheticBar(): Markup {
  return html`<div class="synthetic-bar" role="note">${SYNTHETIC}</div>
<div class="watermark" aria-hidden="true"><span>SYNTHETIC MARKET</span></div>`;
}

function masthead(report: Report): Markup {
  const { data, study, warnings } = report;
  const candles = data.series
    .filter(({ interval }) => interval === study.interval)
    .reduce((sum, series) => sum + series.candles, 0);
  const span = `${formatDay(data.fromMs)} – ${formatDay(data.toMs)}, ${formatDuration(data.toMs - data.fromMs)}`;
  return html`<header class="masthead"><p class="eyebrow">Candor · backtest report</p><h1>${study.name}</h1>
<p class="lead">${studyInWords(report)}</p>
${warnings.length === 0 ? '' : warningBox(warnings)}
${facts([
  ['Data', data.isSynthetic ? html`<b>invented prices</b>` : `${data.source}, trade candles`],
  ['Coins', study.coins.join(', ')],
  ['Span', span],
  ['Candles', `${formatNumber(candles)} of ${study.interval}, warm-up included`],
  ['Controls', `2 × ${formatCount(study.controls.draws, 'draw')} a strategy`],
  ['Fingerprint', html`<code>${data.fingerprint.slice(0, 16)}</code>`],
])}</header>`;
}

/** Before any number: what a reader must know to read them. */
function warningBox(warnings: readonly string[]): Markup {
  const notes = warnings.map((warning) => html`<li>${warning}</li>`);
  return html`<aside class="warnings" aria-label="Warnings"><b>${warnings.length === 1 ? 'Warning' : 'Warnings'}</b>
<ul>${notes}</ul></aside>`;
}

/** The style sheet, and what every printed page repeats at its edges. */
function styles(report: Report): Markup {
  const sheet = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
  if (!report.data.isSynthetic) return trusted(sheet);
  const repeated = `font:700 9pt sans-serif;color:#84206f;content:"${SYNTHETIC}"`;
  return trusted(`${sheet}@page{@top-center{${repeated}}@bottom-left{${repeated}}}`);
}

import { readFileSync } from 'node:fs';
import { type CandleColumns, openTimeAt, rowAt } from '../../domain/candle.ts';
import { intervalMs } from '../../domain/time.ts';
import type { Report, ReportedTrade } from '../schema.ts';
import { html, type Markup, trusted } from './markup.ts';

/**
 * A look at one trade on the study's own candles, for whoever clicks on it: the charts merge candles so that they can
 * be told apart, and an auditor wants the ones that decided. It needs the page's only script; nothing else does.
 */

/** More candles than these would make the page heavier than a look is worth. */
const MOST_CANDLES = 30_000;
/** Candles before the span, so that the first trade is seen with what led to it. */
const ROWS_BEFORE = 48;

export function lens(report: Report, candles: readonly CandleColumns[]): Markup | string {
  const shown = candles.filter(
    ({ coin, interval }) => report.study.coins.includes(coin) && interval === report.study.interval,
  );
  const series = Object.fromEntries(shown.map((columns) => [columns.coin, seriesOf(report, columns)]));
  const count = Object.values(series).reduce((sum, { open }) => sum + open.length, 0);
  if (count === 0 || count > MOST_CANDLES) return '';
  const script = readFileSync(new URL('./page.js', import.meta.url), 'utf8');
  return html`<dialog id="lens" aria-labelledby="lens-h">
<form method="dialog"><h2 id="lens-h"></h2><button aria-label="Close">✕</button></form>
<p></p><svg class="plot" role="img" aria-label="The trade on its candles"></svg>
<div class="steps"><button type="button" data-step="-1">← Earlier</button>
<button type="button" data-step="1">Later →</button></div></dialog>
<script type="application/json" id="candles">${trusted(jsonInScript(series))}</script>
<script>${trusted(script)}</script>`;
}

/** What the script needs of a trade, on its row of the table of trades. */
export function lensAttributes(trade: ReportedTrade): Markup {
  const { coin, side, entryTimeMs, exitTimeMs, entryPrice, exitPrice, stopPrice, targetPrice } = trade;
  const values = [coin, side, entryTimeMs, exitTimeMs, entryPrice, exitPrice, stopPrice, targetPrice];
  return html`data-trade="${values.join(' ')}"`;
}

function seriesOf(report: Report, columns: CandleColumns) {
  const from = Math.max(0, Math.floor(rowAt(columns, report.data.fromMs)) - ROWS_BEFORE);
  const to = Math.min(columns.length, Math.ceil(rowAt(columns, report.data.toMs)));
  // A missing candle is null in JSON.
  const part = (column: Float64Array): number[] => [...column.subarray(from, to)];
  return {
    firstMs: openTimeAt(columns, from),
    stepMs: intervalMs(columns.interval),
    open: part(columns.open),
    high: part(columns.high),
    low: part(columns.low),
    close: part(columns.close),
  };
}

/** A coin's name could otherwise end the script. */
function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

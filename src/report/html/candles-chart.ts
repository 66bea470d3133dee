import { type CandleColumns, closeTimeAt, openTimeAt, rowAt } from '../../domain/candle.ts';
import { HOUR_MS, intervalMs } from '../../domain/time.ts';
import { formatCount, formatDuration, formatInstant, formatPrice, formatR } from '../format.ts';

import type { JudgedStrategy, Report, ReportedTrade } from '../schema.ts';
import { type Axis, steppedLabel, timeAxis, verticalAxis } from './axes.ts';
import { html, type Markup } from './markup.ts';
import { EXTENT, idOf, percent, plot, round, shape } from './plot.ts';
import { inEntryOrder } from './trades-table.ts';

/** Candles of a chart at most: more would be narrower than two pixels. */
const MOST_CANDLES = 380;
const GROUP_HOURS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168];

/** The candles of one coin over the span, drawn once on the page; the trades of all strategies lie on this drawing. */
export interface CandleDrawing {
  readonly coin: string;
  readonly id: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Length of a drawn candle; those of the study are merged so that they can be told apart. */
  readonly candleMs: number;
  readonly symbol: Markup;
}

export function candleDrawings(report: Report, candles: readonly CandleColumns[]): CandleDrawing[] {
  return report.study.coins.flatMap((coin) => {
    const columns = candles.find((one) => one.coin === coin && one.interval === report.study.interval);
    return columns === undefined ? [] : [drawingOf(report, columns)];
  });
}

/** Drawings that other drawings refer to; takes no room itself. */
export function sharedSymbols(drawings: readonly CandleDrawing[]): Markup {
  const symbols = [MARKERS, ...drawings.map(({ symbol }) => symbol)];
  return html`<svg class="symbols" width="0" height="0" aria-hidden="true"><defs>${symbols}</defs></svg>`;
}

interface Bar {
  readonly openTimeMs: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
}

function drawingOf(report: Report, columns: CandleColumns): CandleDrawing {
  const { fromMs, toMs } = report.data;
  const candleMs = drawnLengthMs(toMs - fromMs, intervalMs(columns.interval));
  const bars = mergedBars(columns, fromMs, toMs, candleMs);
  const low = Math.min(...bars.map((bar) => bar.low));
  const high = Math.max(...bars.map((bar) => bar.high));
  const x = timeAxis(fromMs, toMs);
  const y = verticalAxis(low, high, 5, steppedLabel(low, high, 5));
  const id = idOf('candles', columns.coin);
  const widthOf = (bar: Bar): number => (x.scale(bar.openTimeMs + candleMs) - x.scale(bar.openTimeMs)) * 0.72;
  const middleOf = (bar: Bar): number => x.scale(bar.openTimeMs + candleMs / 2);
  const wicks = bars.map((bar) => `M${round(middleOf(bar))} ${round(y.scale(bar.high))}V${round(y.scale(bar.low))}`);
  const body = (bar: Bar): string => {
    const width = round(widthOf(bar), 2);
    const top = round(y.scale(Math.max(bar.open, bar.close)));
    const height = Math.max(1, round(y.scale(Math.min(bar.open, bar.close)) - top));
    return `M${round(middleOf(bar) - width / 2)} ${top}h${width}v${height}h${-width}z`;
  };
  const bodies = (isUp: boolean): string[] => bars.filter((bar) => bar.close >= bar.open === isUp).map(body);
  const symbol = html`<g id="${id}" class="candles">${[
    shape('wicks', wicks.join('')),
    shape('up', bodies(true).join('')),
    shape('down', bodies(false).join('')),
  ]}</g>`;
  return { coin: columns.coin, id, x, y, candleMs, symbol };
}

function drawnLengthMs(spanMs: number, intervalLengthMs: number): number {
  if (spanMs / intervalLengthMs <= MOST_CANDLES) return intervalLengthMs;
  const fits = GROUP_HOURS.map((hours) => hours * HOUR_MS).find(
    (lengthMs) => lengthMs % intervalLengthMs === 0 && spanMs / lengthMs <= MOST_CANDLES,
  );
  return fits ?? Math.ceil(spanMs / MOST_CANDLES / intervalLengthMs) * intervalLengthMs;
}

/** Candles of the span on a coarser UTC grid; a missing candle adds nothing, and a bar of missing candles is absent. */
function mergedBars(columns: CandleColumns, fromMs: number, toMs: number, candleMs: number): Bar[] {
  const bars: Bar[] = [];
  const first = Math.max(0, Math.ceil(rowAt(columns, fromMs)));
  for (let row = first; row < columns.length && closeTimeAt(columns, row) <= toMs; row++) {
    const open = columns.open[row] as number;
    if (Number.isNaN(open)) continue;
    const high = columns.high[row] as number;
    const low = columns.low[row] as number;
    const close = columns.close[row] as number;
    const openTimeMs = Math.floor(openTimeAt(columns, row) / candleMs) * candleMs;
    const bar = bars.at(-1);
    if (bar === undefined || bar.openTimeMs !== openTimeMs) {
      bars.push({ openTimeMs, open, high, low, close });
      continue;
    }
    bar.high = Math.max(bar.high, high);
    bar.low = Math.min(bar.low, low);
    bar.close = close;
  }
  return bars;
}

/** The trades of one strategy on the candles of one coin. */
export function tradesOnCandles(strategy: JudgedStrategy, drawings: readonly CandleDrawing[]): Markup {
  return html`<div class="stack"><p class="legend"><span>▲ long, ▼ short: the entry</span>
<span class="gain">━● exit of a trade that won</span>
<span class="loss">━✕ of one that lost</span><span class="loss">┅ the stop at the entry</span>
<span class="with-script">Choose a trade to see it on the study’s own candles.</span></p>
${drawings.map((drawing) => tradesFigure(strategy, drawing))}</div>`;
}

function tradesFigure(strategy: JudgedStrategy, drawing: CandleDrawing): Markup {
  const { coin, id, x, y, candleMs } = drawing;
  const rows = inEntryOrder(strategy.trades)
    .map((trade, row) => ({ trade, row }))
    .filter(({ trade }) => trade.coin === coin);
  const trades = rows.map(({ trade }) => trade);
  const won = trades.filter((trade) => trade.netPnlUsd > 0);
  const lost = trades.filter((trade) => trade.netPnlUsd <= 0);
  const description = `${formatCount(trades.length, 'trade')}, ${won.length} won, ${lost.length} lost.`;
  return html`<figure class="keep-together">
<h4>${coin} <small>${description} Candles of ${formatDuration(candleMs)}.</small></h4>
<div class="wide" role="group" tabindex="0" aria-label="Trades on ${coin}">${plot({
    id: idOf(strategy.name, 'on', coin),
    title: `Trades of ${strategy.name} on ${coin}`,
    description,
    heightPx: 250,
    x: x.scale,
    xTicks: x.ticks,
    y: y.scale,
    yTicks: y.ticks,
    shapes: [
      html`<use href="#${id}"/>`,
      lines(won, 'won', drawing),
      lines(lost, 'lost', drawing),
      stops(trades, drawing),
    ],
    marks: rows.map(({ trade, row }) => marker(trade, row, drawing)),
  })}</div></figure>`;
}

function lines(trades: readonly ReportedTrade[], className: string, { x, y }: CandleDrawing): Markup {
  const path = trades.map(({ entryTimeMs, exitTimeMs, entryPrice, exitPrice }) => {
    const from = `${round(x.scale(entryTimeMs))} ${round(y.scale(entryPrice))}`;
    return `M${from}L${round(x.scale(exitTimeMs))} ${round(y.scale(exitPrice))}`;
  });
  return shape(className, path.join(''));
}

function stops(trades: readonly ReportedTrade[], { x, y }: CandleDrawing): Markup {
  const path = trades.map(({ entryTimeMs, exitTimeMs, stopPrice }) => {
    return `M${round(x.scale(entryTimeMs))} ${round(inside(y.scale(stopPrice)))}H${round(x.scale(exitTimeMs))}`;
  });
  return shape('stops', path.join(''));
}

/** A stop may lie beyond the candles; its line stays on the edge of the drawing. */
function inside(place: number): number {
  return Math.min(EXTENT, Math.max(0, place));
}

/** A triangle at the entry, pointing where the trade bets; at the exit a dot if it won, a cross if it lost. */
const MARKERS = html`<g class="mark" id="mark-long"><path d="M0 1.5l5 9h-10z"/></g>
<g class="mark" id="mark-short"><path d="M0 -1.5l5 -9h-10z"/></g>
<g class="mark" id="mark-won"><circle r="3"/></g>
<g class="mark" id="mark-lost"><path class="cross" d="M-3 -3l6 6M3 -3l-6 6"/></g>`;

function marker(trade: ReportedTrade, row: number, { x, y }: CandleDrawing): Markup {
  const isWon = trade.netPnlUsd > 0;
  const at = (timeMs: number, price: number, mark: string): Markup =>
    html`<use href="#mark-${mark}" x="${percent(x.scale(timeMs))}" y="${percent(y.scale(price))}"/>`;
  return html`<g class="marker ${isWon ? 'gain' : 'loss'}" data-row="${row}"><title>${tradeInWords(trade)}</title>${[
    at(trade.entryTimeMs, trade.entryPrice, trade.side),
    at(trade.exitTimeMs, trade.exitPrice, isWon ? 'won' : 'lost'),
  ]}</g>`;
}

/** `BTC long 2025-05-02 04:00 at 94,120, out 2025-05-02 11:00 at 96,001 (target): +1.97 R` */
function tradeInWords(trade: ReportedTrade): string {
  const { coin, side, entryTimeMs, exitTimeMs, entryPrice, exitPrice, reason, rMultiple } = trade;
  return (
    `${coin} ${side} ${formatInstant(entryTimeMs)} at ${formatPrice(entryPrice)}, ` +
    `out ${formatInstant(exitTimeMs)} at ${formatPrice(exitPrice)} (${reason}): ${formatR(rMultiple)}`
  );
}

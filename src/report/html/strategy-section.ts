import { formatCount, formatInstant, formatNumber, formatPrice, formatR, formatUsd } from '../format.ts';
import type { FailedStrategy, JudgedStrategy, Report, ReportedTrade, StrategyReport } from '../schema.ts';
import { accountFigure } from './account-chart.ts';
import { type CandleDrawing, tradesOnCandles } from './candles-chart.ts';
import { heatMap } from './heat-map.ts';
import { controlHistogram, tradesHistogram } from './histograms.ts';
import { lensAttributes } from './lens.ts';
import { verdictMark } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { metricsTable } from './metrics-table.ts';
import { facts, section } from './section.ts';
import { table } from './table.ts';
import { claimsTable, coinTable, gatesTable, monthTable, robustnessTable, toned } from './tables.ts';
import { sectionId } from './verdicts.ts';

/** Everything about one strategy, from its verdict to its last trade. */
export function strategySection(report: Report, strategy: StrategyReport, drawings: readonly CandleDrawing[]): Markup {
  const { name, verdict } = strategy;
  return section(
    report,
    sectionId(name),
    name,
    html`<p class="lead">${verdict.sentence}</p>
${strategy.status === 'failed' ? failedBody(strategy) : judgedBody(report, strategy, drawings)}
<p class="back"><a href="#verdicts">Back to the verdicts</a></p>`,
    { mark: verdictMark(verdict), attributes: html`class="strategy" data-strategy="${name}"` },
  );
}

function failedBody({ error }: FailedStrategy): Markup {
  return html`<p><b>${error.message}</b></p>
${error.details.length === 0 ? '' : html`<ul>${error.details.map((detail) => html`<li>${detail}</li>`)}</ul>`}
${error.hint === null ? '' : html`<p>${error.hint}</p>`}`;
}

function judgedBody(report: Report, strategy: JudgedStrategy, drawings: readonly CandleDrawing[]): Markup {
  const hasTrades = strategy.trades.length > 0;
  return html`${factsOf(strategy)}
<div class="blocks">
<div>${gatesTable(strategy)}</div>
${criticism(strategy)}
${hasTrades ? accountFigure(report, strategy) : ''}
${strategy.controls.map((control) => controlHistogram(strategy, control))}${tradesHistogram(strategy)}
${hasTrades && drawings.length > 0 ? tradesOnCandles(strategy, drawings) : ''}
<div class="half keep-together">${heatMap(strategy)}</div>
<div class="half stack">${coinTable(strategy)}${monthTable(strategy)}</div>
<div>${metricsTable(strategy)}</div>
<div class="half">${claimsTable(strategy)}</div>
<div class="half">${robustnessTable(strategy, report.study.interval)}${refusalLine(strategy)}</div>
${hasTrades ? tradesTable(strategy) : ''}
</div>`;
}

function factsOf(strategy: JudgedStrategy): Markup {
  const params = Object.entries(strategy.params).map(([name, value]) => `${name} ${value}`);
  const { smallestEdgeR } = strategy.power;
  return facts([
    ['What it does', strategy.summary],
    ['It bets on', strategy.thesis],
    ['Params', params.length === 0 ? 'none' : params.join(', ')],
    [
      'Least edge that this study could have found',
      smallestEdgeR === null ? 'n/a' : `${formatNumber(smallestEdgeR, 2)} R a trade`,
    ],
    ['File, sha256', html`<code>${strategy.fileSha256.slice(0, 12)}</code>`],
  ]);
}

function criticism(strategy: JudgedStrategy): Markup {
  const list =
    strategy.criticism.length === 0
      ? html`<p class="soft">None of the questions that the study asks itself found anything.</p>`
      : html`<ul class="criticism">${strategy.criticism.map(({ text }) => html`<li>${text}</li>`)}</ul>`;
  return html`<div class="keep-together"><h3>What speaks against it</h3>${list}</div>`;
}

function refusalLine({ refusals, conflicts, lapses }: JudgedStrategy): Markup {
  const parts = Object.entries(refusals).map(([refusal, count]) => `${formatNumber(count)} ${refusal}`);
  if (conflicts > 0) parts.push(`${formatNumber(conflicts)} long and short at once`);
  if (lapses > 0) parts.push(`${formatNumber(lapses)} without a next candle`);
  const words =
    parts.length === 0
      ? 'Every signal that met a flat leg became a trade.'
      : `Signals without a trade: ${parts.join(', ')}.`;
  return html`<p class="note">${words}</p>`;
}

function tradesTable(strategy: JudgedStrategy): Markup {
  const { name, trades } = strategy;
  return html`<details><summary>All ${formatCount(trades.length, 'trade')}</summary>
${table<ReportedTrade>({
  label: `Trades of ${name}`,
  rowAttributes: lensAttributes,
  columns: [
    { title: 'Entry, UTC', cell: (trade) => formatInstant(trade.entryTimeMs) },
    { title: 'Coin', cell: (trade) => trade.coin },
    { title: 'Side', cell: (trade) => trade.side },
    { title: 'Quantity', cell: (trade) => trade.quantity, isNumber: true },
    { title: 'Entry', cell: (trade) => formatPrice(trade.entryPrice), isNumber: true },
    { title: 'Stop', cell: (trade) => formatPrice(trade.stopPrice), isNumber: true },
    { title: 'Exit', cell: (trade) => formatPrice(trade.exitPrice), isNumber: true },
    { title: 'Exit, UTC', cell: (trade) => formatInstant(trade.exitTimeMs), className: 'text' },
    { title: 'Why', cell: (trade) => trade.reason },
    { title: 'Fees', cell: (trade) => formatUsd(trade.feesUsd), isNumber: true },
    { title: 'Funding', cell: (trade) => formatUsd(trade.fundingUsd), isNumber: true },
    { title: 'Net', cell: (trade) => formatUsd(trade.netPnlUsd), isNumber: true },
    { title: 'R', cell: (trade) => toned(trade.rMultiple, formatR(trade.rMultiple)), isNumber: true },
  ],
  rows: trades,
})}</details>`;
}

import { formatNumber } from '../format.ts';
import { nameOf } from '../name.ts';
import type { FailedStrategy, JudgedStrategy, Report, StrategyReport } from '../schema.ts';
import { accountFigure } from './account-chart.ts';
import { type CandleDrawing, tradesOnCandles } from './candles-chart.ts';
import { choiceTable } from './choice-table.ts';
import { heatMap } from './heat-map.ts';
import { controlHistogram, tradesHistogram } from './histograms.ts';
import { verdictMark } from './marks.ts';
import { type Content, html, type Markup } from './markup.ts';
import { metricsTable } from './metrics-table.ts';
import { robustnessBlocks } from './robustness.ts';
import { facts, fold, section } from './section.ts';
import { claimsTable, coinTable, gatesTable, monthTable, robustnessTable } from './tables.ts';
import { tradesList } from './trades-table.ts';
import { sectionId } from './verdicts.ts';
import { walkForwardSection } from './walk-forward-table.ts';

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
${strategy.choice === undefined ? '' : html`<div>${choiceTable(strategy.name, strategy.choice)}</div>`}
${criticism(strategy)}
${hasTrades ? accountFigure(report, strategy) : ''}
${strategy.controls.map((control) => controlHistogram(strategy, control))}
<div>${details(report, strategy, drawings)}</div>
</div>`;
}

/** What one looks up: open for a strategy that may trade, folded for the others. The list of its trades never opens. */
function details(report: Report, strategy: JudgedStrategy, drawings: readonly CandleDrawing[]): Markup {
  const hasTrades = strategy.trades.length > 0;
  const isKept = strategy.verdict.word === 'KEEP';
  const parts = html`<div class="blocks">
<div class="half stack">${heatMap(strategy)}${tradesHistogram(strategy)}</div>
<div class="half stack">${coinTable(strategy)}${monthTable(strategy)}${robustnessTable(strategy, report.study.interval)}
</div>
${robustnessBlocks(strategy, report.config.gates.minTrades)}</div>`;
  return html`${
    hasTrades && drawings.length > 0 ? fold('Trades on candles', tradesOnCandles(strategy, drawings), isKept) : ''
  }${fold('By risk cell, coin, month and condition, and what if', parts, isKept)}
${walkForwardSection(strategy, isKept)}${fold('Every metric beside its controls', metricsTable(strategy), isKept)}
${fold('What each condition says, and what was measured', [claimsTable(strategy), refusalLine(strategy)], isKept)}
${hasTrades ? tradesList(strategy, `${nameOf(report)}.json`) : ''}`;
}

function factsOf(strategy: JudgedStrategy): Markup {
  const params = Object.entries(strategy.params).map(([name, value]) => `${name} ${value}`);
  const { smallestEdgeR } = strategy.power;
  return facts([
    ['What it does', strategy.summary],
    ['It bets on', strategy.thesis],
    ['Params', params.length === 0 ? 'none' : [params.join(', '), chosenFrom(strategy)]],
    [
      'Least edge that this study could have found',
      smallestEdgeR === null ? 'n/a' : `${formatNumber(smallestEdgeR, 2)} R a trade`,
    ],
    ['File, sha256', html`<code>${strategy.fileSha256.slice(0, 12)}</code>`],
  ]);
}

/** Chosen on these candles, and so in every draw of the controls. */
function chosenFrom({ choice }: JudgedStrategy): Content {
  if (choice === undefined) return '';
  const lists = Object.entries(choice.lists).map(([name, values]) => `${name} ${values.join(', ')}`);
  return html`<br><small>the best of ${choice.combinations.length} combinations: ${lists.join('; ')}</small>`;
}

function criticism(strategy: JudgedStrategy): Markup {
  const list =
    strategy.criticism.length === 0
      ? html`<p class="soft">${noCriticism(strategy)}</p>`
      : html`<ul class="criticism">${strategy.criticism.map(({ text }) => html`<li>${text}</li>`)}</ul>`;
  return html`<div class="keep-together"><h3>What speaks against it</h3>${list}</div>`;
}

/** A question that found nothing is no praise for a strategy that its gates refuse. */
function noCriticism({ gates, trades }: JudgedStrategy): string {
  if (trades.length === 0) return 'It never traded, so there is no result to question.';
  const isRefused = gates.some(({ decides, status }) => decides && status !== 'passed');
  return isRefused
    ? 'The gates above already say it; the study’s other questions found nothing further.'
    : 'None of the questions that the study asks itself found anything.';
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

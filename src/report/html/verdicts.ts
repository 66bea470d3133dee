import { formatCount, formatNumber, formatP, formatPercent, formatR, formatSigned } from '../format.ts';
import type { JudgedStrategy, Report, StrategyReport } from '../schema.ts';
import { verdictMark } from './marks.ts';
import { type Content, html, type Markup } from './markup.ts';
import { idOf } from './plot.ts';
import { section } from './section.ts';
import { strip, stripAxis, stripScale } from './strip.ts';
import { type TableColumn, table } from './table.ts';

const ORDER = ['KEEP', 'KILL', 'NO VERDICT'];

/** Kept first, then killed, then those without a verdict; among equals, the order of the study. */
export function inVerdictOrder(strategies: readonly StrategyReport[]): StrategyReport[] {
  return strategies.toSorted((a, b) => ORDER.indexOf(a.verdict.word) - ORDER.indexOf(b.verdict.word));
}

export function sectionId(name: string): string {
  return idOf('strategy', name);
}

/** The first thing that a reader sees: what became of every strategy, and why. */
export function verdictSection(report: Report): Markup {
  const level = formatPercent(1 - report.config.gates.alpha, 0);
  return section(
    report,
    'verdicts',
    'Verdicts',
    html`${table({
      label: 'Verdicts',
      className: 'verdicts',
      columns: [...wordColumns(), ...numberColumns(report)],
      rows: inVerdictOrder(report.strategies),
      rowAttributes: () => html`class="line"`,
      detail: ({ verdict }) => verdict.sentence,
    })}
<p class="note">Dot: mean result of a trade in R, after costs. Whisker: its one-sided ${level} bounds. Grey bar: 5 to
95 % of the coin flips with the same stops, their median ticked. Dashes: zero.</p>`,
  );
}

function wordColumns(): TableColumn<StrategyReport>[] {
  return [
    {
      title: 'Strategy',
      cell: ({ name }) => html`<a class="name" href="#${sectionId(name)}">${name}</a>`,
    },
    { title: 'Verdict', cell: ({ verdict }) => verdictMark(verdict), className: 'word' },
  ];
}

function numberColumns(report: Report): TableColumn<StrategyReport>[] {
  const ran = report.strategies.filter((strategy) => strategy.status === 'judged');
  const scale = stripScale(ran, report.config.gates.minTrades);
  const judged = (cell: (strategy: JudgedStrategy) => Content) => (strategy: StrategyReport) =>
    strategy.status === 'judged' ? cell(strategy) : '–';
  return [
    {
      title: html`Better than<br>coin flips`,
      label: 'Better than',
      cell: judged(beaten),
      isNumber: true,
    },
    {
      title: html`p, rotation,<br>family`,
      label: 'p, rotation',
      cell: judged(({ pValues }) => formatP(pValues.family)),
      isNumber: true,
    },
    { title: html`Expectancy<br>a trade`, label: 'Expectancy', cell: judged(expectancy), isNumber: true },
    {
      title: html`In R, with its bounds,<br>among coin flips${stripAxis(scale)}`,
      cell: judged((strategy) => strip(strategy, scale)),
      className: 'strip text wide-cell',
    },
    { title: 'Trades', label: 'Trades', cell: judged(({ metrics }) => formatNumber(metrics.trades)), isNumber: true },
    {
      title: html`Deepest<br>drawdown`,
      label: 'Drawdown',
      cell: judged(({ metrics }) => formatPercent(metrics.maxDrawdownFraction)),
      isNumber: true,
    },
  ];
}

function beaten({ controls, pValues }: JudgedStrategy): Content {
  const control = controls.find(({ kind }) => kind === 'coin-flip');
  if (control === undefined || pValues.coinFlip === null) return 'n/a';
  const { draws, asGood } = control;
  const all = html`<small class="sub soft">of ${formatNumber(draws)}<span class="narrow"> coin flips</span></small>`;
  return html`${formatNumber(draws - asGood)}${all}`;
}

function expectancy({ metrics, expectancy: { lowerR, upperR } }: JudgedStrategy): Content {
  const mean = formatR(metrics.expectancyR);
  if (lowerR === null) return mean;
  return html`${mean}<small class="sub soft">${formatSigned(lowerR, 2)} … ${formatSigned(upperR, 2)}</small>`;
}

/** The result of the study in a sentence or two. */
export function studyInWords({ strategies }: Report): string {
  const count = (word: string): number => strategies.filter(({ verdict }) => verdict.word === word).length;
  const kept = count('KEEP');
  const killed = count('KILL');
  const open = count('NO VERDICT');
  if (strategies.length === 1) return onlyStrategyInWords(kept, killed);
  const all = formatCount(strategies.length, 'strategy', 'strategies');
  const first =
    kept === 0
      ? `None of ${all} showed an edge that luck does not explain.`
      : `${formatNumber(kept)} of ${all} showed an edge that luck hardly explains.`;
  const rest = [
    killed === 0 ? '' : `${formatNumber(killed)} ${killed === 1 ? 'is' : 'are'} killed`,
    open === 0 ? '' : `${formatNumber(open)} ${open === 1 ? 'has' : 'have'} no verdict`,
  ].filter((part) => part !== '');
  return rest.length === 0 ? first : `${first} ${rest.join(', ')}.`;
}

function onlyStrategyInWords(kept: number, killed: number): string {
  if (kept === 1) return 'The only strategy showed an edge that luck hardly explains.';
  const rest = killed === 1 ? 'It is killed.' : 'It has no verdict.';
  return `The only strategy showed no edge that luck does not explain. ${rest}`;
}

import { rulesOf } from '../build.ts';
import { formatInstant, formatNumber, formatPercent, formatUsd } from '../format.ts';
import { nameOf } from '../name.ts';
import { revisedInWords, type SeenValues } from '../revisions.ts';
import { rulesInWords } from '../risk-words.ts';
import type { Report, SeriesFacts } from '../schema.ts';
import { type Content, html, type Markup } from './markup.ts';
import { type ReportedData, section } from './section.ts';
import { table } from './table.ts';

/** What a reader needs to know before the numbers mean something. */
export function readingSection(report: Report): Markup {
  const draws = formatNumber(report.study.controls.draws);
  const alpha = formatPercent(report.config.gates.alpha, 0);
  return section(
    report,
    'reading',
    'How to read this',
    html`<div class="blocks">
<div class="half">
<p><b>R</b> is what a trade risked: the distance from its entry to its stop, times its size. A trade of +1 R won what it
had put at risk. Expectancy is the mean R of all trades, after fees, slippage and funding.</p>
<p><b>Coin flips</b> are ${draws} traders without a clue: as many entries, as often long, at random moments, with the
same stops, targets, sizes and costs. A strategy that does not beat them owes its result to its stops, or to luck.</p>
</div><div class="half">
<p><b>Rotations</b> are the strategy’s own signals moved to other times, all coins together. They keep its habits and
take away its timing. This control carries the verdict; ${correctionInWords(report)}</p>
<p><b>KEEP</b> passes every gate that decides; its gates are set so that, without any edge anywhere, at most ${alpha}
of studies should say it.
<b>KILL refuted</b>: shown to lose. <b>KILL unproven</b>: not shown to win. <b>NO VERDICT</b>: this data cannot tell.
Only a KEEP may trade.</p></div></div>`,
  );
}

function correctionInWords({ family: { method, strategies } }: Report): string {
  if (strategies === 1) return 'with one strategy in the study, its p needs no correction.';
  const correction = method === 'holm' ? 'Holm' : 'Westfall and Young';
  return (
    `its p is corrected for all ${formatNumber(strategies)} strategies of the study (${correction}), ` +
    'because the best of many looks good by chance.'
  );
}

type Limit = Readonly<Report['limits'][number]>;

export function limitsSection(report: ReportedData & { readonly limits: readonly Limit[] }): Markup {
  return section(
    report,
    'limits',
    'What this backtest does not model',
    table<Limit>({
      label: 'What this backtest does not model',
      columns: [
        { title: 'Absent', cell: ({ what }) => what },
        { title: 'What that means here', cell: ({ effect }) => effect },
      ],
      rows: report.limits,
    }),
  );
}

export function dataSection(report: Report): Markup {
  const { data } = report;
  return section(
    report,
    'data',
    'Data',
    html`<p>${sourceInWords(report)} Fingerprint <code>${data.fingerprint}</code></p>
${table<SeriesFacts>({
  label: 'Series that the study used',
  caption: 'Series',
  note: 'Warm-up included. Missing candles are never filled in; a missing funding hour costs nothing, and is counted.',
  columns: [
    { title: 'Coin', cell: ({ coin }) => coin },
    { title: 'Interval', cell: ({ interval }) => interval },
    { title: 'First open, UTC', cell: ({ firstOpenMs }) => formatInstant(firstOpenMs) },
    { title: 'Last close, UTC', cell: ({ lastCloseMs }) => formatInstant(lastCloseMs) },
    { title: 'Candles', cell: ({ candles }) => formatNumber(candles), isNumber: true },
    { title: 'Missing', cell: ({ missingCandles }) => formatNumber(missingCandles), isNumber: true },
    { title: 'Gaps', cell: ({ gaps }) => formatNumber(gaps), isNumber: true },
    { title: 'Without volume', cell: (series) => formatPercent(series.zeroVolumeFraction, 2), isNumber: true },
    { title: 'Funding hours missing', cell: fundingInWords, isNumber: true },
  ],
  rows: data.series,
})}`,
  );
}

function fundingInWords({ missingFundingHours, fundingHours }: SeriesFacts): string {
  return `${formatNumber(missingFundingHours)} of ${formatNumber(fundingHours)}`;
}

export function settingsSection(report: Report): Markup {
  const { study, data } = report;
  return section(
    report,
    'settings',
    'Study, settings, seeds',
    html`<div class="blocks"><div class="half">${pairs('The study', [
      ['Name', study.name],
      ['Coins', study.coins.join(', ')],
      ['Decides on', `${study.interval} candles`],
      ['Confirmed on', study.confirm.length === 0 ? 'nothing finer' : `${study.confirm.join(', ')} candles`],
      ['Span', `${formatInstant(data.fromMs)} to ${formatInstant(data.toMs)} UTC`],
      ['Verdict cell', rulesInWords(rulesOf(study.cell))],
      ['Risk grid', `${formatNumber(study.grid.length)} cells`],
      ['Deposit', formatUsd(study.depositUsd)],
      ['Draws of each control', formatNumber(study.controls.draws)],
    ])}</div>
<div class="half">${pairs('Settings and versions', settings(report))}</div>
<div>${instruments(report)}</div></div>`,
  );
}

function settings(report: Report): [string, Content][] {
  const { config, made, study, versions, commit } = report;
  const { gates, fees } = config;
  const durations = Object.entries(made.durationsMs).map(([name, ms]) => `${name} ${formatNumber(ms / 1000, 1)} s`);
  const modified = commit?.isModified ? ' with changes that were not committed' : '';
  const gatesInWords =
    `level ${formatPercent(gates.alpha, 1)}, target edge ${formatNumber(gates.targetEdgeR, 2)} R, ` +
    `at least ${formatNumber(gates.minTrades)} trades in ${formatNumber(gates.minWeeks)} weeks`;
  return [
    ['Fees', `taker ${formatPercent(fees.taker, 3)}, maker ${formatPercent(fees.maker, 3)}`],
    ['Slippage', `${formatNumber(config.slippageBps, 1)} basis points`],
    ['Gates', gatesInWords],
    ['Seeds', `controls ${study.controls.seed}, everything else ${report.seed}`],
    ['Commit', commit === null ? 'not a git checkout' : html`<code>${commit.sha}</code>${modified}`],
    ['Versions', Object.entries(versions).map(([name, version]) => html`${name} ${version}<br>`)],
    ['Made', `${formatInstant(made.createdAtMs)} UTC`],
    ['It took', durations.join(', ')],
  ];
}

function instruments({ data }: Report): Markup {
  return table<Report['data']['instruments'][number]>({
    label: 'Rules of the instruments',
    caption: 'Rules of the instruments',
    columns: [
      { title: 'Coin', cell: ({ coin }) => coin },
      { title: 'Decimals of a size', cell: ({ szDecimals }) => szDecimals, isNumber: true },
      {
        title: 'Most leverage, from this notional on',
        cell: ({ marginTiers }) =>
          marginTiers.map((tier) => `${tier.maxLeverage}× from ${formatUsd(tier.fromNotionalUsd, 0)}`).join(', '),
        className: 'text',
      },
    ],
    rows: data.instruments,
  });
}

export function verifySection(report: Report): Markup {
  const file = `${nameOf(report)}.json`;
  return section(
    report,
    'verify',
    'How to verify',
    html`<p>This page is made of <code>${file}</code>, which holds every trade and every number shown here. Whoever has
the same data and the code of the commit above runs</p>
<p><code>npx candor verify ${file}</code></p>
<p>It runs the study again and compares every number to the last digit. The result bears the hash
<code>${report.resultHash}</code>, which does not depend on the machine or the time.</p>`,
  );
}

/** Terms and values, one below the other. */
export function pairs(title: string, rows: readonly (readonly [string, Content])[]): Markup {
  return html`<table><caption>${title}</caption><tbody>
${rows.map(([term, value]) => html`<tr><th scope="row">${term}</th><td>${value}</td></tr>\n`)}</tbody></table>`;
}

const INVENTED =
  'The prices are invented by a seeded generator: they show what the program does, and nothing about any market.';

/** Where the candles of a page come from, in a sentence. */
export function sourceInWords({ data, made: { revised = [] } }: SourcedReport): string {
  if (data.isSynthetic) return INVENTED;
  const values = data.asSeen ? 'as they were first seen' : 'as they are stored';
  const since = revised.length === 0 ? '' : ` Revised since they were first seen: ${revisedInWords(revised)}.`;
  return `Trade candles of ${data.source}, ${values}.${since}`;
}

type SourcedReport = SeenValues & { readonly data: { readonly isSynthetic: boolean; readonly source: string } };

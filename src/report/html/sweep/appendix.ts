import { formatInstant, formatNumber, formatPercent, formatR, formatSeconds, formatUsd } from '../../format.ts';
import { nameOfSweep } from '../../name.ts';
import { rulesInWords } from '../../risk-words.ts';
import { refusedInWords } from '../../sweep/combinations.ts';
import type { MarketSummary, SweepReport } from '../../sweep/schema.ts';
import { pairs, sourceInWords } from '../appendix.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { section } from '../section.ts';
import { table } from '../table.ts';
import { toned } from '../tables.ts';
import { countedInWords, marketInWords, replaysInWords, shortR } from './words.ts';

type Silent = SweepReport['silent'][number];
type Series = SweepReport['data']['series'][number];

const MOST_MARKETS = 100;

/** Every strategy on every account and interval, where there is more than one of these. */
export function marketsSection(report: SweepReport): Markup | string {
  const { markets } = report;
  if (markets.length < 2) return '';
  const shown = markets.slice(0, MOST_MARKETS);
  const rest = markets.length - shown.length;
  const more = rest === 0 ? '' : ` ${formatNumber(rest)} more are in the JSON report.`;
  return section(
    report,
    'markets',
    'Market by market',
    table<MarketSummary>({
      label: 'Market by market',
      note:
        'An edge that is real is seldom at home on one coin alone. Share above zero, median and best of all ' +
        `${countedInWords(report)}, with the rank of the best.${more}`,
      className: 'cards',
      columns: [
        { title: 'Strategy', cell: ({ strategy }) => strategy },
        { title: 'Candles', cell: marketInWords, label: 'Candles' },
        {
          title: 'Combinations',
          cell: ({ combinations }) => formatNumber(combinations),
          isNumber: true,
          label: 'Combinations',
        },
        { title: 'Counted', cell: ({ counted }) => formatNumber(counted), isNumber: true, label: 'Counted' },
        {
          title: 'Above zero',
          cell: ({ counted, positive }) => formatPercent(counted === 0 ? null : positive / counted, 0),
          isNumber: true,
          label: 'Above zero',
        },
        {
          title: 'Median',
          cell: ({ medianR }) => toned(medianR, formatR(medianR)),
          isNumber: true,
          label: 'Median',
        },
        { title: 'Best', cell: bestInWords, isNumber: true, label: 'Best' },
      ],
      rows: shown,
    }),
  );
}

function bestInWords({ bestR, bestRank }: MarketSummary): Content {
  if (bestRank === null) return '–';
  return html`${shortR(bestR)} <small class="soft">#${formatNumber(bestRank)}</small>`;
}

/** A set without a signal is a mistake in the grid, or a market that never did what it waits for. */
export function silentSection(report: SweepReport): Markup {
  const { silent, combinations, distribution } = report;
  const idle = combinations - distribution.traded;
  const idleInWords =
    idle === 0
      ? 'Every combination traded.'
      : [
          `${formatNumber(idle)} of ${formatNumber(combinations)} combinations never traded.`,
          ...refusedInWords(report.refused),
        ].join(' ');
  const body =
    silent.length === 0
      ? html`<p>Every set of params gave an entry signal. ${idleInWords}</p>`
      : html`<p>${idleInWords} These sets of params never gave an entry signal, so no risk rule could have made them
trade:</p>
${table<Silent>({
  label: 'Params that never gave a signal',
  className: 'cards',
  columns: [
    { title: 'Strategy', cell: ({ strategy }) => strategy },
    { title: 'Candles', cell: marketInWords, label: 'Candles' },
    { title: 'Sets', cell: ({ count }) => formatNumber(count), isNumber: true, label: 'Sets' },
    { title: 'Which', cell: examplesInWords, className: 'text wide-cell' },
  ],
  rows: silent,
})}`;
  return section(report, 'silent', 'What never traded', body);
}

function examplesInWords({ examples, count }: Silent): string {
  const shown = examples.map((params) =>
    Object.entries(params)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  return `${shown.join('; ')}${count > examples.length ? '; …' : ''}`;
}

export function sweptDataSection(report: SweepReport): Markup {
  const { data } = report;
  return section(
    report,
    'data',
    'Data',
    html`<p>${sourceInWords(report)} Fingerprint <code>${data.fingerprint}</code></p>
${table<Series>({
  label: 'Series that the sweep used',
  caption: 'Series',
  note: 'Within the span. Missing candles are never filled in; a missing funding hour costs nothing, and is counted.',
  columns: [
    { title: 'Coin', cell: ({ coin }) => coin },
    { title: 'Interval', cell: ({ interval }) => interval },
    { title: 'Candles', cell: ({ candles }) => formatNumber(candles), isNumber: true },
    { title: 'Missing', cell: ({ missingCandles }) => formatNumber(missingCandles), isNumber: true },
    {
      title: 'Funding hours missing',
      cell: ({ missingFundingHours }) => formatNumber(missingFundingHours),
      isNumber: true,
    },
  ],
  rows: data.series,
})}`,
  );
}

/** What was asked for, under which settings, and how to come to the same numbers. */
export function sweptSettingsSection(report: SweepReport): Markup {
  return section(
    report,
    'settings',
    'Sweep, settings, seeds',
    html`<div class="blocks"><div class="half">${pairs('The sweep', asked(report))}</div>
<div class="half">${pairs('Settings and versions', settings(report))}</div></div>
<p class="note">Every number of this page that is not in a picture is also in
<code>${nameOfSweep(report)}.json</code>, with
every trade of the best; every combination is in the database. The same candles, files and settings give the same
columns on any machine, bit for bit: sha256 <code>${report.resultHash}</code>.</p>`,
  );
}

function asked({ sweep, data }: SweepReport): [string, Content][] {
  return [
    ['Name', sweep.name],
    ['Coins', sweep.coins.join(', ')],
    ['Intervals', sweep.intervals.join(', ')],
    ['Span', `${formatInstant(data.fromMs)} to ${formatInstant(data.toMs)} UTC`],
    ...sweep.strategies.map(({ name, params }): [string, Content] => [name, valuesInWords(params)]),
    ['Cell', rulesInWords(sweep.cell)],
    ['Risk grid', valuesInWords(sweep.grid)],
    ['Account', sweep.account === 'shared' ? 'one, shared by all coins' : 'one for each coin'],
    ['Deposit', formatUsd(sweep.depositUsd)],
  ];
}

function valuesInWords(axes: Readonly<Record<string, readonly (string | number)[]>>): Content {
  const all = Object.entries(axes);
  if (all.length === 0) return 'nothing varies';
  return all.map(([name, values]) => html`${name}: ${values.join(', ')}<br>`);
}

function settings({
  costs,
  sweep,
  strategies,
  identity,
  commit,
  versions,
  made,
  replays,
}: SweepReport): [string, Content][] {
  const modified = commit?.isModified ? ' with changes that were not committed' : '';
  const durations = Object.entries(made.durationsMs).map(([name, ms]) => `${name} ${formatSeconds(ms)}`);
  return [
    ['Fees', `taker ${formatPercent(costs.takerFee, 3)}, maker ${formatPercent(costs.makerFee, 3)}`],
    ['Slippage', `${formatNumber(costs.slippageBps, 1)} basis points`],
    ['Reference engine', `${replaysInWords(replays)} with seed ${sweep.seed}`],
    ['Identity', html`<code>${identity}</code>`],
    ...strategies.map(({ name, fileSha256 }): [string, Content] => [
      `${name}, sha256`,
      html`<code>${fileSha256.slice(0, 16)}</code>`,
    ]),
    ['Commit', commit === null ? 'not a git checkout' : html`<code>${commit.sha}</code>${modified}`],
    ['Versions', Object.entries(versions).map(([name, version]) => html`${name} ${version}<br>`)],
    ['Made', `${formatInstant(made.createdAtMs)} UTC`],
    ['It took', `${durations.join(', ')}, on ${formatNumber(made.workers)} threads`],
  ];
}

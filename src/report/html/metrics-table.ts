import type { MetricName } from '../../backtest/metrics.ts';
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatR,
  formatSignedPercent,
  formatUsd,
  NOT_AVAILABLE,
} from '../format.ts';
import type { JudgedStrategy, ReportedControl } from '../schema.ts';
import { html, type Markup } from './markup.ts';
import { round } from './plot.ts';
import { type TableColumn, table } from './table.ts';

interface MetricLook {
  readonly label: string;
  readonly text: (value: number | null) => string;
}

const LOOKS: Readonly<Record<MetricName, MetricLook>> = {
  trades: { label: 'Trades', text: (value) => formatNumber(value) },
  winRate: { label: 'Trades that won', text: (value) => formatPercent(value) },
  expectancyR: { label: 'Expectancy a trade', text: (value) => formatR(value) },
  sdR: { label: 'Standard deviation of R', text: (value) => formatNumber(value, 2) },
  expectancyFraction: { label: 'Expectancy a trade, of its notional', text: (value) => formatSignedPercent(value, 3) },
  netReturnFraction: { label: 'Net return of the account', text: (value) => formatSignedPercent(value) },
  maxDrawdownFraction: { label: 'Deepest drawdown', text: (value) => formatPercent(value) },
  profitFactor: { label: 'Profit factor', text: (value) => formatNumber(value, 2) },
  sharpeDaily: { label: 'Sharpe ratio, a day', text: (value) => formatNumber(value, 3) },
  sortinoDaily: { label: 'Sortino ratio, a day', text: (value) => formatNumber(value, 3) },
  exposureFraction: { label: 'Time in the market, a coin', text: (value) => formatPercent(value) },
  feesUsd: { label: 'Fees paid', text: (value) => formatUsd(value, 0) },
  fundingUsd: { label: 'Funding received', text: (value) => formatUsd(value, 0) },
  longestLosingRun: { label: 'Longest run of losses', text: (value) => formatNumber(value) },
  maeR: { label: 'Furthest against, mean of R', text: (value) => formatNumber(value, 2) },
  mfeR: { label: 'Furthest in favour, mean of R', text: (value) => formatNumber(value, 2) },
};

const CONTROL_WORDS = { 'coin-flip': 'Coin flips', rotation: 'Rotations' } as const;

/** Every metric of a strategy, and where it stands among its controls. */
export function metricsTable(strategy: JudgedStrategy): Markup {
  const names = Object.keys(LOOKS) as MetricName[];
  const reasons = names.flatMap((name) => {
    const reason = strategy.notAvailable[`metrics.${name}`];
    return reason === undefined ? [] : [`${LOOKS[name].label}: ${reason}`];
  });
  const metrics = table<MetricName>({
    label: `Metrics of ${strategy.name} beside its controls`,
    note:
      'The strategy’s value, then 5 %, 50 % and 95 % of the draws, and its place among them from the lowest to the ' +
      'highest; the shaded part is the middle nine tenths.',
    className: 'metrics',
    columns: [
      { title: '', cell: (name) => LOOKS[name].label },
      {
        title: 'This strategy',
        cell: (name) => html`<b>${LOOKS[name].text(strategy.metrics[name])}</b>`,
        isNumber: true,
      },
      ...strategy.controls.flatMap(drawColumns),
    ],
    rows: names,
  });
  const absent = reasons.length === 0 ? '' : html`<p class="note">${NOT_AVAILABLE} – ${reasons.join('; ')}.</p>`;
  return html`${metrics}${trackRecordNote(strategy)}${absent}`;
}

/** Beside the Sharpe ratio, the track record that it would need. */
function trackRecordNote({ metrics, trackRecord, notAvailable }: JudgedStrategy): Markup | string {
  if (trackRecord === undefined || metrics['sharpeDaily'] === null) return '';
  const { days, deflatedProbability, minimumDays, minimumYears } = trackRecord;
  const need = (what: string, text: string | undefined, path: string): string =>
    `${what}: ${text ?? `not available (${notAvailable[`trackRecord.${path}`]})`}`;
  const parts = [
    need(
      'to tell it from zero',
      minimumDays === null ? undefined : formatCount(Math.ceil(minimumDays), 'day'),
      'minimumDays',
    ),
    need(
      'to tell it from the luck of all that was tried',
      minimumYears === null ? undefined : `${formatNumber(minimumYears, 1)} years`,
      'minimumYears',
    ),
    need(
      'probability that it is above that luck',
      deflatedProbability === null ? undefined : formatPercent(deflatedProbability),
      'deflatedProbability',
    ),
  ];
  return html`<p class="note">The Sharpe ratio rests on ${formatCount(days, 'whole day')}. What it would need –
${parts.join('; ')}.</p>`;
}

function drawColumns(control: ReportedControl): TableColumn<MetricName>[] {
  const quantile = (share: 'p05' | 'p50' | 'p95', title: Markup): TableColumn<MetricName> => ({
    title,
    cell: (name) => LOOKS[name].text(control.quantiles[name][share]),
    isNumber: true,
  });
  return [
    quantile('p05', html`${CONTROL_WORDS[control.kind]}<br>5 %`),
    quantile('p50', html`<br>50 %`),
    quantile('p95', html`<br>95 %`),
    { title: 'Place', cell: (name) => placeBar(control.quantiles[name]), className: 'text' },
  ];
}

/** Nothing where all draws are alike: then there is no place among them. */
function placeBar({ p05, p95, below, draws }: ReportedControl['quantiles'][MetricName]): Markup | string {
  if (draws === 0 || p05 === p95) return '';
  const share = below / draws;
  const words = `above ${formatPercent(share, 0)} of the draws`;
  return html`<span class="place" role="img" aria-label="${words}"><i style="left:${round(100 * share)}%"></i></span>`;
}

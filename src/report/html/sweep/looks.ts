import { formatCount, formatPercent, formatR, formatSignedPercent } from '../../format.ts';
import { fragilityInWords } from '../../sweep/fragility.ts';
import type { BestLook, SweepReport, TopCombination } from '../../sweep/schema.ts';
import { accountAlone } from '../account-chart.ts';
import { tradesHistogram } from '../histograms.ts';
import { html, type Markup } from '../markup.ts';
import { fold, section } from '../section.ts';
import { combinationInWords } from './words.ts';

/** Looked at in full; the others of the best are folded. */
const OPEN_LOOKS = 3;

/** Account, drawdown and trades of the best, as the reference engine ran them. */
export function looksSection(report: SweepReport): Markup | string {
  const { best, top } = report;
  if (best.length === 0) return '';
  const looks = best.map((look, i) => lookAt(report, look, top[i] as TopCombination));
  const folded = looks.slice(OPEN_LOOKS);
  return section(
    report,
    'looks',
    'A closer look at the best',
    html`<p>As the reference engine ran them, candle by candle. Here the account is marked to the closes, open positions
included, so a drawdown may be deeper than in the table, which looks at the account after each trade.</p>
${looks.slice(0, OPEN_LOOKS)}
${folded.length === 0 ? '' : fold(`No. ${OPEN_LOOKS + 1} to ${looks.length}`, folded, false)}`,
  );
}

function lookAt(report: SweepReport, look: BestLook, one: TopCombination): Markup {
  const { curve, maxDrawdownFraction, histogramR, trades, rank, expectancyR, fragility } = look;
  const { timesMs, equityUsd, drawdownFraction, deepest } = curve;
  const name = `No. ${rank}`;
  const account = accountAlone({
    name,
    fromMs: report.data.fromMs,
    toMs: report.data.toMs,
    depositUsd: report.sweep.depositUsd,
    equity: { timesMs, usd: equityUsd },
    drawdown: {
      timesMs,
      fraction: drawdownFraction,
      peakMs: deepest?.peakMs ?? null,
      troughMs: deepest?.troughMs ?? null,
      recoveredMs: deepest?.recoveredMs ?? null,
    },
    maxDrawdownFraction,
  });
  const words =
    `${formatR(expectancyR)} a trade over ${formatCount(trades.length, 'trade')}, ` +
    `${formatSignedPercent(one.metrics.netReturn)} net, ${formatPercent(maxDrawdownFraction)} at the deepest. ` +
    fragilityInWords(fragility).join(' ');
  const histogram = tradesHistogram({ name, histogramR, metrics: { trades: trades.length, expectancyR } });
  return html`<div class="look" id="look-${rank}"><h3>${name} <small>${combinationInWords(report, one)}</small></h3>
<p>${words}</p>
<div class="blocks"><div class="two-thirds">${account}</div>
<div class="third">${histogram}</div></div></div>`;
}

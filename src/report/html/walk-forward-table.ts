import { times } from '../../evidence/words.ts';
import { formatDay, formatNumber, formatPercent, formatR } from '../format.ts';
import type { JudgedStrategy } from '../schema.ts';
import { type Content, html, type Markup } from './markup.ts';
import { fold } from './section.ts';
import { table } from './table.ts';
import { toned } from './tables.ts';

type WalkForward = NonNullable<JudgedStrategy['walkForward']>;
type Fold = WalkForward['folds'][number];
type Result = Fold['inSample'];

/** What params that are chosen on the past come to afterwards, fold by fold. */
export function walkForwardSection({ name, walkForward, notAvailable }: JudgedStrategy, isOpen: boolean): Content {
  if (walkForward === undefined) return '';
  const { walkForward: reason } = notAvailable;
  const body =
    walkForward === null
      ? html`<p class="soft">Not available: ${reason}.</p>`
      : [foldsTable(name, walkForward, notAvailable), overfittingLine(walkForward, notAvailable)];
  return fold('Walk-forward: params chosen on the past', body, isOpen);
}

function foldsTable(name: string, walkForward: WalkForward, reasons: JudgedStrategy['notAvailable']): Markup {
  const { folds, tried, combinations, unsettled, inSample, outOfSample, efficiency } = walkForward;
  const sets = tried === combinations ? `all ${tried}` : `${tried} of ${formatNumber(combinations)}`;
  const left = unsettled === 0 ? '' : ` ${unsettled} more could not settle before the span.`;
  const outcome =
    efficiency === null
      ? `Efficiency not available: ${reasons['walkForward.efficiency']}.`
      : `Efficiency ${times(efficiency)}: ${formatR(outOfSample.expectancyR)} a trade, ` +
        `where ${formatR(inSample.expectancyR)} had been seen.`;
  return table<Fold>({
    label: `Walk-forward of ${name}`,
    caption: 'Chosen on the past, tried on what followed',
    note: `Each time the best of ${sets} combinations is chosen, by mean R, and tried next.${left} ${outcome}`,
    className: 'cards',
    columns: [
      { title: 'Chosen on', cell: ({ train }) => span(train) },
      { title: 'Tried on', cell: ({ test }) => span(test), label: 'Tried on' },
      { title: 'Params', cell: ({ params }) => paramsText(params), label: 'Params' },
      { title: 'There', cell: (one) => result(one.inSample), isNumber: true, label: 'There' },
      { title: 'Afterwards', cell: (one) => result(one.outOfSample), isNumber: true, label: 'Afterwards' },
    ],
    rows: folds,
  });
}

function span({ fromMs, toMs }: Fold['train']): string {
  return `${formatDay(fromMs)} – ${formatDay(toMs)}`;
}

function paramsText(params: Fold['params']): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Mean R, and of how many trades. */
function result({ trades, expectancyR }: Result): Content {
  if (trades === 0) return html`<span class="soft">no trade</span>`;
  return html`${toned(expectancyR, formatR(expectancyR))} <small class="soft">${formatNumber(trades)}</small>`;
}

function overfittingLine({ overfitting, tried }: WalkForward, reasons: JudgedStrategy['notAvailable']): Markup {
  if (overfitting === null) {
    return html`<p class="note">Probability of overfitting not available: ${reasons['walkForward.overfitting']}.</p>`;
  }
  const { probability, luckBand, splits, lossProbability } = overfitting;
  return html`<p class="note">Probability of overfitting (PBO) <b>${formatPercent(probability, 0)}</b>: in so many of
${formatNumber(splits)} ways to halve the days, the best of ${tried} on one half was no better than the median on the
other. If none is better than another it lies between ${formatPercent(luckBand.low, 0)} and
${formatPercent(luckBand.high, 0)}. In ${formatPercent(lossProbability, 0)} the best of one half lost on the
other.</p>`;
}

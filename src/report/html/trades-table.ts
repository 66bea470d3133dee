import { formatCount, formatInstant, formatPrice, formatR, formatUsd } from '../format.ts';
import type { JudgedStrategy, ReportedTrade } from '../schema.ts';
import { lensAttributes } from './lens.ts';
import { html, type Markup } from './markup.ts';
import { fold } from './section.ts';
import { table } from './table.ts';
import { toned } from './tables.ts';

/** The report keeps the order of the exits; who reads a list looks for an entry. */
export function inEntryOrder(trades: readonly ReportedTrade[]): ReportedTrade[] {
  return trades.toSorted((a, b) => a.entryTimeMs - b.entryTimeMs);
}

/** Every trade, folded; on paper a line that says where they are. */
export function tradesList({ name, trades }: JudgedStrategy, fileName: string): Markup {
  const all = formatCount(trades.length, 'trade');
  const list = table<ReportedTrade>({
    label: `Trades of ${name}`,
    className: 'trades',
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
    rows: inEntryOrder(trades),
  });
  return html`<div class="on-screen">${fold(`All ${all}`, list, false)}</div>
<p class="on-paper note">The list of all ${all} is not printed: it is on the page, and in
<code>${fileName}</code>.</p>`;
}

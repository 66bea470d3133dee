import type { Metrics } from '../src/backtest/metrics.ts';
import type { Probes } from '../src/backtest/probes.ts';
import { untried, type Variation } from '../src/backtest/variation.ts';

/** What might have come of the questions to a die: made up, but with every kind of answer. */
export function diceProbes(metrics: Metrics): Probes {
  const { trades, expectancyR } = metrics;
  const worse = (byR: number): Pick<Variation, 'trades' | 'expectancyR'> => ({
    trades,
    expectancyR: expectancyR - byR,
  });
  return {
    variations: [
      { kind: 'costs-doubled', subject: '', ...worse(0.06) },
      { kind: 'entry-late', subject: '', ...worse(0.15) },
      ...['BTC', 'ETH', 'SOL'].map((coin, i) => ({ kind: 'without-coin', subject: coin, ...worse(0.02 * i) }) as const),
      { kind: 'coarser', subject: '2h', ...worse(-0.03) },
      untried('other-coins', '', 'no other coin has 1h candles over this span'),
      untried('span-before', '', 'candles of BTC begin at 2025-04-18, and it would take those from 2025-01-18 on'),
    ],
    neighbours: [
      { changed: { rate: 0.02 }, ...worse(0.05) },
      { changed: { rate: 0.04 }, ...worse(0.11) },
      { changed: { rate: 0 }, trades: 0, expectancyR: Number.NaN },
    ],
    ablation: [
      { side: 'long', condition: 'lucky', whole: worse(0), without: worse(0.1), alone: worse(0.02) },
      { side: 'short', condition: 'quiet', whole: worse(0), without: null, alone: worse(0) },
    ],
  };
}

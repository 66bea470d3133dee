/** What the backtest does not model, and in which direction that errs. Printed on every report. */
export const LIMITS = [
  {
    what: 'Depth of the book',
    effect:
      'Every order fills in full at one price, worse by the slippage of the config. Large orders would fill worse.',
  },
  {
    what: 'The path inside a candle',
    effect:
      'A candle that touched both stop and target counts as stopped; the bounds show the other reading. ' +
      'What happened first is looked up on the finer candles only for the gate of that name.',
  },
  {
    what: 'Mark prices',
    effect:
      'On the exchange a stop triggers on the mark price. Here the extremes of trade prices trigger it, ' +
      'which stops out more often.',
  },
  {
    what: 'Latency and outages',
    effect:
      'A decision at a close fills at the next open. Delays, refused orders and hours in which the exchange was down ' +
      'are absent.',
  },
  {
    what: 'Our own weight',
    effect: 'Our orders move no price, draw no reaction, and a target fills as soon as the price trades through it.',
  },
  {
    what: 'Change of rules',
    effect: 'Fees, ticks, lots, margin tiers and funding rules are the ones below for the whole span.',
  },
  {
    what: 'Survivorship',
    effect: 'The coins of a study are chosen today. Coins that failed meanwhile were not on the list.',
  },
  {
    what: 'Margin across positions',
    effect: 'Margin is isolated: a loss on one coin never touches the margin of another.',
  },
] as const;

/** What a sweep says otherwise: it looks at one reading of a candle, and has no instruments below. */
const OF_SWEEPS: Readonly<Record<string, string>> = {
  'The path inside a candle':
    'A candle that touched both stop and target counts as stopped. Only a study shows the other reading, and looks ' +
    'at finer candles.',
  'Change of rules': 'Fees, ticks, lots, margin tiers and funding rules are those of today for the whole span.',
  Survivorship: 'The coins of a sweep are chosen today. Coins that failed meanwhile were not on the list.',
};

export const SWEEP_LIMITS = LIMITS.map(({ what, effect }) => ({ what, effect: OF_SWEEPS[what] ?? effect }));

import { describe, test } from 'vitest';
import { story } from '../../test/story.ts';

/** One signal at a close, filled at the next open and settled there; `told` speaks of that one trade. */
function sized(setting: Parameters<typeof story>[1], told: string, close = 500, open = close): void {
  story(
    `time   open      high      low       close     atr  signal
     10:00  ${close}  ${close}  ${close}  ${close}  10   long
     11:00  ${open}   ${open}   ${open}   ${open}   10`,
    setting,
  ).tells(told);
}

describe('rule 6: sizes are decided at the close of the signal', () => {
  test('risk over stop distance: 1 % of $1,000 over $10 is one coin', () => {
    sized({}, 'long 1 @ 500 11:00 → 500 12:00 end | risk 10');
  });

  test('a fill elsewhere never changes the quantity, up or down', () => {
    // Still one coin; the risk is that of the fill: 510 × 0.02 = 10.20 and 495 × 0.02 = 9.90.
    sized({}, 'long 1 @ 510 11:00 → 510 12:00 end | risk 10.2', 500, 510);
    sized({}, 'long 1 @ 495 11:00 → 495 12:00 end | risk 9.9', 500, 495);
  });

  test('slippage and fees are not in it (rule 38)', () => {
    // Bought at 500.50 and sold at 499.50; fees 500.50 × 0.045 % = 0.225225 and 499.50 × 0.045 % = 0.224775.
    sized(
      { costs: { slippageBps: 10, takerFee: 0.00045 } },
      'long 1 @ 500.5 11:00 → 499.5 12:00 end | gross -1, fees 0.45, net -1.45',
    );
  });

  test('rounded down to the lot', () => {
    // 10 / (333 × 0.02) = 1.5015…
    sized({}, 'long 1.5 @ 333 11:00 → 333 12:00 end', 333);
    sized({ szDecimals: 0 }, 'long 1 @ 333 11:00 → 333 12:00 end', 333);
    sized({ szDecimals: 4 }, 'long 1.5015 @ 333 11:00 → 333 12:00 end', 333);
  });

  test('rule 40: 0.29 coins are 29 lots, though 0.29 × 100 is less in doubles', () => {
    // 1 % of 290 is 2.90, over 10.
    sized({ depositUsd: 290 }, 'long 0.29 @ 500 11:00 → 500 12:00 end');
  });

  test('rule 38: the sizing distance is not rounded to a tick', () => {
    // 500 × 0.01333 = 6.665: 10 / 6.665 = 1.50037…; over the rounded 6.66 it would be 1.5015….
    sized({ szDecimals: 4, rules: { stop: { fraction: 0.01333 } } }, 'long 1.5003 @ 500 11:00 → 500 12:00 end');
  });

  test('a stop in ranges: two of $10 at the decision, from the fill', () => {
    // 10 / 20 = 0.5 coins; filled at 510, stop 490.
    sized(
      { rules: { stop: { atr: 2, period: 14 } } },
      'long 0.5 @ 510 11:00 → 510 12:00 end | stop 490, risk 10',
      500,
      510,
    );
  });
});

describe('rules 6 and 38: caps', () => {
  test('all equity is cash times leverage, without a reserve for costs', () => {
    sized({ rules: { sizing: 'allEquity' } }, 'long 2 @ 500 11:00 → 500 12:00 end');
    // 6 coins: entry fee 3,000 × 0.045 % = 1.35, and the same again.
    sized(
      { rules: { sizing: 'allEquity', leverage: 3 }, costs: { takerFee: 0.00045 } },
      'long 6 @ 500 11:00 → 500 12:00 end | fees 2.7\ncash 997.3',
    );
  });

  test('risk never buys more than cash times leverage', () => {
    // Half of 1,000 at risk over $10 would be 50 coins; 1,000 × 1 / 500 is 2, at leverage 5 it is 10.
    const sizing = { riskFraction: 0.5 };
    sized({ rules: { sizing } }, 'long 2 @ 500 11:00 → 500 12:00 end');
    sized({ rules: { sizing, leverage: 5 } }, 'long 10 @ 500 11:00 → 500 12:00 end');
  });

  test('the coin may allow less leverage than is set', () => {
    // Set 50, allowed 20: 1,000 × 20 / 500 = 40.
    sized({ rules: { sizing: 'allEquity', leverage: 50 } }, 'long 40 @ 500 11:00 → 500 12:00 end');
  });

  test('a size that reaches a higher margin tier is affordable at the leverage of that tier', () => {
    // 40 coins are worth 20,000, where the maximum is 5: 1,000 × 5 / 500 = 10.
    const tiers = [
      [0, 20],
      [10_000, 5],
    ] as const;
    const rules = { sizing: 'allEquity', leverage: 20 } as const;
    sized({ rules, tiers }, 'long 10 @ 500 11:00 → 500 12:00 end');
    // 18 coins are worth 9,000: below it.
    sized({ rules: { ...rules, leverage: 9 }, tiers }, 'long 18 @ 500 11:00 → 500 12:00 end');
  });

  test('sizes follow realised cash', () => {
    // Lost $10 of 1,000; 1 % of 990 over 10 is 0.99.
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   500   490  500    long
      12:00  500   500   500  500`).tells(`
      long 1 @ 500 11:00 → 490 12:00 stop
      long 0.99 @ 500 12:00 → 500 13:00 end`);
  });
});

describe('rule 45: refusals, each tested before the next', () => {
  test('no cash', () => {
    sized({ depositUsd: 0, rules: { stop: { fraction: 2 } } }, 'refused no-cash 1');
  });

  test('no average true range, before a stop that would lie below zero', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   500   500  500`,
      { rules: { stop: { atr: 60, period: 14 } } },
    ).tells('refused no-atr 1');
  });

  test('a trail without a range is refused like a stop without one', () => {
    story(
      `time   open  high  low  close  atr  signal
       10:00  500   500   500  500    NaN  long
       11:00  500   500   500  500    10`,
      { rules: { trail: { distance: { atr: 2, period: 14 }, after: 0 } } },
    ).tells('refused no-atr 1');
  });

  test('a stop at zero, before a size below one lot; a short has no such stop', () => {
    // Fifty ranges of $10 are the whole price.
    sized({ rules: { stop: { atr: 50, period: 14 }, sizing: { riskFraction: 1e-9 } } }, 'refused stop-below-zero 1');
    story(
      `time   open  high  low  close  atr  signal
       10:00  500   500   500  500    10   short
       11:00  500   500   500  500    10`,
      { rules: { stop: { atr: 47, period: 14 }, sizing: { riskFraction: 0.1 } } },
    ).tells('short 0.21 @ 500 11:00 → 500 12:00 end | stop 970');
  });

  test('below one lot, before below the minimum', () => {
    // 0.0999 / 10 = 0.00999 coins; the lot is 0.01.
    sized({ rules: { sizing: { riskFraction: 0.0000999 } } }, 'refused below-one-lot 1');
  });

  test('below $10 at the close; exactly $10 passes', () => {
    // 0.2 / 10 = 0.02 coins: 0.02 × 500 = 10. At a close of 499.90 they are worth 9.998.
    const setting = { rules: { sizing: { riskFraction: 0.0002 } } };
    sized(setting, 'long 0.02 @ 500 11:00 → 500 12:00 end');
    sized(setting, 'refused below-minimum 1', 499.9);
    // The fill does not ask again: 0.02 × 450 = 9.
    sized(setting, 'long 0.02 @ 450 11:00 → 450 12:00 end', 500, 450);
  });

  test('below the minimum, before the liquidation distance', () => {
    // At leverage 20 the liquidation lies at (500 − 25) / (1 − 1/40) = 487.18; a stop of 3 % at 485. 0.2 / 15 =
    // 0.0133….
    const stop = { fraction: 0.03 };
    sized({ rules: { stop, leverage: 20, sizing: { riskFraction: 0.0002 } } }, 'refused below-minimum 1');
    sized({ rules: { stop, leverage: 20 } }, 'refused liquidation-distance 1');
  });

  test('the liquidation distance, before limits; coin occupied, before max-open, before max-exposure', () => {
    const candles = (signal: string): string => `
      time   open  high  low  close  signal
      10:00  500   500   500  500    ${signal}
      11:00  500   500   500  500`;
    const both = (other: string) => ({ BTC: candles('long'), [other]: candles('long') });
    const rules = { sizing: { riskFraction: 0.01 }, leverage: 2, maxOpen: 1, maxExposure: 0.5 };
    const btc = 'BTC long 1 @ 500 11:00 → 500 12:00 end';
    story(both('BTC#2'), { rules }).tells(`${btc}\nrefused coin-occupied 1`);
    story(both('ETH'), { rules }).tells(`${btc}\nrefused max-open 1`);
    story(both('ETH'), { rules: { ...rules, maxOpen: null } }).tells(`${btc}\nrefused max-exposure 1`);
    story(both('BTC#2'), { rules: { ...rules, leverage: 20, stop: { fraction: 0.03 } } }).tells(
      'refused liquidation-distance 2',
    );
  });
});

describe('limits and cash over several legs', () => {
  const candles = (signal: string, later = ''): string => `
    time   open  high  low  close  signal
    10:00  500   500   500  500    ${signal}
    11:00  500   500   490  500    ${later}
    12:00  500   500   495  500
    13:00  500   500   495  500`;

  test('rule 8: at one close the first leg decides first, and its order holds back its margin', () => {
    // All of 1,000 at leverage 2: four coins, 2,000 of notional, 1,000 of margin. Nothing is left for the other.
    const rules = { sizing: 'allEquity', leverage: 2, stop: { fraction: 0.04 } } as const;
    story({ BTC: candles('long'), ETH: candles('long') }, { rules }).tells(`
      BTC long 4 @ 500 11:00 → 500 14:00 end
      refused no-cash 1`);
    story({ ETH: candles('long'), BTC: candles('long') }, { rules }).tells(`
      ETH long 4 @ 500 11:00 → 500 14:00 end
      refused no-cash 1`);
  });

  test('rule 38: isolated margins in use are not cash, whether the order is pending or filled', () => {
    // BTC: one coin of 500 with a stop of 4 % (10 / 20 = 0.5 coins): 250 of margin. ETH at 10:00 and SOL at 11:00 size
    // from what is left: 7.50 / 20 = 0.375, and (1,000 − 250 − 185) × 1 % / 20 = 0.2825.
    story(
      { BTC: candles('long'), ETH: candles('long'), SOL: candles('', 'long') },
      { rules: { stop: { fraction: 0.04 } } },
    ).tells(`
      BTC long 0.5 @ 500 11:00 → 500 14:00 end
      ETH long 0.37 @ 500 11:00 → 500 14:00 end
      SOL long 0.28 @ 500 12:00 → 500 14:00 end`);
  });

  test('rule 20: a slot frees at the close after an exit inside a candle', () => {
    // BTC is stopped within 11:00; at that close ETH may enter.
    story({ BTC: candles('long'), ETH: candles('', 'long') }, { rules: { maxOpen: 1 } }).tells(`
      BTC long 1 @ 500 11:00 → 490 12:00 stop
      ETH long 0.99 @ 500 12:00 → 500 14:00 end`);
  });

  test('rule 20: an exit at the open of t+1 frees its slot at the close of t+1', () => {
    const btc = `
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   500   495  500    exit-long
      12:00  500   500   495  500
      13:00  500   500   495  500`;
    const eth = (first: string, second: string): string => `
      time   open  high  low  close  signal
      11:00  500   500   495  500    ${first}
      12:00  500   500   495  500    ${second}
      13:00  500   500   495  500`;
    const rules = { maxOpen: 1 };
    story({ BTC: btc, ETH: eth('long', '') }, { rules }).tells(`
      BTC long 1 @ 500 11:00 → 500 12:00 signal
      refused max-open 1`);
    story({ BTC: btc, ETH: eth('', 'long') }, { rules }).tells(`
      BTC long 1 @ 500 11:00 → 500 12:00 signal
      ETH long 1 @ 500 13:00 → 500 14:00 end`);
  });

  test('rule 7: two legs on one coin never coexist; the later takes its turn when the first is out', () => {
    story({ BTC: candles('long', ''), 'BTC#2': candles('short', 'short') }).tells(`
      BTC long 1 @ 500 11:00 → 490 12:00 stop
      BTC short 0.99 @ 500 12:00 → 500 14:00 end
      refused coin-occupied 1`);
  });

  test('rule 20: exposure is entry notional over realised cash, the limit itself included', () => {
    // Two coins of 500 each at leverage 2, against 1,000: 500 + 500 ≤ 1 × 1,000, but not 0.99 × 1,000.
    const rules = { leverage: 2 };
    const eth = `
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   500   495  500
      12:00  500   500   495  500
      13:00  500   500   495  500`;
    // Free cash is 750: 7.50 / 10 = 0.75 coins, 375 of notional, 875 in all.
    story({ BTC: eth, ETH: eth }, { rules: { ...rules, maxExposure: 0.875 } }).tells(`
      BTC long 1 @ 500 11:00 → 500 14:00 end
      ETH long 0.75 @ 500 11:00 → 500 14:00 end`);
    story({ BTC: eth, ETH: eth }, { rules: { ...rules, maxExposure: 0.874 } }).tells(`
      BTC long 1 @ 500 11:00 → 500 14:00 end
      refused max-exposure 1`);
  });
});

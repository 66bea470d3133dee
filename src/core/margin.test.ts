import { describe, expect, test } from 'vitest';
import { story } from '../../test/story.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { MicroUsd, Price } from '../domain/units.ts';
import { liquidationAt, marginOf } from './margin.ts';

// Leverage 20 of at most 20: one coin at $500 has 25 of margin, l = 1/40, and is liquidated at
// (500 − 25) / (1 − 0.025) = 487.1794…, towards the entry 487.18; a short at 525 / 1.025 = 512.1951…, 512.19.
const rules = { leverage: 20 };
const ENTERED = `
  time   open  high  low  close  signal
  10:00  500   500   500  500    long
  11:00  500   505   495  500`;
const SOLD = ENTERED.replace('long', 'short');

describe('rules 17 and 41: liquidation', () => {
  test('an open beyond it: less slippage, taker, while the margin lasts', () => {
    story(
      `${ENTERED}
       12:00  480   505   475  500`,
      { rules },
    ).tells('long 1 @ 500 11:00 → 480 12:00 liquidation | gross -20');
  });

  test('no more is lost than the margin, and the fees', () => {
    // 470 would lose 30 of 25. Fees: 500 × 0.045 % = 0.225 and 470 × 0.045 % = 0.2115.
    story(
      `${ENTERED}
       12:00  470   505   465  500`,
      { rules, costs: { takerFee: 0.00045 } },
    ).tells('long 1 @ 500 11:00 → 470 12:00 liquidation | gross -25, fees 0.4365, net -25.4365, r -2.54365');
  });

  test('a short: the same, upwards', () => {
    // 500 + 25 is the most that it can lose.
    story(
      `${SOLD}
       12:00  520   525   515  520`,
      { rules },
    ).tells('short 1 @ 500 11:00 → 520 12:00 liquidation | gross -20');
    story(
      `${SOLD}
       12:00  540   545   535  540`,
      { rules },
    ).tells('short 1 @ 500 11:00 → 540 12:00 liquidation | gross -25');
  });

  test('rule 9: it rounds towards the entry, and an open at it is beyond it', () => {
    const long = (open: number, reason: string): void =>
      story(
        `${ENTERED}
         12:00  ${open}  505   480  500`,
        { rules },
      ).tells(`long 1 @ 500 11:00 → ${open} 12:00 ${reason}`);
    long(487.18, 'liquidation');
    long(487.19, 'stop');
    const short = (open: number, reason: string): void =>
      story(
        `${SOLD}
         12:00  ${open}  520   495  500`,
        { rules },
      ).tells(`short 1 @ 500 11:00 → ${open} 12:00 ${reason}`);
    short(512.19, 'liquidation');
    short(512.18, 'stop');
  });

  test('inside a candle the stop is nearer, and wins', () => {
    story(
      `${ENTERED}
       12:00  500   505   400  410`,
      { rules },
    ).tells('long 1 @ 500 11:00 → 490 13:00 stop');
  });

  test('it is tested before a pending exit', () => {
    story(
      `${ENTERED}    exit-long
       12:00  470   505   465  500`,
      { rules: { ...rules, maxHold: 1 } },
    ).tells('long 1 @ 500 11:00 → 470 12:00 liquidation | gross -25');
  });

  test('a long without leverage has none', () => {
    story(`${ENTERED}
       12:00  0.01  0.02  0.01  0.01`).tells('long 1 @ 500 11:00 → 0.01 12:00 stop | gross -499.99, flagged yes');
  });

  test('a short without leverage has: (500 + 500) / 1.025 = 975.6097…, 975.60', () => {
    story(`${SOLD}
       12:00  975.59  976  970  970`).tells('short 1 @ 500 11:00 → 975.59 12:00 stop');
    story(`${SOLD}
       12:00  975.6   976  970  970`).tells('short 1 @ 500 11:00 → 975.6 12:00 liquidation');
  });

  test('fees and funding do not touch the margin', () => {
    // An hour of 1 % costs 5; the margin stays at 25, and so does the price.
    story(
      `${ENTERED}
       12:00  487.19  505   480  500`,
      { rules, costs: { takerFee: 0.001 }, rates: { '12:00': 0.01 } },
    ).tells('long 1 @ 500 11:00 → 487.19 12:00 stop | gross -12.81, funding -4.8719');
  });
});

describe('rules 17 and 41: the distance is tested again at the fill', () => {
  // A stop of one range, $10. At the close it lies at 490, inside 487.18. Filled at 380 the liquidation lies at
  // 380 × 0.95 / 0.975 = 370.2564…, 370.26, and the stop at 370, behind it.
  const atr = { stop: { atr: 1, period: 14 }, ...rules };

  test('out at the same open, worse by slippage, taker twice', () => {
    // 10 bp: bought at 380.38, stop 370.38, liquidation 370.6266…; sold at 380 × 0.999 = 379.62.
    // Fees: 380.38 × 0.045 % = 0.171171 and 379.62 × 0.045 % = 0.170829.
    story(
      `time   open  high  low  close  atr  signal
       10:00  500   500   500  500    10   long
       11:00  380   390   350  385    10`,
      { rules: atr, costs: { takerFee: 0.00045, slippageBps: 10 } },
    ).tells(
      'long 1 @ 380.38 11:00 → 379.62 11:00 liquidation-distance | gross -0.76, fees 0.342, net -1.102, stop 370.38',
    );
  });

  test('it comes before liquidation and stop at that open, and is out of the way of the next signal', () => {
    story(
      `time   open  high  low  close  atr  signal
       10:00  500   500   500  500    10   long
       11:00  380   390   350  500    10   long
       12:00  500   505   495  500    10`,
      { rules: atr },
    ).tells(`
      long 1 @ 380 11:00 → 380 11:00 liquidation-distance
      long 1 @ 500 12:00 → 500 13:00 end`);
  });

  test('a short that fills far below', () => {
    // 380 × 1.05 / 1.025 = 389.2682…, 389.26, inside the stop at 390.
    story(
      `time   open  high  low  close  atr  signal
       10:00  500   500   500  500    10   short
       11:00  380   390   350  385    10`,
      { rules: atr },
    ).tells('short 1 @ 380 11:00 → 380 11:00 liquidation-distance');
  });

  test('the tier is that of the fill', () => {
    // Two coins are worth 1,000 at the close: the tier of at most 10, liquidation at 500 × 0.9 / 0.95 = 473.68, stop
    // 480. Filled at 499 they are worth 998: at most 20, liquidation at 499 × 0.95 / 0.975 = 486.205…, 486.21, and the
    // stop at 499 × 0.96 = 479.04 lies behind it.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  499   505   495  500`,
      {
        rules: { leverage: 20, stop: { fraction: 0.04 }, sizing: { riskFraction: 0.04 } },
        tiers: [
          [0, 20],
          [1_000, 10],
        ],
      },
    ).tells('long 2 @ 499 11:00 → 499 11:00 liquidation-distance');
  });

  test('an entry that slips beyond its own liquidation price is liquidated at that open', () => {
    // 300 bp at leverage 40 of 40: bought at 515, margin 12.875, liquidation 515 × (1 − 1/40) / (1 − 1/80) = 508.4810,
    // stop 515 × 0.99 = 509.85. The open of 500 is beyond both: sold at 485, a loss of 30, of which 12.875 are ours.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  500`,
      { rules: { leverage: 40, stop: { fraction: 0.01 } }, tiers: [[0, 40]], costs: { slippageBps: 300 } },
    ).tells('long 2 @ 515 11:00 → 485 11:00 liquidation | gross -25.75');
  });
});

describe('margin tiers', () => {
  const coin: Instrument = {
    coin: 'BTC',
    szDecimals: 5,
    marginTiers: [
      { fromNotionalUsd: 0, maxLeverage: 40 },
      { fromNotionalUsd: 150_000_000, maxLeverage: 20 },
    ],
    isDelisted: false,
  };
  const usd = (dollars: number): MicroUsd => (dollars * 1e6) as MicroUsd;

  test('rule 41: L is what is set, or what the tier allows; l comes from the tier alone', () => {
    // (100,000 − 10,000) / (1 − 1/80) = 91,139.24…
    expect(liquidationAt(coin, 'long', 100_000, 10, usd(1_000))).toBeCloseTo(91_139.2405, 4);
    // (100,000 + 10,000) / (1 + 1/80) = 108,641.98…
    expect(liquidationAt(coin, 'short', 100_000, 10, usd(1_000))).toBeCloseTo(108_641.9753, 4);
    // In the second tier: l = 1/40, and 40 set are 20: 95,000 / 0.975 = 97,435.897…
    expect(liquidationAt(coin, 'long', 100_000, 40, usd(150_000_000))).toBeCloseTo(97_435.8974, 4);
    expect(liquidationAt(coin, 'long', 100_000, 40, usd(149_999_999))).toBeCloseTo(98_734.1772, 4);
  });

  test('margin is rounded up to the micro-dollar', () => {
    // 1,000 / 3
    expect(marginOf(coin, 'long', 100_000 as Price, 3, usd(1_000)).marginUsd).toBe(333_333_334);
  });

  test('a long at leverage one has no liquidation price', () => {
    expect(marginOf(coin, 'long', 100_000 as Price, 1, usd(1_000))).toEqual({
      marginUsd: usd(1_000),
      liquidation: null,
    });
  });
});

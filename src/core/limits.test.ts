import { describe, test } from 'vitest';
import { story } from '../../test/story.ts';

// At leverage 2 and a stop of 2 %, BTC takes one coin: half of the 1,000 of cash, and 250 of margin. What comes second
// risks 1 % of the other 750: 0.75 coins, worth 375; what comes third 1 % of 562.50: 0.56 coins, worth 280.
const rules = { leverage: 2 };
const BTC = 'BTC long 1 @ 500 11:00 → 500 14:00 end';
const candles = (...signals: readonly string[]): string => `
  time   open  high  low  close  signal
  10:00  500   500   500  500    ${signals[0] ?? ''}
  11:00  500   505   495  500    ${signals[1] ?? ''}
  12:00  500   505   495  500    ${signals[2] ?? ''}
  13:00  500   505   495  500`;

describe('rule 45: the most of one coin', () => {
  test('bounds its one position (rule 7), the limit itself included', () => {
    const most = (maxCoinExposure: number) => ({ rules: { ...rules, maxCoinExposure } });
    story(candles('long'), most(0.5)).tellsBothWays('long 1 @ 500 11:00 → 500 14:00 end');
    story(candles('long'), most(0.499)).tellsBothWays('refused max-coin-exposure 1');
  });

  test('is asked of each coin for itself', () => {
    const coins = { BTC: candles('long'), ETH: candles('long'), SOL: candles('long') };
    // 500, 375 and 280 are 1,155 together.
    story(coins, { rules: { ...rules, maxCoinExposure: 0.5 } }).tells(`
      ${BTC}
      ETH long 0.75 @ 500 11:00 → 500 14:00 end
      SOL long 0.56 @ 500 11:00 → 500 14:00 end`);
    // Each is refused at the full size, for what is refused holds no cash back.
    story(coins, { rules: { ...rules, maxCoinExposure: 0.4 } }).tells('refused max-coin-exposure 3');
  });

  test('0.57 × 100 dollars are 57, though less in doubles', () => {
    // 1.14 / 10 = 0.114 coins, worth 57.
    const setting = {
      depositUsd: 100,
      szDecimals: 3,
      rules: { sizing: { riskFraction: 0.0114 }, maxCoinExposure: 0.57 },
    };
    story(candles('long'), setting).tells('long 0.114 @ 500 11:00 → 500 14:00 end');
  });

  test('follows realised cash', () => {
    // Stopped out, 990 are left, and 1 % of them: 0.99 coins, worth 495.
    const stopped = candles('long', 'long').replace('505   495  500    long', '505   490  500    long');
    const most = (maxCoinExposure: number) => ({ rules: { ...rules, maxCoinExposure } });
    story(stopped, most(0.5)).tells(`
      long 1 @ 500 11:00 → 490 12:00 stop
      long 0.99 @ 500 12:00 → 500 14:00 end`);
  });
});

describe('rule 45: the most on one side', () => {
  test('counts positions and pending entries of all coins, the new one included', () => {
    const most = (maxSideExposure: number) => ({ rules: { ...rules, maxSideExposure } });
    const later = { BTC: candles('long'), ETH: candles('', 'long') };
    for (const coins of [later, { BTC: candles('long'), ETH: candles('long') }]) {
      story(coins, most(0.874)).tells(`${BTC}\nrefused max-side-exposure 1`);
    }
    story(later, most(0.875)).tells(`${BTC}\nETH long 0.75 @ 500 12:00 → 500 14:00 end`);
  });

  test('longs and shorts are counted apart; a refused leg stays flat, and asks again when there is room', () => {
    // ETH is refused while BTC is held, at 11:00 and also at 12:00, where its exit is not yet filled. Then SOL alone
    // holds margin: 1 % of 812.50 over 10.
    story(
      { BTC: candles('long', 'exit-long'), ETH: candles('long', 'long', 'long'), SOL: candles('short') },
      { rules: { ...rules, maxSideExposure: 0.5 } },
    ).tells(`
      BTC long 1 @ 500 11:00 → 500 12:00 signal
      refused max-side-exposure 2
      ETH long 0.81 @ 500 13:00 → 500 14:00 end
      SOL short 0.75 @ 500 11:00 → 500 14:00 end`);
  });
});

test('rule 45: of the limits on exposure, that of all is asked first, then the coin’s, then the side’s', () => {
  const refused = (maxExposure: number, maxCoinExposure: number, maxSideExposure: number, refusal: string): void =>
    story(
      { BTC: candles('long'), ETH: candles('long') },
      {
        rules: {
          ...rules,
          sizing: 'allEquity',
          stop: { fraction: 0.04 },
          maxExposure,
          maxCoinExposure,
          maxSideExposure,
        },
      },
    ).tells(`refused ${refusal} 2`);
  // Each would take all of the cash, at leverage 2.
  refused(1, 1, 1, 'max-exposure');
  refused(2, 1, 1, 'max-coin-exposure');
  refused(2, 2, 1, 'max-side-exposure');
});

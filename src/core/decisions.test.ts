import { describe, test } from 'vitest';
import { story } from '../../test/story.ts';

describe('rule 5: signals count while a leg is flat and has no order', () => {
  test('long and short at once: no entry, counted', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long,short
      11:00  500   505   495  500    short
      12:00  500   505   495  500`).tells(`
      conflicts 1
      short 1 @ 500 12:00 → 500 13:00 end`);
  });

  test('in a position neither signals nor conflicts count', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500    long
      12:00  500   505   495  500    long,short
      13:00  500   505   495  500    short`).tellsBothWays('long 1 @ 500 11:00 → 500 14:00 end');
  });

  test('after an exit inside t the signal at the close of t may enter, on either side', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   500   490  500    short
      12:00  500   500   500  500`).tellsBothWays(`
      long 1 @ 500 11:00 → 490 12:00 stop
      short 0.99 @ 500 12:00 → 500 13:00 end`);
  });

  test('no reversal at one open: an exit at the open of t+1 waits for the signal at its close', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500    exit-long,short
      12:00  500   505   495  500
      13:00  500   505   495  500`).tellsBothWays('long 1 @ 500 11:00 → 500 12:00 signal');
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500    exit-long
      12:00  500   505   495  500    short
      13:00  500   505   495  500`).tellsBothWays(`
      long 1 @ 500 11:00 → 500 12:00 signal
      short 1 @ 500 13:00 → 500 14:00 end`);
  });

  test('a stop at the open of t is an exit in t: the signal at the close of t may enter', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500
      12:00  480   505   475  500    long
      13:00  500   505   495  500`).tellsBothWays(`
      long 1 @ 500 11:00 → 480 12:00 stop
      long 0.98 @ 500 13:00 → 500 14:00 end`);
  });
});

describe('rules 2 and 44: candles that do not exist', () => {
  test('an order whose candle is missing lapses, and is counted; it does not wait for the next', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      12:00  500   505   495  500
      13:00  500   505   495  500`).tells('lapsed 1');
  });

  test('the leg is free again at the next close', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      12:00  500   505   495  500    long
      13:00  500   505   495  500`).tellsBothWays(`
      lapsed 1
      long 1 @ 500 13:00 → 500 14:00 end`);
  });

  test('an open position meets the next stored open as a gap', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  500
      15:00  470   475   465  470`).tellsBothWays('long 1 @ 500 11:00 → 470 15:00 stop | gross -30');
  });

  test('and its target as a gap too: at the target', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  500
       15:00  530   535   525  530`,
      { rules: { target: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 520 15:00 target');
  });

  test('a missing candle of one coin is no gap for another', () => {
    story({
      BTC: `
        time   open  high  low  close  signal
        10:00  500   500   500  500    long
        12:00  500   505   495  500`,
      ETH: `
        time   open  high  low  close  signal
        10:00  500   500   500  500    long
        11:00  500   505   495  500
        12:00  500   505   495  500`,
    }).tells(`
      lapsed 1
      ETH long 0.5 @ 500 11:00 → 500 13:00 end`);
  });
});

describe('rule 8: legs that decide on candles of their own, filled on the finest', () => {
  const setting = { interval: '30m', rules: { maxHold: 1 } } as const;
  const candles = (...signals: readonly string[]): string => `
      time   open  high  low  close  signal
      10:00  500   505   495  500    ${signals[0] ?? ''}
      10:30  500   505   495  500    ${signals[1] ?? ''}
      11:00  500   505   495  500    ${signals[2] ?? ''}
      11:30  501   505   495  500    ${signals[3] ?? ''}
      12:00  502   505   495  500`;

  test('each hears its signals at its own closes, and counts its own candles', () => {
    // BTC decides each half hour and is out after one; ETH hears nothing at 10:30, enters at 11:00 with the half of the
    // cash that BTC's margin leaves, and is out after an hour.
    story(
      { BTC: candles('long'), ETH: candles('short', 'long', 'exit-long') },
      { ...setting, decisionInterval: { BTC: '30m', ETH: '1h' } },
    ).tells(`
      BTC long 1 @ 500 10:30 → 500 11:00 time
      ETH long 0.5 @ 500 11:00 → 502 12:00 time`);
  });

  test('rule 7: two of them on one coin take turns', () => {
    // At 11:00 both would enter, and the first leg is asked first; at 12:00 only the second has something to say.
    story(
      { BTC: candles('', 'long'), 'BTC#2': candles('long', 'short', 'short', 'short') },
      { ...setting, decisionInterval: { 'BTC#2': '1h' } },
    ).tells(`
      BTC long 1 @ 500 11:00 → 501 11:30 time
      refused coin-occupied 1
      BTC short 1 @ 502 12:00 → 500 12:30 end`);
  });
});

describe('rules 1 and 43: where a run begins and ends', () => {
  test('the first signal is that of the first candle at or after `from`', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  500    short
       12:00  500   505   495  500`,
      { from: '11:00' },
    ).tells('short 1 @ 500 12:00 → 500 13:00 end');
  });

  test('a candle counts if it closes at or before `to`', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  501
       12:00  480   480   480  480`,
      { to: '12:00' },
    ).tells('long 1 @ 500 11:00 → 501 12:00 end | gross 1');
  });

  test('the end is worse by slippage, rounded, taker, and pays no funding at that instant', () => {
    // Bought at 500.05, sold at 501.03 × 0.9999 = 500.979897, down to 500.97. Fees: 500.05 × 0.045 % = 0.2250225, up to
    // 0.225023, and 500.97 × 0.045 % = 0.2254365, up to 0.225437.
    story(
      `time   open  high  low  close   signal
       10:00  500   500   500  500     long
       11:00  500   505   495  501.03
       12:00  501   505   495  501`,
      { to: '12:00', costs: { takerFee: 0.00045, slippageBps: 1 }, rates: { '12:00': 0.01 } },
    ).tells('long 1 @ 500.05 11:00 → 500.97 12:00 end | gross 0.92, fees 0.45046, funding 0, net 0.46954');
  });

  test('an exit that was decided at the last close ends there', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  502    exit-long`).tellsBothWays('long 1 @ 500 11:00 → 502 12:00 end');
  });

  test('an entry that was decided at the last close lapses', () => {
    story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500
      11:00  500   505   495  502    long`).tells('lapsed 1');
  });

  test('where the last candles are missing, the last stored close is the end, and its time', () => {
    // The funding of 13:00 and 14:00 would have come later.
    story(
      {
        BTC: `
          time   open  high  low  close  signal
          10:00  500   500   500  500    long
          11:00  500   505   495  503`,
        ETH: `
          time   open  high  low  close  signal
          10:00  500   500   500  500
          14:00  500   500   500  500`,
      },
      { rates: { '12:00': 0.01, '13:00': 0.01, '14:00': 0.01 } },
    ).tells('BTC long 1 @ 500 11:00 → 503 12:00 end | gross 3, funding 0');
  });
});

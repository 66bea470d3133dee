import { describe, test } from 'vitest';
import { story } from '../../test/story.ts';

// One coin at $500, its stop at 500 × 0.98 = 490: one R is $10. Ticks are a cent.
const ENTERED = `
  time   open  high  low  close  signal
  10:00  500   500   500  500    long
  11:00  500   505   495  500`;

describe('entries', () => {
  test('rule 9: an entry fills at the next open, worse by the slippage, even beyond its candle', () => {
    // 10 bp of 500: a buyer pays 500.50, above the high of 500. Stop 500.50 × 0.98 = 490.49; a seller there gets
    // 490.49 × 0.999 = 489.99951, in cents 489.99: a loss of 10.51.
    story(
      `time   open  high  low  close  signal
       10:00  499   500   499  500    long
       11:00  500   500   500  500
       12:00  500   500   490  490`,
      { costs: { slippageBps: 10 } },
    ).tells('long 1 @ 500.5 11:00 → 489.99 13:00 stop | stop 490.49, gross -10.51');
  });

  test('rule 9: a short sells lower and buys back higher', () => {
    // Sold at 500 × 0.999 = 499.50; stop 499.50 × 1.02 = 509.49; bought back at 509.49 × 1.001 = 509.99949, so 510.
    story(
      `time   open  high  low  close  signal
       10:00  499   500   499  500    short
       11:00  500   500   500  500
       12:00  500   510   500  510`,
      { costs: { slippageBps: 10 } },
    ).tells('short 1 @ 499.5 11:00 → 510 13:00 stop | stop 509.49, gross -10.5');
  });

  test.each([
    // 500.03 × 1.0001 = 500.080003, up; stop 500.09 × 0.98 = 490.0882, up; sold at 500.03 × 0.9999 = 499.979997, down.
    ['long', 1, 500.03, 'long 1 @ 500.09 11:00 → 499.97 12:00 end | stop 490.09'],
    // 500.03 × 0.9999 = 499.979997, down; stop 499.97 × 1.02 = 509.9694, down; bought at 500.080003, up.
    ['short', 1, 500.03, 'short 1 @ 499.97 11:00 → 500.09 12:00 end | stop 509.96'],
    // An open between two ticks is data, and only the fill is rounded: 500.123.
    ['long', 0, 500.123, 'long 1 @ 500.13 11:00 → 500.12 12:00 end | stop 490.13'],
    ['short', 0, 500.123, 'short 1 @ 500.12 11:00 → 500.13 12:00 end | stop 510.12'],
  ])('rules 9 and 40: a %s with %d bp of slippage at an open of %d', (signal, slippageBps, price, told) => {
    story(
      `time   open      high      low       close     signal
       10:00  500       500       500       500       ${signal}
       11:00  ${price}  ${price}  ${price}  ${price}`,
      { costs: { slippageBps } },
    ).tells(told);
  });

  test('rule 10: stop and target are distances from the fill, not from the close of the signal', () => {
    // Fill 510: stop 510 × 0.98 = 499.80, R = 10.20, target 510 + 2 × 10.20 = 530.40. Size is that of close 500: one
    // coin.
    story(
      `time   open  high   low    close  signal
       10:00  500   500    500    500    long
       11:00  510   512    505    510
       12:00  510   530.41 505    530`,
      { rules: { target: 2 } },
    ).tells('long 1 @ 510 11:00 → 530.4 13:00 target | stop 499.8, target 530.4, risk 10.2, gross 20.4, r 2');
  });
});

describe('stops', () => {
  test('rule 11: a stop that is touched to the tick fills', () => {
    story(`${ENTERED}
       12:00  500   505   490  500`).tellsBothWays('long 1 @ 500 11:00 → 490 13:00 stop | gross -10, r -1');
  });

  test('rule 11: a stop that is missed by one tick stays', () => {
    story(`${ENTERED}
       12:00  500   505   490.01  500`).tellsBothWays('long 1 @ 500 11:00 → 500 13:00 end | gross 0');
  });

  test('rule 11: a gap through the stop fills at the open, not at the stop', () => {
    story(`${ENTERED}
       12:00  480   481   470  475`).tellsBothWays('long 1 @ 500 11:00 → 480 12:00 stop | gross -20, r -2');
  });

  test('rule 11: an open exactly at the stop is beyond it: filled there, and stamped at the open', () => {
    story(`${ENTERED}
       12:00  490   499   489  499`).tellsBothWays('long 1 @ 500 11:00 → 490 12:00 stop');
  });

  test('rule 11: slippage comes off the open of a gap, and off the stop within a candle', () => {
    // Bought at 500.50, stop 490.49. Gap to 480: 480 × 0.999 = 479.52.
    story(
      `${ENTERED}
       12:00  480   481   470  475`,
      { costs: { slippageBps: 10 } },
    ).tells('long 1 @ 500.5 11:00 → 479.52 12:00 stop');
  });

  test.each([
    ['490.00 × 0.9 = 441.00: a fill there is within the tolerance', 'long', 441, 'no'],
    ['one tick lower is beyond it', 'long', 440.99, 'yes'],
    ['510.00 × 1.1 = 561.00, for a short', 'short', 561, 'no'],
    ['one tick higher is beyond it', 'short', 561.01, 'yes'],
  ])('rules 11 and 47: the 10 %% flag: %s', (_, side, open, flagged) => {
    story(`
       time   open     high     low      close    signal
       10:00  500      500      500      500      ${side}
       11:00  500      500      500      500
       12:00  ${open}  ${open}  ${open}  ${open}`).tells(
      `${side} 1 @ 500 11:00 → ${open} 12:00 stop | flagged ${flagged}`,
    );
  });

  test('rule 47: slippage counts for the flag', () => {
    // Bought at 500.50, stop 490.49, 0.9 × 490.49 = 441.441. An open of 441.50 fills at 441.50 × 0.999 = 441.0585 →
    // 441.05.
    story(
      `${ENTERED}
       12:00  441.5  442   441  442`,
      { costs: { slippageBps: 10 } },
    ).tells('long 1 @ 500.5 11:00 → 441.05 12:00 stop | flagged yes');
  });
});

describe('targets', () => {
  // 2 R: 500 + 20 = 520.
  const rules = { target: 2 };

  test('rule 12: a target that is touched but not traded through does not fill', () => {
    story(
      `${ENTERED}
       12:00  500   520   495  510`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 510 13:00 end | target 520');
  });

  test('rule 12: one tick beyond the target fills it, at the target', () => {
    story(
      `${ENTERED}
       12:00  500   520.01  495  510`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 520 13:00 target | gross 20, r 2');
  });

  test('rule 12: a gap over the target fills at the target, at the open', () => {
    story(
      `${ENTERED}
       12:00  530   535   525  530`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 520 12:00 target | gross 20');
  });

  test('rule 40: a gap exactly onto the target is not through it', () => {
    story(
      `${ENTERED}
       12:00  520   520   515  518`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 518 13:00 end');
  });

  test('rules 12 and 18: a target pays the maker fee, everything else the taker fee', () => {
    // 500 × 0.045 % = 0.225 and 520 × 0.015 % = 0.078.
    story(
      `${ENTERED}
       12:00  500   525   495  510`,
      { rules, costs: { takerFee: 0.00045, makerFee: 0.00015 } },
    ).tells('long 1 @ 500 11:00 → 520 13:00 target | fees 0.303, net 19.697, r 1.9697');
  });

  test('rule 37: R is the distance to the rounded stop', () => {
    // 500 × (1 − 0.01333) = 493.335, up to 493.34: R = 6.66, and two of them are 13.32, not 13.33.
    story(
      `${ENTERED}
       12:00  500   513.33  495  510`,
      { rules: { ...rules, stop: { fraction: 0.01333 } } },
    ).tells('long 1.5 @ 500 11:00 → 513.32 13:00 target | stop 493.34, target 513.32, risk 9.99, gross 19.98, r 2');
  });

  test('rule 9: a target rounds away from the entry', () => {
    // R = 6.66 as above: 500 + 1.25 × 6.66 = 508.325, up to 508.33.
    story(
      `${ENTERED}
       12:00  500   508.34  495  505`,
      { rules: { target: 1.25, stop: { fraction: 0.01333 } } },
    ).tellsBothWays('long 1.5 @ 500 11:00 → 508.33 13:00 target | target 508.33');
  });

  test('rule 40: one tick beyond $1,000 is ten cents: five significant figures', () => {
    // Fill 800, stop 784, R = 16, target 800 + 12.5 × 16 = 1000. Size: 10 / 16 = 0.625, in lots 0.62.
    const told = (high: number, end: string): void =>
      story(
        `time   open  high     low  close  signal
         10:00  800   800      800  800    long
         11:00  800   ${high}  800  900`,
        { rules: { target: 12.5 } },
      ).tells(`long 0.62 @ 800 11:00 → ${end} | target 1000`);
    told(1000.05, '900 12:00 end');
    told(1000.1, '1000 12:00 target');
  });

  test('rule 40: one tick below $100 is a tenth of a cent', () => {
    // 500 − 40 × 10 = 100.
    const told = (low: number, end: string): void =>
      story(
        `time   open  high  low     close  signal
         10:00  500   500   500     500    short
         11:00  500   500   ${low}  200`,
        { rules: { target: 40 } },
      ).tells(`short 1 @ 500 11:00 → ${end} | target 100`);
    told(99.9995, '200 12:00 end');
    told(99.999, '100 12:00 target');
  });

  test("rule 40: a short's target at or below zero is no target", () => {
    // 50 R = 500: the target would lie at 0.
    story(
      `time   open  high  low   close  signal
       10:00  500   500   500   500    short
       11:00  500   500   0.01  200`,
      { rules: { target: 50 } },
    ).tells('short 1 @ 500 11:00 → 200 12:00 end | target none');
  });
});

describe('rule 13: the order inside a candle', () => {
  const rules = { target: 2 };

  test('both touched is the stop', () => {
    story(
      `${ENTERED}
       12:00  500   525   485  510`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 490 13:00 stop');
  });

  test('the upper bound reads it as the target, unless the open has decided', () => {
    const bound = (open: number, told: string): void =>
      story(
        `${ENTERED}
         12:00  ${open}  525   485  510`,
        { rules, bothTouched: 'target' },
      ).tellsBothWays(told);
    bound(500, 'long 1 @ 500 11:00 → 520 13:00 target');
    // Touched is not traded through, here as elsewhere.
    story(
      `${ENTERED}
       12:00  500  520   485  510`,
      { rules, bothTouched: 'target' },
    ).tellsBothWays('long 1 @ 500 11:00 → 490 13:00 stop');
    bound(489, 'long 1 @ 500 11:00 → 489 12:00 stop');
  });

  test('an open beyond the stop is the stop, whatever comes later', () => {
    story(
      `${ENTERED}
       12:00  489   525   485  510`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 489 12:00 stop');
  });

  test('an open beyond the target is the target, though the stop is touched later', () => {
    story(
      `${ENTERED}
       12:00  520.01  525   485  490`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 520 12:00 target');
  });

  test('the entry candle counts in full: its stop', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   490  500`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 490 12:00 stop | mae 1, mfe 0');
  });

  test('the entry candle counts in full: its target', () => {
    story(
      `time   open  high    low  close  signal
       10:00  500   500     500  500    long
       11:00  500   520.01  491  500`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 520 12:00 target | mae 0, mfe 2');
  });

  test('the entry candle counts in full: both touched is the stop', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   530   480  500`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 490 12:00 stop');
  });

  test('the entry candle counts in full: one that slips until its stop is above the open is out there', () => {
    // 300 bp: bought at 515, stop 515 × 0.98 = 504.70, above the open of 500; sold at 500 × 0.97 = 485.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   510   495  505`,
      { costs: { slippageBps: 300 } },
    ).tells('long 1 @ 515 11:00 → 485 11:00 stop | stop 504.7, gross -30');
  });
});

describe('excursions', () => {
  test('rule 46: worst and best are those of the candles that were survived, and of the exit', () => {
    // Survived: low 495 (0.5 R), high 515 (1.5 R). The candle of the exit counts with its fill of 490 alone (1 R), not
    // with its high of 530.
    story(`${ENTERED}
       12:00  500   515   498  500
       13:00  500   530   480  485`).tellsBothWays('long 1 @ 500 11:00 → 490 14:00 stop | mae 1, mfe 1.5');
  });

  test('a fill on the way out is an excursion too', () => {
    story(`${ENTERED}
       12:00  470   471   460  465`).tellsBothWays('long 1 @ 500 11:00 → 470 12:00 stop | mae 3, mfe 0.5');
  });
});

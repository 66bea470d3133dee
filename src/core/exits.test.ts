import { describe, test } from 'vitest';
import { story } from '../../test/story.ts';

// One coin at $500, its stop at 490: one R is $10.
const ENTERED = `
  time   open  high  low  close  signal
  10:00  500   500   500  500    long
  11:00  500   505   495  500`;

describe('exits by signal', () => {
  test('rule 14: decided at a close, filled at the next open', () => {
    story(`${ENTERED}    exit-long
       12:00  503   505   495  500`).tellsBothWays('long 1 @ 500 11:00 → 503 12:00 signal | gross 3');
  });

  test('rule 14: filled before the stop, though the open has jumped over it', () => {
    story(`${ENTERED}    exit-long
       12:00  480   505   470  500`).tellsBothWays('long 1 @ 500 11:00 → 480 12:00 signal | gross -20, flagged no');
  });

  test('rule 14: only if the position survived the candle', () => {
    story(`${ENTERED}
       12:00  500   505   490  500    exit-long
       13:00  503   505   495  500`).tellsBothWays('long 1 @ 500 11:00 → 490 13:00 stop');
  });

  test('rule 14: an exit of the other side, or one at the close of the entry signal, means nothing', () => {
    story(`
       time   open  high  low  close  signal
       10:00  500   500   500  500    long,exit-long
       11:00  500   505   495  500    exit-short
       12:00  503   505   495  500`).tellsBothWays('long 1 @ 500 11:00 → 500 13:00 end');
  });

  test('rule 42: a pending exit meets the next stored open', () => {
    story(`${ENTERED}    exit-long
       14:00  503   505   495  500`).tellsBothWays('long 1 @ 500 11:00 → 503 14:00 signal');
  });
});

describe('exits by time', () => {
  test('rule 14: N full candles are held, then the next open', () => {
    story(
      `${ENTERED}
       12:00  500   505   495  502
       13:00  501   505   495  500`,
      { rules: { maxHold: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 501 13:00 time | gross 1');
  });

  test('rule 14: a stop inside the last candle comes first', () => {
    story(
      `${ENTERED}
       12:00  500   505   490  502
       13:00  501   505   495  500`,
      { rules: { maxHold: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 490 13:00 stop');
  });

  test('rules 2 and 42: the clock runs through missing candles; the first stored open at or after the due time', () => {
    // Due at 13:00, which does not exist.
    story(
      `${ENTERED}
       12:00  500   505   495  502
       15:00  501   505   495  500`,
      { rules: { maxHold: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 501 15:00 time');
  });

  test('rule 42: a gap that ends at the due time still ends in time', () => {
    story(
      `${ENTERED}
       13:00  480   505   475  500`,
      { rules: { maxHold: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 480 13:00 time');
  });

  test('rule 30: on finer candles N counts candles of the strategy', () => {
    // Decisions every hour, fills on half hours: two hours from 11:00.
    story(
      `time   open  high  low  close  signal
       10:30  500   500   500  500    long
       11:00  500   505   495  500
       11:30  500   505   495  500    exit-long
       12:00  500   505   495  500
       12:30  502   505   495  500
       13:00  501   505   495  500`,
      { interval: '30m', decisionInterval: '1h', rules: { maxHold: 3 } },
    ).tells('long 1 @ 500 11:00 → 500 12:00 signal');
    story(
      `time   open  high  low  close  signal
       10:30  500   500   500  500    long
       11:00  500   505   495  500    exit-long
       11:30  500   505   495  500
       12:00  500   505   495  500    exit-long
       12:30  502   505   495  500
       13:00  501   505   495  500`,
      { interval: '30m', decisionInterval: '1h', rules: { maxHold: 2 } },
    ).tells('long 1 @ 500 11:00 → 501 13:00 time');
  });
});

describe('rule 42: of exits due at one open the reason is signal, time, moved stop', () => {
  // High 510 is one R: the stop moves to 500, and a close of 499 has crossed it.
  const rules = { breakEven: { at: 1 }, maxHold: 2 };
  const candles = (signal: string): string => `${ENTERED}
       12:00  500   510   495  499    ${signal}
       13:00  503   505   495  500`;

  test('signal before time and moved stop', () => {
    story(candles('exit-long'), { rules }).tellsBothWays('long 1 @ 500 11:00 → 503 13:00 signal');
  });

  test('time before moved stop', () => {
    story(candles(''), { rules }).tellsBothWays('long 1 @ 500 11:00 → 503 13:00 time');
  });

  test('moved stop alone', () => {
    story(candles(''), { rules: { ...rules, maxHold: 9 } }).tellsBothWays('long 1 @ 500 11:00 → 503 13:00 break-even');
  });

  test('time before moved stop, when it comes due in a gap', () => {
    story(
      `${ENTERED}
       12:00  500   510   495  499
       16:00  503   505   495  500`,
      { rules: { ...rules, maxHold: 4 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 503 16:00 time');
  });

  test('a signal that was decided before a gap stays a signal', () => {
    story(
      `${ENTERED}    exit-long
       16:00  503   505   495  500`,
      { rules: { maxHold: 2 } },
    ).tellsBothWays('long 1 @ 500 11:00 → 503 16:00 signal');
  });
});

describe('break-even', () => {
  const rules = { breakEven: { at: 1 } };

  test('rule 15: one R ahead, to the tick, moves the stop to the fill, from the next candle on', () => {
    story(
      `${ENTERED}
       12:00  500   510   491  505
       13:00  505   506   500  503`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 500 14:00 break-even | gross 0, stop 490');
  });

  test('rule 15: one tick less does not', () => {
    story(
      `${ENTERED}
       12:00  500   509.99  491  505
       13:00  505   506     499  503`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 503 14:00 end');
  });

  test('rule 46: the entry candle counts, and a moved stop is filled at the open of a gap', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   510   495  505
       12:00  497   498   496  497`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 497 12:00 break-even | gross -3');
  });

  test('rule 46: triggers are of exact decimals: 100.01 + 2.01 is 102.02', () => {
    // Fill 100.01; stop 100.01 × (1 − 0.0201) = 97.999799, up to 98.00 (below 100 the tick is 0.001): R = 2.01.
    story(
      `time   open    high    low     close   signal
       10:00  100.01  100.01  100.01  100.01  long
       11:00  100.01  102.02  100     101
       12:00  101     101     100     100.5`,
      { rules: { ...rules, stop: { fraction: 0.0201 } } },
    ).tells('long 4.97 @ 100.01 11:00 → 100.01 13:00 break-even | stop 98, gross 0');
  });

  test('rules 15 and 46: a close at the new stop has crossed it: market at the next open', () => {
    story(
      `${ENTERED}
       12:00  500   510   491  500
       13:00  504   506   503  505`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 504 13:00 break-even | gross 4');
  });

  test('rules 15 and 46: so has a close beyond it', () => {
    story(
      `${ENTERED}
       12:00  500   510   491  493
       13:00  494   496   489  495`,
      { rules },
    ).tellsBothWays('long 1 @ 500 11:00 → 494 13:00 break-even | gross -6');
  });
});

describe('trailing', () => {
  test('rule 15: follows the best price at a fraction of it, never loosened', () => {
    // Best 520: 520 × 0.99 = 514.80. A later candle without a new high leaves it.
    story(
      `${ENTERED}
       12:00  500   520   500  519
       13:00  519   519   515  516
       14:00  516   517   514  515`,
      { rules: { trail: { distance: { fraction: 0.01 }, after: 1 } } },
    ).tells('long 1 @ 500 11:00 → 514.8 15:00 trail | gross 14.8');
  });

  test('rule 15: a short follows the lowest price', () => {
    // Best 480: 480 × 1.01 = 484.80.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    short
       11:00  500   505   495  500
       12:00  500   500   480  481
       13:00  481   486   481  485`,
      { rules: { trail: { distance: { fraction: 0.01 }, after: 1 } } },
    ).tells('short 1 @ 500 11:00 → 484.8 14:00 trail | gross 15.2');
  });

  test("rule 40: a long's moved stop rounds up and a short's down", () => {
    // 510.01 × 0.99 = 504.9099, up to 504.91; mirrored by hand: 489.99 × 1.01 = 494.8899, down to 494.88.
    const rules = { trail: { distance: { fraction: 0.01 }, after: 0 } };
    story(
      `${ENTERED}
       12:00  500   510.01  500  510
       13:00  510   510     500  505`,
      { rules },
    ).tells('long 1 @ 500 11:00 → 504.91 14:00 trail');
    story(
      `time   open  high  low     close  signal
       10:00  500   500   500     500    short
       11:00  500   500   500     500
       12:00  500   500   489.99  490
       13:00  490   500   490     495`,
      { rules },
    ).tells('short 1 @ 500 11:00 → 494.88 14:00 trail');
  });

  test('rule 46: waits until the position has been ahead by `after`, inclusive', () => {
    const told = (high: number, end: string): void =>
      story(
        `${ENTERED}
       12:00  500   ${high}  500  509
       13:00  509   509      501  503`,
        { rules: { trail: { distance: { atr: 1, period: 14 }, after: 1 }, stop: { fraction: 0.02 } } },
      ).tellsBothWays(end);
    // Without a range there is no trail, so no entry either.
    told(510, 'refused no-atr 1');
    const withRange = (high: number, end: string): void =>
      story(
        `time   open  high     low  close  atr  signal
         10:00  500   500      500  500    4    long
         11:00  500   ${high}  500  509    99
         12:00  509   509      501  503    99`,
        { rules: { trail: { distance: { atr: 2, period: 14 }, after: 1 } } },
      ).tellsBothWays(end);
    // Two ranges of $4 at the decision, whatever the range is later: 510 − 8 = 502.
    withRange(510, 'long 1 @ 500 11:00 → 502 13:00 trail');
    withRange(509.99, 'long 1 @ 500 11:00 → 503 13:00 end');
  });

  test('rule 15: break-even first, then the trail; the tighter wins and names the reason', () => {
    const rules = (fraction: number) => ({ breakEven: { at: 1 }, trail: { distance: { fraction }, after: 1 } });
    const candles = `${ENTERED}
       12:00  500   510   500.5  509
       13:00  509   509   491    495`;
    // 510 × 0.99 = 504.90 is tighter than 500.
    story(candles, { rules: rules(0.01) }).tells('long 1 @ 500 11:00 → 504.9 14:00 trail');
    // 510 × 0.97 = 494.70 is looser than 500, which stands.
    story(candles, { rules: rules(0.03) }).tells('long 1 @ 500 11:00 → 500 14:00 break-even');
  });

  test('rule 46: the reason is what last moved the stop', () => {
    // 12:00 moves it to 500 (a trail of 5 % lies at 484.50); 13:00 to 540 × 0.95 = 513.
    story(
      `${ENTERED}
       12:00  500   510   501  509
       13:00  509   540   509  538
       14:00  538   538   510  515`,
      { rules: { breakEven: { at: 1 }, trail: { distance: { fraction: 0.05 }, after: 1 } } },
    ).tells('long 1 @ 500 11:00 → 513 15:00 trail | gross 13');
  });

  test('rules 15 and 46: the smallest step is counted in basis points of the current stop', () => {
    // 100 bp of 490 are 4.90. A best of 500.90 less $6 is 494.90: exactly that far. One cent less stays at 490.
    const told = (high: number, end: string): void =>
      story(
        `time   open  high     low  close  atr  signal
         10:00  500   500      500  500    3    long
         11:00  500   ${high}  499  500    3
         12:00  500   500      491  495    3`,
        { rules: { trail: { distance: { atr: 2, period: 14 }, after: 0 }, minStopMoveBps: 100 } },
      ).tells(end);
    told(500.9, 'long 1 @ 500 11:00 → 494.9 13:00 trail');
    told(500.89, 'long 1 @ 500 11:00 → 495 13:00 end');
  });

  test('rule 46: a trail that is crossed at the close leaves at the next open', () => {
    // Best 520, less 1 % is 514.80; the close of 514 is beyond.
    story(
      `${ENTERED}
       12:00  500   520   500  514
       13:00  516   517   512  515`,
      { rules: { trail: { distance: { fraction: 0.01 }, after: 0 } } },
    ).tells('long 1 @ 500 11:00 → 516 13:00 trail');
  });

  test('rule 30: on finer candles stops move at the closes of the strategy, from all extremes since entry', () => {
    // Half hours: the high of 11:00 counts, but the stop moves at 12:00 only, so the low of 11:30 does no harm.
    story(
      `time   open  high  low  close  signal
       10:30  500   500   500  500    long
       11:00  500   520   500  510
       11:30  510   511   495  511
       12:00  511   518   514  516
       12:30  516   517   500  505`,
      { interval: '30m', decisionInterval: '1h', rules: { trail: { distance: { fraction: 0.02 }, after: 0 } } },
    ).tells('long 1 @ 500 11:00 → 509.6 13:00 trail');
  });
});

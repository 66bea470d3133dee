import { describe, expect, test } from 'vitest';
import { story } from '../../test/story.ts';
import { columnsOf, type FundingRates } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { fundingColumns } from './funding.ts';

// One coin at $500. A rate of 0.01 % is five cents an hour at that price.
const RATE = 0.0001;

describe('rule 16: who pays an hour', () => {
  const candles = `
    time   open  high  low  close  signal
    10:00  500   500   500  500    long
    11:00  500   505   495  500
    12:00  500   505   495  500    exit-long
    13:00  500   505   495  500`;
  const pays = (rates: Readonly<Record<string, number>>, fundingUsd: number): void =>
    story(candles, { rates }).tells(`long 1 @ 500 11:00 → 500 13:00 signal | funding ${fundingUsd}, net ${fundingUsd}`);

  test('an entry filled at the hour does not pay it', () => pays({ '10:00': RATE, '11:00': RATE }, 0));
  test('an hour in between is paid', () => pays({ '12:00': RATE }, -0.05));
  test('an exit filled at the open of the hour pays it', () => pays({ '13:00': RATE }, -0.05));
  test('later hours are of no concern', () => pays({ '14:00': RATE }, 0));
  test('all of them', () => pays({ '11:00': RATE, '12:00': RATE, '13:00': RATE, '14:00': RATE }, -0.1));
  test('a negative rate is received', () => pays({ '12:00': -RATE }, 0.05));

  test('a short receives what a long pays', () => {
    story(candles.replaceAll('long', 'short'), { rates: { '12:00': RATE, '13:00': -RATE * 2 } }).tells(
      'short 1 @ 500 11:00 → 500 13:00 signal | funding -0.05',
    );
    story(candles.replaceAll('long', 'short'), { rates: { '12:00': RATE } }).tells(
      'short 1 @ 500 11:00 → 500 13:00 signal | funding 0.05',
    );
  });

  test('an exit inside a candle lies before its close, and does not pay there', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   490  500
       12:00  500   505   495  500`,
      { rates: { '12:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 490 12:00 stop | funding 0');
  });

  test('a stop at the open of the hour pays it, at that open', () => {
    // 480 × 0.01 %
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  500
       12:00  480   505   475  500`,
      { rates: { '12:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 480 12:00 stop | funding -0.048');
  });

  test('the end pays nothing at its instant', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  500
       12:00  500   505   495  500
       13:00  500   505   495  500`,
      { rates: { '12:00': RATE, '13:00': RATE }, to: '13:00' },
    ).tells('long 1 @ 500 11:00 → 500 13:00 end | funding -0.05');
  });
});

describe('rules 16 and 39: the price of an hour', () => {
  test('the open of the candle that opens there', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  501
       12:00  502   505   495  503
       13:00  504   505   495  500`,
      { rates: { '12:00': RATE, '13:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 500 14:00 end | funding -0.1006');
  });

  test('half hours: only every second open is an hour', () => {
    story(
      `time   open  high  low  close  signal
       10:30  500   500   500  500    long
       11:00  500   505   495  501
       11:30  510   511   495  503
       12:00  504   505   495  500
       12:30  510   511   495  500`,
      { interval: '30m', rates: { '11:00': RATE, '12:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 500 13:00 end | funding -0.0504');
  });

  test('an entry on the half hour pays the next hour', () => {
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       10:30  500   505   495  501
       11:00  502   505   495  503`,
      { interval: '30m', rates: { '10:00': RATE, '11:00': RATE } },
    ).tells('long 1 @ 500 10:30 → 503 11:30 end | funding -0.0502');
  });

  // Four-hour candles: 04:00 holds 05:00, 06:00 and 07:00, all at its open of 500; 08:00 is that of the next, 510.
  const FOUR_HOURS = `
    time   open  high  low  close  signal
    00:00  500   500   500  500    long
    04:00  500   505   495  500`;
  const rates = { '04:00': RATE, '05:00': RATE, '06:00': RATE, '07:00': RATE, '08:00': RATE, '09:00': RATE };

  test('hours inside a candle are paid at its open', () => {
    story(
      `${FOUR_HOURS}    exit-long
       08:00  510   515   505  510`,
      { interval: '4h', rates },
    ).tells('long 1 @ 500 04:00 → 510 08:00 signal | funding -0.201');
  });

  test('an exit inside the candle, stamped at its close, pays the hours inside', () => {
    story(
      `time   open  high  low  close  signal
       00:00  500   500   500  500    long
       04:00  500   505   490  500`,
      { interval: '4h', rates },
    ).tells('long 1 @ 500 04:00 → 490 08:00 stop | funding -0.15');
  });

  test('an exit at the open does not', () => {
    story(
      `${FOUR_HOURS}
       08:00  480   515   475  510`,
      { interval: '4h', rates },
    ).tells('long 1 @ 500 04:00 → 480 08:00 stop | funding -0.198');
  });

  test('quarters of an hour: only whole hours count', () => {
    story(
      `time   open  high  low  close  signal
       10:30  500   500   500  500    long
       10:45  500   505   495  500
       11:00  501   505   495  500
       11:15  502   505   495  500`,
      { interval: '15m', rates: { '11:00': RATE } },
    ).tells('long 1 @ 500 10:45 → 500 11:30 end | funding -0.0501');
  });

  test('in a gap the clock runs, at the last stored close', () => {
    // 12:00 and 13:00 do not exist: 503 each. 14:00 opens at 504.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  503
       14:00  504   505   495  500`,
      { rates: { '12:00': RATE, '13:00': RATE, '14:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 500 15:00 end | funding -0.151');
  });

  test('four-hour gap: the hours inside it too', () => {
    // 08:00 to 11:00 at 502; 12:00 at 504, where it ends, with three hours inside at 504.
    story(
      `time   open  high  low  close  signal
       00:00  500   500   500  500    long
       04:00  500   505   495  502
       12:00  504   505   495  500`,
      { interval: '4h', rates: { '08:00': RATE, '09:00': RATE, '11:00': RATE, '12:00': RATE, '13:00': RATE } },
    ).tells('long 1 @ 500 04:00 → 500 16:00 end | funding -0.2514');
  });

  test('hours of a gap that cancel out leave nothing to pay', () => {
    // 12:00 is paid and 13:00 received, both at 503; then 14:00 at 504, where RATE is 0.0504.
    story(
      `time   open  high  low  close  signal
       10:00  500   500   500  500    long
       11:00  500   505   495  503
       14:00  504   505   495  500`,
      { rates: { '12:00': RATE, '13:00': -RATE, '14:00': RATE } },
    ).tells('long 1 @ 500 11:00 → 500 15:00 end | funding -0.0504');
  });
});

describe('rules 18 and 39: rounding', () => {
  // 0.03 coins are three lots.
  const rules = { sizing: { riskFraction: 0.0003001 } };
  const candles = (side: string): string => `
    time   open  high  low  close  signal
    10:00  500   500   500  500    ${side}
    11:00  500   505   495  500
    12:00  500   505   495  500
    13:00  500   505   495  500`;

  test('once per trade and against us: two payments of 15 nano-dollars are one micro-dollar', () => {
    // 500 × 1e-9 × 0.01 = 5e-9 a lot and hour: 3 × 2 × 5e-9 = 3e-8, floored to −0.000001. The short gets nothing.
    const rates = { '12:00': 1e-9, '13:00': 1e-9 };
    story(candles('long'), { rules, rates }).tells('long 0.03 @ 500 11:00 → 500 14:00 end | funding -0.000001');
    story(candles('short'), { rules, rates }).tells('short 0.03 @ 500 11:00 → 500 14:00 end | funding 0');
  });

  test('each hour of a lot is quantised to 10⁻¹² dollars, ties away from zero', () => {
    // 500 × 5e-13 × 0.01 = 2.5e-12 is 3e-12 a lot and hour.
    const columns = columnsOf('X', '1h', [
      { openTimeMs: epochMs(0), open: 500, high: 500, low: 500, close: 500, volume: 1 },
    ]);
    const funding = (rate: number): number =>
      fundingColumns(columns, 2, { coin: 'X', timesMs: Float64Array.of(0), rates: Float64Array.of(rate) })
        .atOpen[0] as number;
    expect(funding(5e-13)).toBe(-3);
    expect(funding(-5e-13)).toBe(3);
    expect(funding(4.99e-13)).toBe(-2);
    // 500 × 0.012345678912 × 0.01 = 0.06172839456 dollars, whole at twelve decimals: large amounts are not rounded up.
    expect(funding(0.012345678912)).toBe(-61_728_394_560);
  });
});

describe('missing rates', () => {
  const hour = (index: number) => ({
    openTimeMs: epochMs(index * HOUR_MS),
    open: 500,
    high: 500,
    low: 500,
    close: 500,
    volume: 1,
  });
  const columns = columnsOf('X', '1h', [hour(0), hour(1), hour(2), hour(4)]);

  test('rule 16: they are zero, and counted, those of a gap included', () => {
    const rates: FundingRates = {
      coin: 'X',
      timesMs: Float64Array.of(HOUR_MS, 3 * HOUR_MS),
      rates: Float64Array.of(RATE, RATE),
    };
    const funding = fundingColumns(columns, 2, rates);
    expect(funding.missingHours).toBe(3);
    expect([...funding.atOpen].map((amount) => amount / 1e12)).toEqual([0, -0.0005, 0, -0.0005, 0]);
    expect(fundingColumns(columns, 2, undefined).missingHours).toBe(5);
  });
});

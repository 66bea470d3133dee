import { describe, expect, test } from 'vitest';
import { story } from '../../test/story.ts';
import { microUsd } from '../domain/units.ts';
import { book, cashOf, openLedger } from './ledger.ts';

describe('rule 18: money', () => {
  test('fees are rounded up per fill to the micro-dollar', () => {
    // 0.03 coins: bought at 500.01 for 15.0003, fee 15.0003 × 0.045 % = 0.006750135, up to 0.006751. The stop at
    // 500.01 × 0.98 = 490.0098, up to 490.01: sold for 14.7003, fee 0.006615135, up to 0.006616. Gross −0.3.
    story(
      `time   open    high    low     close   signal
       10:00  500.01  500.01  500.01  500.01  long
       11:00  500.01  500.01  480     485`,
      { rules: { sizing: { riskFraction: 0.0003001 } }, costs: { takerFee: 0.00045 } },
    ).tells(`
      long 0.03 @ 500.01 11:00 → 490.01 12:00 stop | gross -0.3, fees 0.013367, net -0.313367, risk 0.3, r -1.04455667
      cash 999.686633`);
  });

  test('the maker fee too', () => {
    // R = 10, target 510.01: 0.03 × 510.01 = 15.3003, × 0.015 % = 0.002295045, up to 0.002296; and 0.006751 to enter.
    story(
      `time   open    high    low     close   signal
       10:00  500.01  500.01  500.01  500.01  long
       11:00  500.01  515     500     505`,
      { rules: { sizing: { riskFraction: 0.0003001 }, target: 1 }, costs: { takerFee: 0.00045, makerFee: 0.00015 } },
    ).tells('long 0.03 @ 500.01 11:00 → 510.01 12:00 target | gross 0.3, fees 0.009047, net 0.290953');
  });

  test('a rebate is rounded down, against us too', () => {
    // 15.3003 × 0.002 % = 0.000306006, of which 0.000306 are received: 0.006751 − 0.000306.
    story(
      `time   open    high    low     close   signal
       10:00  500.01  500.01  500.01  500.01  long
       11:00  500.01  515     500     505`,
      { rules: { sizing: { riskFraction: 0.0003001 }, target: 1 }, costs: { takerFee: 0.00045, makerFee: -0.00002 } },
    ).tells('long 0.03 @ 500.01 11:00 → 510.01 12:00 target | fees 0.006445');
  });

  test('the ledger of a run is deposits + realised − fees + funding, to the micro-dollar', () => {
    const { result } = story(
      `time   open    high    low     close   signal
       10:00  500.01  500.01  500.01  500.01  long
       11:00  500.01  501     499     500
       12:00  500     501     480     485`,
      { costs: { takerFee: 0.00045 }, rates: { '12:00': 0.0000125 } },
    ).run();
    // 10 / 10.0002 are 0.99 coins: bought for 495.0099, fee 0.222754455, up; sold at 490.01 for 485.1099, fee
    // 0.218299455, up. One hour: 0.99 × 500 × 0.0000125 = 0.0061875, floored.
    expect(result.ledger).toEqual({
      depositsUsd: 1_000_000_000,
      realisedUsd: -9_900_000,
      feesUsd: 222_755 + 218_300,
      fundingUsd: -6_188,
    });
  });
});

describe('the ledger', () => {
  test('cash is never stored', () => {
    const ledger = book(openLedger(microUsd(1_000_000)), { realisedUsd: -250_000, feesUsd: 450, fundingUsd: -30 });
    expect(cashOf(ledger)).toBe(749_520);
    expect(cashOf(book(ledger, { fundingUsd: 30 }))).toBe(749_550);
  });

  test('it refuses what is not a whole micro-dollar, and what doubles cannot count', () => {
    const ledger = openLedger(microUsd(0));
    expect(() => book(ledger, { feesUsd: 0.5 })).toThrow('not a whole number of micro-dollars');
    expect(() => book(ledger, { realisedUsd: 2 ** 53 })).toThrow('not a whole number of micro-dollars');
  });
});

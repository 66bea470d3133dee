import { describe, expect, it } from 'vitest';
import type { CandorError } from '../domain/errors.ts';
import { NUMBER, TEXT } from '../report/frames/cells.ts';
import { parseCondition } from './frame-rows.ts';

const FRAME = { columns: ['coin', 'entryTime', 'netReturn', 'rules.size'], dtypes: [TEXT, TEXT, NUMBER, NUMBER] };

function refusalOf(text: string): Pick<CandorError, 'message' | 'hint'> {
  try {
    parseCondition(text, FRAME);
  } catch (error) {
    return error as CandorError;
  }
  throw new Error(`${text} was understood`);
}

describe('a condition on rows', () => {
  it.each([
    ['coin=BTC', 'BTC', true],
    ['coin = BTC', 'BTCB', false],
    ['coin!=BTC', 'ETH', true],
    ['entryTime>=2025-05', '2025-05-01T00:00Z', true],
    ['entryTime<2025-05', '2025-05-01T00:00Z', false],
    ['netReturn>5%', 0.051, true],
    ['netReturn>5 %', 0.05, false],
    ['netReturn<=-.5', -0.5, true],
    ['netReturn<1', Number.NaN, false],
    ['netReturn!=1', Number.NaN, false],
    ['rules.size=2e1', 20, true],
  ])('%s is met by %s: %s', (text, cell, holds) => {
    expect(parseCondition(text, FRAME).holds(cell)).toBe(holds);
  });

  it.each([
    ['coin', "'coin' is no condition", "Write it like 'coin=BTC' or 'rMultiple>1'."],
    ['conn=BTC', "there is no column 'conn'", 'Did you mean coin?'],
    ['netReturn>much', "'netReturn>much' compares netReturn, which is a number, with 'much'", undefined],
  ])('%s is refused', (text, message, hint) => {
    expect(refusalOf(text)).toMatchObject({ message, ...(hint !== undefined && { hint }) });
  });
});

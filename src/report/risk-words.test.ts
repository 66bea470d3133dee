import { expect, it } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { rulesInWords } from './risk-words.ts';

const CELL: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 3 };
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

it('says what a cell does and leaves out what it does not', () => {
  expect(plain(rulesInWords(CELL))).toBe(
    'stop 2.00 % from the fill, target at 2 R, out after 48 candles, 1.00 % of the cash at risk, leverage up to 5×, ' +
      'at most 3 positions',
  );
});

it('knows every rule', () => {
  const full: RiskRules = {
    stop: { atr: 2, period: 14 },
    target: null,
    breakEven: { at: 1 },
    trail: { distance: { fraction: 0.01 }, after: 1.5 },
    maxHold: null,
    sizing: 'allEquity',
    leverage: 1,
    maxOpen: null,
    maxExposure: 2,
    maxCoinExposure: 0.5,
    maxSideExposure: 1.5,
    minStopMoveBps: 10,
  };
  expect(plain(rulesInWords(full))).toBe(
    'stop 2 ATR(14) from the fill, no target, break-even at 1 R, stop trails by 1.00 % after 1.5 R, ' +
      'all equity in each trade, leverage up to 1×, exposure up to 2× the cash, up to 0.5× in one coin, ' +
      'up to 1.5× on one side, stops move by at least 10 basis points',
  );
});

import { expect, test } from 'vitest';
import { counted, dollars, inR, pEquals, percent, pText, sizeInR } from './words.ts';

test.each([
  [inR(0.123), '+0.12 R'],
  [inR(-0.004), '−0.004 R'],
  [inR(-0.0001), '0 R'],
  [inR(12), '+12.00 R'],
  [sizeInR(0.3), '0.30 R'],
  [sizeInR(-0.3), '−0.30 R'.slice(1)],
  [pText(0.0004), '< 0.001'],
  [pText(0.0005), '0.001'],
  [pEquals(0.04995), 'p = 0.050'],
  [pEquals(0.0001), 'p < 0.001'],
  [pEquals(Number.NaN), 'p n/a'],
  [percent(0.95), '95 %'],
  [percent(0.975), '97.5 %'],
  [percent(-0.0034), '−0.34 %'],
  [percent(1.25), '125 %'],
  [dollars(-0.3), '$0'],
  [dollars(-1234.5), '−$1,235'],
  [counted(1, 'trade'), '1 trade'],
  [counted(1200, 'entry', 'entries'), '1,200 entries'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});

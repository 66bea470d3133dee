import { describe, expect, it } from 'vitest';
import type { Trade } from '../../domain/trade.ts';
import { fragilityInWords, fragilityOf } from './fragility.ts';

const trade = (rMultiple: number, reason: Trade['reason'] = 'stop'): Pick<Trade, 'reason' | 'rMultiple'> => ({
  rMultiple,
  reason,
});
const losses = Array.from({ length: 28 }, () => trade(-1));

describe('what hangs on few trades', () => {
  it('says of a best that the end of the data made, that it did', () => {
    const found = fragilityOf([...losses, trade(70, 'end'), trade(26, 'end')]);
    expect(found).toMatchObject({ trades: 30, sumR: 68, settled: 2, settledR: 96, expectancyWithoutBestR: -2 / 29 });
    expect(found.bestShareOfGains).toBeCloseTo(70 / 96, 12);
    expect(fragilityInWords(found).join(' ').replaceAll('\u202f', ' ')).toBe(
      'Without its best trade it has −0.07 R a trade. ' +
        '2 of 30 trades closed only because the data ended: +96.0 R of +68.0 R.',
    );
  });

  it('keeps silent about an end that changed little, and about what a single trade would be without itself', () => {
    expect(fragilityInWords(fragilityOf([...losses, trade(0.1, 'end')]))).toHaveLength(1);
    expect(fragilityInWords(fragilityOf([trade(1)]))).toEqual([]);
    expect(fragilityOf(losses).bestShareOfGains).toBeNull();
  });
});

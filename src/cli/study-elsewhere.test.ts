import { describe, expect, test } from 'vitest';
import { planSpan } from '../backtest/study-data.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import { isUntried } from '../backtest/variation.ts';
import { elsewhereReport } from '../report/robustness-report.ts';
import { type ElsewhereRequest, elsewhereOf } from './study-elsewhere.ts';

const SETTLING = 48;

function request(coin: string, days: number, parts: Partial<ElsewhereRequest> = {}): ElsewhereRequest {
  const source = syntheticCandles({ coins: [coin], intervals: ['1h'], days: 60, seed: 1 });
  const wanted = { kind: 'study', name: 'small', span: { days }, intervals: ['1h'] } as const;
  const plan = planSpan(wanted, [{ interval: '1h', candles: SETTLING }], [source.span(coin, '1h')]);
  return { study: { coins: [coin], interval: '1h' }, coins: [coin], plan, source, ...parts };
}

describe('candles beside those of a study', () => {
  test('are other coins over its span, and its own before it, with as many candles to settle on', () => {
    const asked = request('BTC', 20);
    const { otherCoins, before } = elsewhereOf(asked);
    if (isUntried(otherCoins) || isUntried(before)) throw new Error('nothing was found');
    expect(otherCoins.coins).toEqual(
      asked.source
        .coins('1h')
        .filter((coin) => coin !== 'BTC')
        .toSorted(),
    );
    expect(otherCoins.data).toMatchObject({ fromMs: asked.plan.fromMs, toMs: asked.plan.toMs });
    expect(before.toMs).toBe(asked.plan.fromMs);
    expect(before.toMs - before.fromMs).toBe(asked.plan.toMs - asked.plan.fromMs);
    expect(before.grids[0].from).toBe(SETTLING);
  });

  test('are absent with a reason where they begin too late', () => {
    expect(elsewhereOf(request('BTC', 40)).before).toEqual({
      reason: expect.stringMatching(/^candles of BTC begin at 20\d\d-\d\d-\d\d, and it would take those from /),
    });
  });

  test('are those that a report names, whatever else is stored by then', () => {
    const asked = request('BTC', 20);
    const named = {
      ...elsewhereReport(elsewhereOf(asked)),
      otherCoins: { coins: ['SOL'], fingerprint: '' },
      before: { reason: 'nobody asked' },
    };
    expect(elsewhereOf({ ...asked, named })).toMatchObject({
      otherCoins: { coins: ['SOL'] },
      before: { reason: 'nobody asked' },
    });
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CELL, STRATEGIES, sweepOf } from '../../test/sweeps.ts';
import type { SeriesSpan } from '../backtest/study-data.ts';
import type { CandorError } from '../domain/errors.ts';
import type { Sweep } from '../domain/sweep.ts';
import { DAY_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { surveySweep } from '../optimize/survey.ts';
import type { Context } from './context.ts';
import { countSweep } from './sweep-plan.ts';
import { requireSpan } from './sweep-span.ts';

const STORED_DAYS = 100;
const BTC: SeriesSpan = {
  coin: 'BTC',
  interval: '1h',
  firstOpenMs: epochMs(0),
  lastCloseMs: epochMs(STORED_DAYS * DAY_MS),
};

/** What is said of a sweep over the newest 90 of 100 days: ten are there to settle on. */
async function refusalOf(lookback: readonly number[], parts: Partial<Sweep> = {}): Promise<CandorError | undefined> {
  const strategies = [{ name: 'breakout-volume', params: { lookback, surge: [1, 2] } }];
  const sweep = sweepOf({ coins: ['BTC'], intervals: ['1h'], span: { days: 90 }, strategies, ...parts });
  const counted = await countSweep(sweep, { root: join(STRATEGIES, '..') } as Context);
  const { settlings } = surveySweep(
    counted.plan,
    counted.strategies.map(({ strategy }) => strategy),
  );
  const request = { kind: 'sweep', name: sweep.name, span: sweep.span, intervals: sweep.intervals } as const;
  try {
    requireSpan(counted, request, settlings, [BTC]);
    return undefined;
  } catch (error) {
    return error as CandorError;
  }
}

describe('the span that settling leaves', () => {
  it('is enough where at least half of it is left', async () => {
    expect(await refusalOf([20, 200])).toBeUndefined();
    expect(await refusalOf([20, 55 * 24 - 2])).toBeUndefined();
  });

  it('is refused where less is left, with the value that does it and the span that would do', async () => {
    const refusal = await refusalOf([20, 30, 97 * 24 - 1]);
    expect(refusal?.message).toMatch(/^the sweep 'small' would run on 3\sd\b.* instead of 90\sd/);
    expect(refusal?.details).toEqual([
      'breakout-volume lookback 2327 takes 2,327 candles of 1h',
      'candles of 1h begin at 1970-01-01T00:00Z',
    ]);
    expect(refusal?.hint).toBe(
      "Leave it out, import older candles, or ask for the span that is left: 'span: { days: 3 }'.",
    );
  });

  it('names no span where nothing is left, and not more values than anyone reads', async () => {
    const refusal = await refusalOf([20, ...Array.from({ length: 10 }, (_, i) => 3_000 + i)]);
    expect(refusal?.message).toContain('would run on nothing instead of');
    expect(refusal?.details.slice(-2)[0]).toBe('and 4 more');
    expect(refusal?.hint).toContain('or ask for a shorter span');
  });

  it('names the set where every value of it takes that long', async () => {
    expect((await refusalOf([2_000]))?.details[0]).toMatch(/^breakout-volume lookback 2000, surge \d takes/);
  });

  it('names the rule of a cell', async () => {
    const atr = { at: { stop: '2 ATR(500)' }, rules: { ...CELL, stop: { atr: 2, period: 500 } } };
    const refusal = await refusalOf([20], { grid: [{ at: { stop: '2 %' }, rules: CELL }, atr] });
    expect(refusal?.details[0]).toMatch(/^stop 2 ATR\(500\) takes/);
  });
});

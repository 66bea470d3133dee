import fc from 'fast-check';
import { expect, it } from 'vitest';
import { valueIn } from '../../test/estimates.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { sharpeMoments } from '../evidence/sharpe.ts';
import { dailyReturns } from './daily-returns.ts';
import { accountMetrics } from './metrics.ts';

it('gives the returns of whole UTC days that the Sharpe ratio is made of, wherever in a day the run begins', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 23 }),
      fc.array(fc.integer({ min: 5_000, max: 20_000 }), { minLength: 80, maxLength: 200 }),
      (hour, usd) => {
        const context = {
          depositUsd: fromUsd(10_000),
          firstOpenMs: 20_000 * DAY_MS + hour * HOUR_MS,
          intervalMs: HOUR_MS,
        };
        const equityUsd = Float64Array.from(usd);
        const ledger = {
          depositsUsd: context.depositUsd,
          realisedUsd: fromUsd(0),
          feesUsd: fromUsd(0),
          fundingUsd: fromUsd(0),
        };
        const { sharpeDaily } = accountMetrics({ ledger, equityUsd, heldRows: 0 }, { ...context, legs: 1 });
        const { firstDay, values } = dailyReturns(equityUsd, context);
        expect(firstDay).toBe(hour === 0 ? 20_000 : 20_001);
        expect(values).toHaveLength(Math.floor((usd.length - ((24 - hour) % 24)) / 24));
        if (Number.isNaN(sharpeDaily)) return;
        expect(valueIn(sharpeMoments(values)).sharpe).toBeCloseTo(sharpeDaily, 9);
      },
    ),
    { numRuns: 50 },
  );
});

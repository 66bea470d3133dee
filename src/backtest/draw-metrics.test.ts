import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countable, rulesArbitrary, runArbitrary } from '../../test/random-run.ts';
import { openTimeAt } from '../domain/candle.ts';
import { intervalMs } from '../domain/time.ts';
import { DrawMetrics } from './draw-metrics.ts';
import { bitsOfFlags } from './fast/bits.ts';
import { FastEngine } from './fast/engine.ts';
import { equityOf, resultOf } from './fast/result.ts';
import type { FastLeg } from './fast/spec.ts';
import { type MetricsContext, metricsOf } from './metrics.ts';
import type { Leg } from './run.ts';

test('property: the metrics of a draw are those of its trades, whatever was drawn before', () => {
  const variants = fc.array(rulesArbitrary, { minLength: 1, maxLength: 4 });
  let compared = 0;
  fc.assert(
    fc.property(runArbitrary(), variants, ({ spec }, rulesOfDraws) => {
      const [first] = spec.legs as readonly [Leg, ...Leg[]];
      const context: MetricsContext = {
        depositUsd: spec.depositUsd,
        firstOpenMs: openTimeAt(first.candles, spec.from),
        intervalMs: intervalMs(first.candles.interval),
        legs: spec.legs.length,
      };
      const engine = new FastEngine();
      const metrics = new DrawMetrics(context);
      const legs = spec.legs.map(({ signals, ...leg }): FastLeg => ({ ...leg, bits: bitsOfFlags(signals) }));
      for (const rules of [spec.rules, ...rulesOfDraws, spec.rules]) {
        const run = countable(() => engine.run({ ...spec, legs, rules }));
        compared += run.trades.count;
        expect(metrics.of(run, equityOf(run))).toEqual(metricsOf(resultOf(run), context));
      }
    }),
    { numRuns: 500 },
  );
  expect(compared).toBeGreaterThan(1000);
});

import { z } from 'zod';
import { VARIATIONS } from '../backtest/variation.ts';

/** How much of a result hangs on what could as well have been otherwise. */

const count = z.int().min(0);
const timeMs = z.int();
const paramValues = z.record(z.string(), z.union([z.number(), z.string()]));

/** Trades and their mean R. */
const cut = z.strictObject({ trades: count, expectancyR: z.number().nullable() });

const reason = z.strictObject({ reason: z.string() });

export const robustness = z.strictObject({
  variations: z.array(cut.extend({ kind: z.enum(VARIATIONS), subject: z.string() })),
  neighbours: z.union([z.array(cut.extend({ changed: paramValues })), reason]),
  /** Each side alone: with the condition, without it (null where it is the only one), and with it alone. */
  ablation: z.array(
    z.strictObject({
      side: z.enum(['long', 'short']),
      condition: z.string(),
      whole: cut,
      without: cut.nullable(),
      alone: cut,
    }),
  ),
});

/** Candles beside the study's own that its results were questioned on. */
export const elsewhere = z.strictObject({
  otherCoins: z.union([z.strictObject({ coins: z.array(z.string()), fingerprint: z.string() }), reason]),
  before: z.union([z.strictObject({ fromMs: timeMs, toMs: timeMs, fingerprint: z.string() }), reason]),
});

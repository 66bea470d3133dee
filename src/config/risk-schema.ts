import { z } from 'zod';
import type { Distance, RiskRules } from '../domain/risk-rules.ts';
import { fraction, number, section, wholeNumber } from './schema.ts';

const DEFAULT_ATR_PERIOD = 14;

const distanceKeys = {
  fraction: fraction({ above: 0, to: 0.5, why: 'a distance is a share of the price, like 2 %' }).optional(),
  atr: number({ above: 0, to: 100, why: 'a distance in average true ranges, like 2' }).optional(),
  period: wholeNumber({ from: 2, to: 1000 }).optional(),
};

/** `2 %`, `0.02` or `2 atr`, or the same in full: `{ fraction: 2 % }`, `{ atr: 2, period: 14 }`. */
const distance = z.preprocess(distanceInFull, section(distanceKeys).transform(toDistance));

function distanceInFull(value: unknown, context: z.RefinementCtx): unknown {
  if (value === undefined) {
    context.addIssue({ code: 'custom', message: 'is missing: a distance like 2 % or 2 atr' });
    return z.NEVER;
  }
  const atr = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?atr$/i.exec(value)?.[1] : undefined;
  if (atr !== undefined) return { atr: Number(atr) };
  return typeof value === 'string' || typeof value === 'number' ? { fraction: value } : value;
}

function toDistance(
  written: { fraction?: number | undefined; atr?: number | undefined; period?: number | undefined },
  context: z.RefinementCtx,
): Distance {
  const { fraction, atr, period } = written;
  if (fraction !== undefined && atr === undefined && period === undefined) return { fraction };
  if (atr !== undefined && fraction === undefined) return { atr, period: period ?? DEFAULT_ATR_PERIOD };
  context.addIssue({
    code: 'custom',
    message: 'a distance is either a fraction (2 %) or a multiple of the ATR (2 atr)',
  });
  return z.NEVER;
}

const inR = number({ above: 0, to: 100, why: 'it is in R, multiples of the distance to the stop' });

/** `none` switches a rule off that the cell of the study has on. */
function orNone<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === 'none' ? null : value), schema.nullable());
}

/** Sizing: `allEquity`, or a share of the cash that is lost when the stop is hit. */
const sizing = z.preprocess(
  (value) => (value === 'allEquity' ? { allEquity: true } : value),
  section({
    riskFraction: fraction({
      above: 0,
      to: 0.1,
      why: 'ten stops in a row are common, and would leave a third of the account even at 10 %',
    }).optional(),
    allEquity: z.literal(true).optional(),
  }).transform((written, context): RiskRules['sizing'] => {
    if (written.allEquity === true && written.riskFraction === undefined) return 'allEquity';
    if (written.riskFraction !== undefined && written.allEquity === undefined) {
      return { riskFraction: written.riskFraction };
    }
    context.addIssue({ code: 'custom', message: 'sizing is either { riskFraction: 1 % } or allEquity' });
    return z.NEVER;
  }),
);

const exposure = orNone(number({ above: 0, to: 40, why: 'it is a multiple of the cash' }));

/** Each rule of a risk cell as a file writes it. */
export const riskRuleSchemas = {
  stop: distance,
  target: orNone(inR),
  breakEven: orNone(section({ at: inR })),
  trail: orNone(section({ distance, after: number({ from: 0, to: 100, why: 'it is in R' }).default(0) })),
  maxHold: orNone(wholeNumber({ from: 1, to: 1_000_000, why: 'it counts candles' })),
  sizing,
  leverage: wholeNumber({ from: 1, to: 40, why: 'the exchange takes whole numbers and grants no more' }),
  maxOpen: orNone(wholeNumber({ from: 1, to: 1000 })),
  maxExposure: exposure,
  maxCoinExposure: exposure,
  maxSideExposure: exposure,
  minStopMoveBps: number({ from: 0, to: 1000, why: 'it is in basis points, 10 for 0.1 %' }),
} satisfies { readonly [Rule in keyof RiskRules]: z.ZodType<RiskRules[Rule]> };

/** A whole cell; what it leaves out is off, and what it risks is 1 % of the cash. */
export const riskRulesSchema = section({
  ...riskRuleSchemas,
  target: riskRuleSchemas.target.default(null),
  breakEven: riskRuleSchemas.breakEven.default(null),
  trail: riskRuleSchemas.trail.default(null),
  maxHold: riskRuleSchemas.maxHold.default(null),
  sizing: riskRuleSchemas.sizing.default({ riskFraction: 0.01 }),
  leverage: riskRuleSchemas.leverage.default(1),
  maxOpen: riskRuleSchemas.maxOpen.default(null),
  maxExposure: riskRuleSchemas.maxExposure.default(null),
  maxCoinExposure: riskRuleSchemas.maxCoinExposure.default(null),
  maxSideExposure: riskRuleSchemas.maxSideExposure.default(null),
  minStopMoveBps: riskRuleSchemas.minStopMoveBps.default(0),
});

/** The text of one rule's value, for the axes of a heat map: `2 %`, `3 ATR(14)`, `2 R`, `none`. */
export function ruleAsText<Rule extends keyof RiskRules>(rule: Rule, rules: RiskRules): string {
  return RULE_TEXTS[rule](rules);
}

const RULE_TEXTS: { readonly [Rule in keyof RiskRules]: (rules: RiskRules) => string } = {
  stop: ({ stop }) => distanceText(stop),
  target: ({ target }) => (target === null ? 'none' : `${target} R`),
  breakEven: ({ breakEven }) => (breakEven === null ? 'none' : `at ${breakEven.at} R`),
  trail: ({ trail }) => (trail === null ? 'none' : `${distanceText(trail.distance)} after ${trail.after} R`),
  maxHold: ({ maxHold }) => (maxHold === null ? 'none' : `${maxHold} candles`),
  sizing: ({ sizing }) => (sizing === 'allEquity' ? 'all equity' : `${percent(sizing.riskFraction)} at risk`),
  leverage: ({ leverage }) => `${leverage}×`,
  maxOpen: ({ maxOpen }) => (maxOpen === null ? 'none' : `${maxOpen}`),
  maxExposure: ({ maxExposure }) => exposureText(maxExposure),
  maxCoinExposure: ({ maxCoinExposure }) => exposureText(maxCoinExposure),
  maxSideExposure: ({ maxSideExposure }) => exposureText(maxSideExposure),
  minStopMoveBps: ({ minStopMoveBps }) => `${minStopMoveBps} bps`,
};

function distanceText(distance: Distance): string {
  return 'fraction' in distance ? percent(distance.fraction) : `${distance.atr} ATR(${distance.period})`;
}

function exposureText(multiple: number | null): string {
  return multiple === null ? 'none' : `${multiple}×`;
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(12))} %`;
}

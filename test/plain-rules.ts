import type { RiskRules } from '../src/domain/risk-rules.ts';

/** A stop and a size, and everything else off: tests say what they change, and a new rule is added here alone. */
export const PLAIN_RULES: RiskRules = {
  stop: { fraction: 0.02 },
  target: null,
  breakEven: null,
  trail: null,
  maxHold: null,
  sizing: { riskFraction: 0.01 },
  leverage: 1,
  maxOpen: null,
  maxExposure: null,
  maxCoinExposure: null,
  maxSideExposure: null,
  minStopMoveBps: 0,
};

import type { Distance, RiskRules } from '../domain/risk-rules.ts';
import { formatNumber, formatPercent } from './format.ts';

/** A risk cell as a list of what it does; what it leaves off is not in it. */
export function rulesInWords(rules: RiskRules): string {
  const { stop, target, breakEven, trail, maxHold, sizing, leverage, maxOpen, minStopMoveBps } = rules;
  const { maxExposure, maxCoinExposure, maxSideExposure } = rules;
  const parts = [
    `stop ${distanceInWords(stop)} from the fill`,
    target === null ? 'no target' : `target at ${target} R`,
    breakEven === null ? '' : `break-even at ${breakEven.at} R`,
    trail === null ? '' : `stop trails by ${distanceInWords(trail.distance)} after ${trail.after} R`,
    maxHold === null ? '' : `out after ${formatNumber(maxHold)} candles`,
    sizing === 'allEquity'
      ? 'all equity in each trade'
      : `${formatPercent(sizing.riskFraction, 2)} of the cash at risk`,
    `leverage up to ${leverage}×`,
    maxOpen === null ? '' : `at most ${formatNumber(maxOpen)} positions`,
    maxExposure === null ? '' : `exposure up to ${maxExposure}× the cash`,
    maxCoinExposure === null ? '' : `up to ${maxCoinExposure}× in one coin`,
    maxSideExposure === null ? '' : `up to ${maxSideExposure}× on one side`,
    minStopMoveBps === 0 ? '' : `stops move by at least ${minStopMoveBps} basis points`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function distanceInWords(distance: Distance): string {
  return 'fraction' in distance ? formatPercent(distance.fraction, 2) : `${distance.atr} ATR(${distance.period})`;
}

import type { FinerResult, LookAhead } from '../backtest/outcome.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import type { Interval } from '../domain/time.ts';
import type { Estimate } from './estimate.ts';
import type { Findings } from './findings.ts';
import type { Overfitting } from './overfitting.ts';
import { smallestPValue } from './p-value.ts';
import type { TrackRecord } from './track-record.ts';
import { EFFICIENT, type WalkForwardFindings } from './walk-forward.ts';
import { counted, inR, pEquals, percent, pText, sizeInR, times } from './words.ts';

export type GateId =
  | 'look-ahead'
  | 'trades'
  | 'power'
  | 'weeks'
  | 'expectancy'
  | 'rotation'
  | 'coin-flip'
  | 'candle-order'
  | 'deflated-sharpe'
  | 'walk-forward'
  | 'overfitting'
  | FinerResult['kind'];

/** One question that a strategy must answer, with the number that answers it. Plain data: NaN is null here. */
export interface Gate {
  readonly id: GateId;
  /** Of a question about finer candles. */
  readonly interval: Interval | null;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'not available';
  /** False where the answer is shown, but decides nothing. */
  readonly decides: boolean;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly valueText: string;
  readonly thresholdText: string;
  /** One sentence: what was found, or why nothing could be. */
  readonly reason: string;
}

/** All gates, in the order in which they are shown (rules 24 to 30). */
export function gatesOf(findings: Findings, study: Study, thresholds: GateThresholds): Gate[] {
  return [
    lookAheadGate(findings),
    tradesGate(findings, thresholds),
    powerGate(findings, thresholds),
    weeksGate(findings, thresholds),
    expectancyGate(findings, thresholds),
    rotationGate(findings, thresholds),
    coinFlipGate(findings, thresholds),
    ...study.confirm.flatMap((interval) => finerGates(findings, interval)),
    candleOrderGate(findings),
    ...(findings.record === undefined ? [] : [deflatedGate(findings.record, thresholds)]),
    ...walkForwardGates(findings),
  ];
}

type Answer = Omit<Gate, 'value' | 'interval' | 'status'> & {
  readonly value: number;
  readonly interval?: Interval;
  readonly passes: boolean;
};

function gate({ value, interval, passes, ...rest }: Answer): Gate {
  const isKnown = !Number.isNaN(value);
  return {
    ...rest,
    interval: interval ?? null,
    value: isKnown ? value : null,
    valueText: isKnown ? rest.valueText : 'n/a',
    status: isKnown ? (passes ? 'passed' : 'failed') : 'not available',
  };
}

/** A strategy that was caught has no outcome, so what is left to say is how it was cleared. */
function lookAheadGate({ outcome: { lookAhead } }: Findings): Gate {
  const [valueText, reason] = clearance(lookAhead);
  return gate({
    id: 'look-ahead',
    title: 'Cannot see the future',
    decides: true,
    // Signals that change when later candles are not there.
    value: lookAhead.kind === 'too-few-candles' ? Number.NaN : 0,
    threshold: 0,
    passes: true,
    valueText,
    thresholdText: 'no difference',
    reason,
  });
}

function clearance(lookAhead: LookAhead): readonly [valueText: string, reason: string] {
  switch (lookAhead.kind) {
    case 'by-construction':
      return ['by construction', 'By construction: it is made of expressions alone, and none can read a later candle.'];
    case 'replayed': {
      const text = `replayed on ${counted(lookAhead.candles, 'candle')}`;
      return [text, `Its code was ${text}, one after the other, and said the same without those to come.`];
    }
    case 'too-few-candles':
      return ['n/a', 'It has code of its own, and there are too few candles to show that this does not look ahead.'];
  }
}

/** The floor of any verdict (rule 28). */
function tradesGate({ outcome }: Findings, { minTrades }: GateThresholds): Gate {
  const { trades } = outcome.backtest.metrics;
  return gate({
    id: 'trades',
    title: 'Enough trades',
    decides: true,
    value: trades,
    threshold: minTrades,
    passes: trades >= minTrades,
    valueText: `${trades}`,
    thresholdText: `≥ ${minTrades}`,
    reason: `${counted(trades, 'trade')}; ${minTrades} are the least that any verdict rests on.`,
  });
}

/**
 * Trades that it takes to find the target edge four times in five. It advises (rule 29): calibration showed that as a
 * condition it stopped a quarter of the planted edges all by itself, and nothing that had none. With fewer trades, what
 * does not pass the other gates has no verdict.
 */
function powerGate({ outcome, power }: Findings, { targetEdgeR }: GateThresholds): Gate {
  const { trades } = outcome.backtest.metrics;
  const needed = power.minimumTrades;
  return gate({
    id: 'power',
    title: 'Enough trades for the edge that is looked for',
    decides: false,
    value: trades,
    threshold: needed,
    passes: trades >= needed,
    valueText: `${trades}`,
    thresholdText: `≥ ${needed}`,
    reason: `It takes ${counted(needed, 'trade')} to find an edge of ${sizeInR(targetEdgeR)} four times in five.`,
  });
}

function weeksGate({ weeks }: Findings, thresholds: GateThresholds): Gate {
  const { minWeeks } = thresholds;
  return gate({
    id: 'weeks',
    title: 'In enough weeks',
    decides: true,
    value: weeks,
    threshold: minWeeks,
    passes: weeks >= minWeeks,
    valueText: `${weeks}`,
    thresholdText: `≥ ${minWeeks}`,
    reason: `Trades in ${counted(weeks, 'week')}; it takes ${minWeeks}, lest one stretch of the market decide.`,
  });
}

function expectancyGate({ outcome, bounds }: Findings, thresholds: GateThresholds): Gate {
  const level = percent(1 - thresholds.alpha);
  const lowerR = bounds.isAvailable ? bounds.lowerR : Number.NaN;
  return gate({
    id: 'expectancy',
    title: 'Expectancy above zero',
    decides: true,
    value: lowerR,
    threshold: 0,
    passes: lowerR > 0,
    valueText: `≥ ${inR(lowerR)}`,
    thresholdText: '> 0 R',
    reason: bounds.isAvailable
      ? `After costs a trade made ${inR(outcome.backtest.metrics.expectancyR)}; ` +
        `with ${level} confidence the expectancy is above ${inR(lowerR)}.`
      : `The uncertainty of the expectancy cannot be estimated: ${bounds.reason}.`,
  });
}

function rotationGate({ outcome, rotationP, familyP, family }: Findings, thresholds: GateThresholds): Gate {
  const { alpha } = thresholds;
  const { draws } = outcome.rotation;
  // With too few draws even the best p-value could not pass: that says nothing about the strategy.
  const isPossible = smallestPValue(draws) < alpha;
  const corrected = family.strategies === 1 ? '' : `; ${pText(familyP)} corrected for ${family.strategies} strategies`;
  const found =
    `Its own signals, moved to ${counted(draws, 'other time')} with the same stops${chosenAnew(outcome)}, ` +
    `did as well or better in ${atLeastAsGood(rotationP, draws)} (${pEquals(rotationP)}${corrected}).`;
  const absent =
    outcome.backtest.metrics.trades === 0
      ? 'There are no trades to compare.'
      : `The span has room for ${counted(draws, 'rotation')} of the signals, too few for a p-value below ${alpha}.`;
  return gate({
    id: 'rotation',
    title: 'Better than its own signals at other times',
    decides: true,
    value: isPossible ? familyP : Number.NaN,
    threshold: alpha,
    passes: familyP < alpha,
    valueText: pText(familyP),
    thresholdText: `< ${alpha}`,
    reason: isPossible && !Number.isNaN(familyP) ? found : absent,
  });
}

function coinFlipGate({ outcome, coinFlipP }: Findings, thresholds: GateThresholds): Gate {
  const { draws } = outcome.coinFlip;
  return gate({
    id: 'coin-flip',
    title: 'Better than a coin flip',
    decides: false,
    value: coinFlipP,
    threshold: thresholds.alpha,
    passes: coinFlipP < thresholds.alpha,
    valueText: pText(coinFlipP),
    thresholdText: `< ${thresholds.alpha}`,
    reason: Number.isNaN(coinFlipP)
      ? 'There are no trades to compare.'
      : `Of ${counted(draws, 'coin flip')} with the same stops${chosenAnew(outcome)}, ` +
        `${atLeastAsGood(coinFlipP, draws)} did as well or better (${pEquals(coinFlipP)}).`,
  });
}

/** The best of many is compared with the best of as many (rule 25). */
function chosenAnew({ choice }: Findings['outcome']): string {
  return choice === undefined ? '' : ` and the best of ${choice.combinations.length} chosen anew`;
}

/** How many draws did at least as well: the b of p = (b + 1) / (m + 1). */
function atLeastAsGood(p: number, draws: number): string {
  return (Math.round(p * (draws + 1)) - 1).toLocaleString('en-US');
}

const FINER: Readonly<Record<FinerResult['kind'], { title: string; decides: boolean; what: string }>> = {
  fills: { title: 'Fills looked up on', decides: true, what: 'the same signals filled on' },
  'equal-clock': { title: 'The same idea on', decides: true, what: 'the same lengths of time counted in' },
  'same-count': { title: 'The same numbers on', decides: false, what: 'the same numbers, but counting' },
};

function finerGates({ outcome }: Findings, interval: Interval): Gate[] {
  return (Object.keys(FINER) as FinerResult['kind'][]).map((kind) => {
    const { title, decides, what } = FINER[kind];
    const result = outcome.finer.find((one) => one.kind === kind && one.interval === interval);
    const expectancyR = result?.metrics.expectancyR ?? Number.NaN;
    const absent = result === undefined ? 'was not run' : 'made no trades';
    return gate({
      id: kind,
      interval,
      title: `${title} ${interval} candles`,
      decides,
      value: expectancyR,
      threshold: 0,
      passes: expectancyR > 0,
      valueText: inR(expectancyR),
      thresholdText: '> 0 R',
      reason: Number.isNaN(expectancyR)
        ? `The strategy with ${what} ${interval} candles ${absent}.`
        : `With ${what} ${interval} candles it made ${inR(expectancyR)} a trade.`,
    });
  });
}

/**
 * Candles that touched both stop and target are read as stopped, and once more as targets: the sign must not depend on
 * it (rule 28).
 */
function candleOrderGate({ outcome }: Findings): Gate {
  const worstR = outcome.backtest.metrics.expectancyR;
  const bestR = outcome.upperBound.expectancyR;
  return gate({
    id: 'candle-order',
    title: 'Same sign in whichever order a candle went',
    decides: true,
    value: Number.isNaN(worstR) ? Number.NaN : bestR,
    threshold: null,
    passes: worstR > 0 === bestR > 0,
    valueText: `${inR(worstR)} … ${inR(bestR)}`,
    thresholdText: 'same sign',
    reason: Number.isNaN(worstR + bestR)
      ? 'There are no trades.'
      : `Where a candle touched both stop and target, it makes ${inR(worstR)} a trade if the stop came first, ` +
        `${inR(bestR)} if the target did.`,
  });
}

/** Advises until calibrated (rule 29). */
function deflatedGate({ count, days, moments, deflated }: TrackRecord, { alpha }: GateThresholds): Gate {
  const probability = deflated.isAvailable ? deflated.value : Number.NaN;
  const sharpe = moments.isAvailable ? moments.value.sharpe : Number.NaN;
  const tried = `${counted(count.clusters, 'different thing')} tried on these candles`;
  return gate({
    id: 'deflated-sharpe',
    title: 'Sharpe ratio above the luck of all that was tried',
    decides: false,
    value: probability,
    threshold: 1 - alpha,
    passes: probability > 1 - alpha,
    valueText: percent(probability),
    thresholdText: `> ${percent(1 - alpha)}`,
    reason: deflated.isAvailable
      ? `${signed(sharpe)} a day over ${counted(days, 'day')}; luck shows ${count.hurdleSharpe.toFixed(3)} as the ` +
        `best of ${tried}. It is truly above that with a probability of ${percent(probability)}.`
      : `There is no deflated Sharpe ratio: ${deflated.reason}.`,
  });
}

/** The best of one half is as often above as below the median of the other: a choice among equals. */
const OVERFIT = 0.5;

/** Both advise: they speak of choosing params, which a study that names its own has not done. */
function walkForwardGates({ walkForward }: Findings): Gate[] {
  if (walkForward === undefined) return [];
  if (!walkForward.isAvailable) return [efficiencyGate(walkForward), overfittingGate(walkForward, 0)];
  const { efficiency, overfitting, run } = walkForward.value;
  return [efficiencyGate(efficiency, walkForward.value), overfittingGate(overfitting, run.tried)];
}

function efficiencyGate(efficiency: Estimate, found?: WalkForwardFindings): Gate {
  const value = efficiency.isAvailable ? efficiency.value : Number.NaN;
  return gate({
    id: 'walk-forward',
    title: 'Params chosen on the past hold afterwards',
    decides: false,
    value,
    threshold: EFFICIENT,
    passes: value >= EFFICIENT,
    valueText: times(value),
    thresholdText: `≥ ${EFFICIENT}`,
    reason: efficiency.isAvailable
      ? `Chosen ${counted(found?.run.folds.length ?? 0, 'time')} on the past, they made ` +
        `${inR(found?.inSample.expectancyR ?? 0)} a trade there and ${inR(found?.outOfSample.expectancyR ?? 0)} in ` +
        `the time that followed${value < 0 ? '' : `: ${times(value)} of it`}.`
      : `There is no walk-forward efficiency: ${efficiency.reason}.`,
  });
}

function overfittingGate(overfitting: Estimate<Overfitting>, tried: number): Gate {
  const value = overfitting.isAvailable ? overfitting.value.probability : Number.NaN;
  return gate({
    id: 'overfitting',
    title: 'The best params of some days are good on the others',
    decides: false,
    value,
    threshold: OVERFIT,
    passes: value < OVERFIT,
    valueText: percent(value),
    thresholdText: `< ${percent(OVERFIT)}`,
    reason: overfitting.isAvailable
      ? overfittingSentence(overfitting.value, tried)
      : `There is no probability of overfitting: ${overfitting.reason}.`,
  });
}

function overfittingSentence({ probability, luckBand: { low, high } }: Overfitting, tried: number): string {
  const place =
    probability < low
      ? 'less: some params are truly better than others'
      : probability > high
        ? 'more: what was best of some days is bad on others'
        : 'no different';
  return (
    `The best of ${tried} sets of params on one half of the days was no better than the median on the other half ` +
    `in ${percent(probability)} of all halvings. If none is better than another, that is ` +
    `${percent(low)} to ${percent(high)}; this is ${place}.`
  );
}

/** Three decimals with a true minus sign. */
function signed(value: number): string {
  return value.toFixed(3).replace('-', '−');
}

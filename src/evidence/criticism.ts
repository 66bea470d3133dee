import type { ClaimResult, GridResult, StrategyOutcome } from '../backtest/outcome.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, formatDate } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { type MicroUsd, toUsd } from '../domain/units.ts';
import { weekOf } from './calendar.ts';
import type { Findings } from './findings.ts';
import { criticiseRobustness } from './robustness-criticism.ts';
import { EFFICIENT } from './walk-forward.ts';
import { counted, dollars, inR, percent, times } from './words.ts';

/** What speaks against believing a result. It decides nothing; it is what a careful reader would ask. */
export interface Criticism {
  readonly id: string;
  readonly text: string;
}

/** A month in which nothing happened is a month of which the result says nothing. */
const LONG_PAUSE_MS = 30 * DAY_MS;
/** Below this many fires, what followed a condition is an anecdote. */
export const MIN_FIRES = 30;
/** A move that is smaller than what a trade costs bears out nothing, and refutes nothing. */
export const NOTABLE_RETURN = 0.001;
const NOTABLE_SHARE = 0.25;

/** The study's criticism of its own result, the gravest first. */
export function criticise(findings: Findings, study: Study): Criticism[] {
  const { outcome } = findings;
  if (outcome.backtest.trades.length === 0) return [];
  return [
    ...fewTrades(findings),
    ...oneCoin(outcome, study),
    ...oneWeek(outcome),
    ...onlySettlement(outcome),
    ...loneCell(outcome, study),
    ...edgeOfGrid(outcome, study),
    ...badChoice(findings),
    ...fragility(findings),
    ...outcome.claims.flatMap(brokenClaim),
    ...longPause(outcome, findings.span),
    ...costs(outcome),
    ...dataFlaws(outcome),
  ];
}

function fragility({ robustness, outcome, power }: Findings): Criticism[] {
  if (robustness === undefined) return [];
  return criticiseRobustness(robustness, outcome.backtest.metrics.expectancyR, power.sdR);
}

function fewTrades({ outcome, power }: Findings): Criticism[] {
  const { trades } = outcome.backtest.metrics;
  if (trades >= power.minimumTrades) return [];
  const needed = power.minimumTrades;
  return [
    {
      id: 'few-trades',
      text: `${counted(trades, 'trade')}, where ${needed} would be needed: the mean of so few lies far off.`,
    },
  ];
}

function oneCoin({ backtest: { trades } }: StrategyOutcome, study: Study): Criticism[] {
  if (study.coins.length === 1) return [];
  return madeByOne(trades, (trade) => trade.coin).map(({ name, rest, restR }) => ({
    id: 'one-coin',
    text: `${name} made the profit: the other ${counted(rest, 'trade')} come to ${inR(restR)} each.`,
  }));
}

function oneWeek({ backtest: { trades } }: StrategyOutcome): Criticism[] {
  return madeByOne(trades, (trade) => formatDate(weekOf(trade.entryTimeMs))).map(({ name, rest, restR }) => ({
    id: 'one-week',
    text: `The week of ${name} made the profit: the other ${counted(rest, 'trade')} come to ${inR(restR)} each.`,
  }));
}

/** The group with the largest ΣR, if the expectancy is above zero with it and not without it. */
function madeByOne(
  trades: readonly Trade[],
  nameOf: (trade: Trade) => string,
): { readonly name: string; readonly rest: number; readonly restR: number }[] {
  const sumR = sumOfR(trades);
  if (sumR <= 0) return [];
  const groups = [...Map.groupBy(trades, nameOf)].map(([name, own]) => ({
    name,
    count: own.length,
    sumR: sumOfR(own),
  }));
  const [best] = groups.toSorted((a, b) => b.sumR - a.sumR);
  if (best === undefined || best.count === trades.length || sumR - best.sumR > 0) return [];
  const rest = trades.length - best.count;
  return [{ name: best.name, rest, restR: (sumR - best.sumR) / rest }];
}

function sumOfR(trades: readonly Trade[]): number {
  return trades.reduce((sum, trade) => sum + trade.rMultiple, 0);
}

function onlySettlement({ backtest: { trades } }: StrategyOutcome): Criticism[] {
  const settled = trades.filter((trade) => trade.reason === 'end');
  const total = netUsd(trades);
  const fromEnd = netUsd(settled);
  if (!(total > 0 && total - fromEnd <= 0)) return [];
  const text =
    `The profit is that of ${counted(settled.length, 'position')} still open at the end of the data ` +
    `(${dollars(fromEnd)} of ${dollars(total)}): nobody decided to close there.`;
  return [{ id: 'only-settlement', text }];
}

function netUsd(trades: readonly Trade[]): number {
  return toUsd(trades.reduce((sum, trade) => sum + trade.netPnlUsd, 0) as MicroUsd);
}

/**
 * Cells of the grid that differ from the verdict cell by one step along one axis; the order along an axis is that of
 * the study.
 */
function neighbours(outcome: StrategyOutcome, study: Study): GridResult[] {
  const own = outcome.grid.find((cell) => cell.isVerdictCell);
  if (own === undefined) return [];
  const axes = axesOf(study);
  return outcome.grid.filter((cell) => {
    const steps = [...axes].map(([rule, values]) =>
      Math.abs(values.indexOf(cell.at[rule] ?? '') - values.indexOf(own.at[rule] ?? '')),
    );
    return steps.reduce((sum, step) => sum + step, 0) === 1;
  });
}

function axesOf(study: Study): Map<string, string[]> {
  const axes = new Map<string, string[]>();
  for (const { at } of study.grid) {
    for (const [rule, value] of Object.entries(at)) {
      const values = axes.get(rule) ?? [];
      if (!values.includes(value)) values.push(value);
      axes.set(rule, values);
    }
  }
  return axes;
}

function loneCell(outcome: StrategyOutcome, study: Study): Criticism[] {
  const { expectancyR } = outcome.backtest.metrics;
  const around = neighbours(outcome, study);
  const opposite = around.filter((cell) => cell.metrics.expectancyR > 0 !== expectancyR > 0).length;
  if (around.length < 2 || opposite * 2 <= around.length) return [];
  const what = expectancyR > 0 ? 'A lonely peak' : 'A lonely dip';
  const they = expectancyR > 0 ? 'lose' : 'earn';
  const text =
    `${what}: ${opposite} of the ${around.length} neighbouring risk cells ${they}, ` +
    'so the exact stop and target matter too much.';
  return [{ id: 'lonely-cell', text }];
}

/** Only where the result grows towards the edge: what lies beyond was not tried. */
function edgeOfGrid(outcome: StrategyOutcome, study: Study): Criticism[] {
  const own = outcome.grid.find((cell) => cell.isVerdictCell);
  if (own === undefined || !(own.metrics.expectancyR > 0)) return [];
  return [...axesOf(study)].flatMap(([rule, values]) => {
    const place = values.indexOf(own.at[rule] ?? '');
    const isEdge = values.length > 2 && (place === 0 || place === values.length - 1);
    const inward = values[place === 0 ? 1 : place - 1];
    const inner = outcome.grid.find(({ at }) => sameBut(at, own.at, rule) && at[rule] === inward);
    if (!isEdge || inner === undefined || inner.metrics.expectancyR >= own.metrics.expectancyR) return [];
    const text =
      `The cell stands at the edge of its grid (${rule} ${own.at[rule]}), and results grow towards it: ` +
      'what lies beyond was not tried.';
    return [{ id: 'edge-of-grid', text }];
  });
}

/** Of a profit: would its params have been found before it was there? */
function badChoice({ outcome, walkForward }: Findings): Criticism[] {
  if (!(outcome.backtest.metrics.expectancyR > 0) || walkForward?.isAvailable !== true) return [];
  const { efficiency, inSample, outOfSample, overfitting } = walkForward.value;
  const found: Criticism[] = [];
  if (efficiency.isAvailable && efficiency.value < EFFICIENT) {
    const made = efficiency.value < 0 ? 'lost' : `made ${times(efficiency.value)} of what they promised`;
    const text =
      `Chosen on the past, the params ${made}: ` +
      `${inR(outOfSample.expectancyR)} a trade, where ${inR(inSample.expectancyR)} had been seen.`;
    found.push({ id: 'walk-forward', text });
  }
  if (overfitting.isAvailable && overfitting.value.probability > overfitting.value.luckBand.high) {
    const text =
      'The params that were best on some days were bad on the others, more often than by luck ' +
      `(${percent(overfitting.value.probability)} of all halvings).`;
    found.push({ id: 'overfitting', text });
  }
  return found;
}

function sameBut(a: GridResult['at'], b: GridResult['at'], rule: string): boolean {
  return Object.keys(b).every((key) => key === rule || a[key] === b[key]);
}

function brokenClaim(claim: ClaimResult): Criticism[] {
  const { side, condition, bet, fires, excessReturn, horizonCandles } = claim;
  if (bet === 'filter' || fires < MIN_FIRES || !(excessReturn < -NOTABLE_RETURN)) return [];
  const measured = bet === 'continuation' ? 'reversal' : 'continuation';
  const text =
    `'${condition}' (${side}) bets on ${bet}, but ${measured} followed: ${percent(excessReturn)} over the next ` +
    `${counted(horizonCandles, 'candle')} against the average, ${counted(fires, 'time')}.`;
  return [{ id: 'broken-claim', text }];
}

function longPause({ backtest: { trades } }: StrategyOutcome, span: Findings['span']): Criticism[] {
  const entries = trades.map((trade) => trade.entryTimeMs as number).sort((a, b) => a - b);
  const marks = [span.fromMs, ...entries, span.toMs];
  let longest = { fromMs: 0, lengthMs: 0 };
  for (let i = 1; i < marks.length; i++) {
    const fromMs = marks[i - 1] as number;
    const lengthMs = (marks[i] as number) - fromMs;
    if (lengthMs > longest.lengthMs) longest = { fromMs, lengthMs };
  }
  if (longest.lengthMs < LONG_PAUSE_MS) return [];
  const days = Math.floor(longest.lengthMs / DAY_MS);
  return [{ id: 'long-pause', text: `No trade for ${days} days from ${formatDate(longest.fromMs)}.` }];
}

function costs({ backtest: { metrics, trades } }: StrategyOutcome): Criticism[] {
  const net = netUsd(trades);
  const { feesUsd, fundingUsd } = metrics;
  const found: Criticism[] = [];
  if (net <= 0 && net + feesUsd > 0) {
    found.push({
      id: 'fees',
      text: `Fees turned a profit of ${dollars(net + feesUsd)} into a loss of ${dollars(-net)}.`,
    });
  }
  if (net > 0 && fundingUsd > NOTABLE_SHARE * net) {
    const text = `${percent(fundingUsd / net)} of the profit is funding received, which the next market may not pay.`;
    found.push({ id: 'funding', text });
  }
  if (net <= 0 && fundingUsd < 0 && net - fundingUsd > 0) {
    const text = `Funding turned a profit of ${dollars(net - fundingUsd)} into a loss of ${dollars(-net)}.`;
    found.push({ id: 'funding', text });
  }
  return found;
}

function dataFlaws({ backtest }: StrategyOutcome): Criticism[] {
  const beyond = backtest.trades.filter((trade) => trade.beyondTolerance).length;
  const { missingFundingHours, entriesWithoutVolume } = backtest;
  const hours = counted(missingFundingHours, 'hour');
  const stops = counted(beyond, 'stop');
  const entries = counted(entriesWithoutVolume, 'entry', 'entries');
  const flaws: [string, number, string][] = [
    ['missing-funding', missingFundingHours, `${hours} without a stored funding rate cost nothing here.`],
    ['beyond-tolerance', beyond, `${stops} filled over 10 % beyond the trigger: the exchange might not have filled.`],
    ['no-volume', entriesWithoutVolume, `${entries} in candles without a trade: nobody was there to trade with.`],
  ];
  return flaws.filter(([, count]) => count > 0).map(([id, , text]) => ({ id, text }));
}

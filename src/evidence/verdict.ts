import type { StrategyFailure } from '../backtest/outcome.ts';
import type { GateThresholds } from '../domain/study.ts';
import type { Findings } from './findings.ts';
import type { Gate, GateId } from './gates.ts';
import { counted, inR, pEquals, percent, sizeInR } from './words.ts';

export const VERDICTS = ['KEEP', 'KILL', 'NO VERDICT'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** What a verdict rests on. Of a KILL: shown to lose (`refuted`), or not shown to win (`unproven`). */
export type Ground =
  | 'all-gates'
  | 'refuted'
  | 'unproven'
  | 'failed'
  | 'never-fired'
  | 'candle-order'
  | 'too-few-trades'
  | 'not-available';

export interface Verdict {
  readonly word: VerdictWord;
  readonly ground: Ground;
  /** In plain words, for somebody who has never seen a backtest. */
  readonly sentence: string;
  /** For one line of a table: at most LINE_LENGTH characters. */
  readonly line: string;
}

export const LINE_LENGTH = 60;

/**
 * The verdict that follows from the gates. In this order: no trades, and a sign that depends on the order inside
 * candles, leave NO VERDICT; losses beyond doubt KILL, however few trades a target edge would have needed; fewer trades
 * than any verdict rests on leave NO VERDICT; a gate that failed KILLs, unless there were fewer trades than the target
 * edge takes: they leave NO VERDICT; a gate without data leaves NO VERDICT. Only what passes every gate that decides is
 * a KEEP, and then its trades were enough.
 */
export function verdictOf(findings: Findings, gates: readonly Gate[], thresholds: GateThresholds): Verdict {
  const deciding = gates.filter((gate) => gate.decides);
  const stateOf = (id: GateId): Gate['status'] | undefined => deciding.find((gate) => gate.id === id)?.status;
  const failed = deciding.find((gate) => gate.status === 'failed');
  const absent = deciding.find((gate) => gate.status === 'not available');

  if (findings.outcome.backtest.trades.length === 0) return neverFired(findings);
  if (stateOf('candle-order') === 'failed') return candleOrder(findings);
  if (isRefuted(findings, thresholds)) return refuted(findings, thresholds);
  if (stateOf('trades') === 'failed' || stateOf('weeks') === 'failed') return tooFew(findings, thresholds);
  const { outcome, power } = findings;
  const isUnderpowered = outcome.backtest.trades.length < power.minimumTrades;
  if ((failed ?? absent) !== undefined && isUnderpowered) return tooFew(findings, thresholds);
  if (failed !== undefined) return unproven(findings, failed);
  if (absent !== undefined) return notAvailable(absent);
  return keep(findings, thresholds);
}

/** A strategy that could not be run has NO VERDICT, which live treats as KILL. */
export function verdictOfFailure({ error }: StrategyFailure): Verdict {
  return {
    word: 'NO VERDICT',
    ground: 'failed',
    sentence: `It could not be run: ${error.message}`,
    line: shortened(`failed: ${error.message}`),
  };
}

function neverFired({ outcome }: Findings): Verdict {
  const { refusals, conflicts, lapses } = outcome.backtest;
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  const lost = refused + conflicts + lapses;
  return {
    word: 'NO VERDICT',
    ground: 'never-fired',
    sentence:
      lost === 0
        ? 'Its conditions were never true together, so it never traded and there is nothing to judge.'
        : `It signalled, but of ${counted(lost, 'signal')} none became a trade: ${refused} were refused by the risk ` +
          `rules, ${conflicts} said long and short at once, ${lapses} had no next candle.`,
    line: lost === 0 ? 'never fired' : `no trade out of ${counted(lost, 'signal')}`,
  };
}

function candleOrder({ outcome }: Findings): Verdict {
  const worst = inR(outcome.backtest.metrics.expectancyR);
  const best = inR(outcome.upperBound.expectancyR);
  return {
    word: 'NO VERDICT',
    ground: 'candle-order',
    sentence:
      `Whether it wins or loses hangs on what candles do not tell: where one touched both stop and target, ` +
      `${worst} a trade if the stop came first, ${best} if the target did.`,
    line: `sign hangs on order inside candles: ${worst} … ${best}`,
  };
}

/**
 * The bound of a handful of trades is no bound: to refute takes the floor of trades and weeks, though not the target
 * edge's number.
 */
function isRefuted({ outcome, weeks, bounds }: Findings, thresholds: GateThresholds): boolean {
  const isEnough = outcome.backtest.trades.length >= thresholds.minTrades && weeks >= thresholds.minWeeks;
  return isEnough && bounds.isAvailable && bounds.upperR < 0;
}

function refuted({ outcome, bounds }: Findings, thresholds: GateThresholds): Verdict {
  const { trades, expectancyR } = outcome.backtest.metrics;
  const upper = inR(bounds.isAvailable ? bounds.upperR : Number.NaN);
  const level = percent(1 - thresholds.alpha);
  return {
    word: 'KILL',
    ground: 'refuted',
    sentence:
      `It loses: ${inR(expectancyR)} a trade after costs over ${counted(trades, 'trade')}, ` +
      `and with ${level} confidence no better than ${upper}.`,
    line: `refuted: ${inR(expectancyR)}, at best ${upper}`,
  };
}

function tooFew({ outcome, weeks, power }: Findings, thresholds: GateThresholds): Verdict {
  const { trades } = outcome.backtest.metrics;
  const needed = power.minimumTrades;
  const isFewTrades = trades < needed;
  return {
    word: 'NO VERDICT',
    ground: 'too-few-trades',
    sentence: isFewTrades
      ? `Too few trades to tell skill from luck: ${trades}, and it takes ${needed}. A longer span or more coins help.`
      : `Its ${trades} trades lie in only ${counted(weeks, 'week')}, and it takes ${thresholds.minWeeks}: ` +
        'one stretch of the market proves nothing about the next.',
    line: isFewTrades
      ? `too few trades: ${trades} of ${needed}`
      : `too few weeks with trades: ${weeks} of ${thresholds.minWeeks}`,
  };
}

/** The first gate that failed says why; what the study could not have found keeps the door open. */
function unproven({ outcome, familyP, power }: Findings, failed: Gate): Verdict {
  const { expectancyR } = outcome.backtest.metrics;
  const found = sizeInR(power.smallestEdgeR);
  const catchOf = failed.interval === null ? 'luck can make as much' : 'not on finer candles';
  const lead = expectancyR > 0 ? `It made money, but ${catchOf}` : 'Nothing shows that it earns';
  return {
    word: 'KILL',
    ground: 'unproven',
    sentence: `${lead}. ${failed.reason} This study could only have found an edge of ${found} a trade or more.`,
    line:
      failed.interval === null
        ? `unproven: ${inR(expectancyR)}, ${pEquals(familyP)}, finds ≥ ${found}`
        : `unproven: ${inR(expectancyR)}, but ${failed.valueText} on ${failed.interval} candles`,
  };
}

function notAvailable(absent: Gate): Verdict {
  return {
    word: 'NO VERDICT',
    ground: 'not-available',
    sentence: `One question has no answer: ${absent.reason}`,
    line: shortened(`not available: ${absent.title.toLowerCase()}`),
  };
}

function keep({ outcome, bounds, familyP, family }: Findings, thresholds: GateThresholds): Verdict {
  const { trades, expectancyR } = outcome.backtest.metrics;
  const lower = inR(bounds.isAvailable ? bounds.lowerR : Number.NaN);
  const corrected = family.strategies === 1 ? '' : `, ${family.strategies} strategies tried`;
  return {
    word: 'KEEP',
    ground: 'all-gates',
    sentence:
      `It made ${inR(expectancyR)} a trade after costs over ${counted(trades, 'trade')}, at least ${lower} with ` +
      `${percent(1 - thresholds.alpha)} confidence, and chance explains it badly (${pEquals(familyP)}${corrected}).`,
    line: `${inR(expectancyR)}, at least ${lower}, ${pEquals(familyP)}`,
  };
}

function shortened(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ');
  return oneLine.length <= LINE_LENGTH ? oneLine : `${oneLine.slice(0, LINE_LENGTH - 1)}…`;
}

import type { VerdictWord } from '../evidence/verdict.ts';
import { pEquals } from '../evidence/words.ts';
import { type Comparison, INCUMBENT } from './comparison.ts';

/** Narrow and unbreakable, so that a number never parts from its unit. */
const SPACE = '\u202f';

/**
 * What happens to the incumbent: it trades on; other params take its place; it stops trading, or still does not; or it
 * trades again.
 */
export type DecisionWord = 'kept' | 'swapped' | 'stood down' | 'resumed';

/** What the study pipeline says of one set of params. */
export interface GateAnswer {
  readonly word: VerdictWord;
  /** At most 60 characters: what it rests on. */
  readonly line: string;
}

/** One of the three things that a swap takes. */
export interface Condition {
  readonly id: 'improvement' | 'luck' | 'gates';
  readonly holds: boolean;
  readonly sentence: string;
}

export interface Decision {
  readonly word: DecisionWord;
  /** Of a swap, all hold. */
  readonly conditions: readonly Condition[];
  /** On one line: 'ranked 7th of 183; best +6 %; threshold 20 %: kept'. */
  readonly story: string;
  /** Why, in a sentence or two. */
  readonly reason: string;
}

export interface Verdicts {
  readonly incumbent: GateAnswer;
  /** Absent where the incumbent is itself the best. */
  readonly chosen?: GateAnswer;
}

/**
 * Rules 34 and 35. Swapped is only what is better out of sample by more than the threshold, by more than luck among all
 * candidates explains, and passes the gates itself. An incumbent that fails its own gates is stood down, whether
 * anything takes its place or not.
 *
 * @param alpha of the test on luck
 */
export function decide(comparison: Comparison, verdicts: Verdicts, alpha: number): Decision {
  const conditions = conditionsOf(comparison, verdicts, alpha);
  const word = wordOf(comparison, verdicts, conditions);
  const failed = conditions.find(({ holds }) => !holds);
  return {
    word,
    conditions,
    story: `${storyOf(comparison, verdicts, conditions)}: ${endOf(word, comparison)}`,
    reason: reasonOf(word, comparison, verdicts, failed),
  };
}

function wordOf({ benchmark }: Comparison, { incumbent }: Verdicts, conditions: readonly Condition[]): DecisionWord {
  if (conditions.every(({ holds }) => holds)) return 'swapped';
  if (incumbent.word !== 'KEEP') return 'stood down';
  return benchmark === 'incumbent' ? 'kept' : 'resumed';
}

function conditionsOf(comparison: Comparison, { chosen }: Verdicts, alpha: number): Condition[] {
  const { outOfSample, luck } = comparison;
  const { difference, threshold } = outOfSample;
  const isBest = comparison.chosen === INCUMBENT;
  const pText = luck.pValue === null ? `not available, because ${luck.reason}` : pEquals(luck.pValue);
  return [
    {
      id: 'improvement',
      holds: !isBest && difference > threshold,
      sentence: isBest
        ? 'The incumbent is itself the best on the newest training window.'
        : `Out of sample, choosing the best made ${daily(Math.abs(difference))} a day ` +
          `${difference < 0 ? 'less' : 'more'} than ${against(comparison)}; it takes ${daily(threshold)} more.`,
    },
    {
      id: 'luck',
      holds: luck.pValue !== null && luck.pValue < alpha,
      sentence:
        `Luck among all ${luck.candidates} of them: ${pText} by SPA and the Reality Check; ` + `it takes p < ${alpha}.`,
    },
    {
      id: 'gates',
      holds: chosen?.word === 'KEEP',
      sentence:
        chosen === undefined
          ? 'Nothing else was chosen, so nothing else was judged.'
          : `What was chosen, judged on days that did not choose it: ${chosen.word} (${chosen.line}).`,
    },
  ];
}

function against({ benchmark }: Comparison): string {
  return benchmark === 'incumbent' ? 'the incumbent' : 'no trading';
}

/** As far as it has to be told: the first thing that failed is the last one named. */
function storyOf(comparison: Comparison, { chosen }: Verdicts, conditions: readonly Condition[]): string {
  const { incumbentRank, ranking, luck } = comparison;
  const parts = [`ranked ${ordinal(incumbentRank)} of ${ranking.length}`];
  if (comparison.chosen === INCUMBENT) return `${parts[0]}; nothing to choose is better`;
  parts.push(...improvementOf(comparison));
  const holds = (id: Condition['id']): boolean => conditions.find((one) => one.id === id)?.holds === true;
  if (holds('improvement')) {
    const p = luck.pValue === null ? 'luck unknown' : pEquals(luck.pValue);
    parts.push(holds('luck') ? p : `may be luck, ${p}`);
    if (holds('luck')) parts.push(`its verdict ${chosen?.word}`);
  }
  return parts.join('; ');
}

/** In per cent of what the incumbent earns; in per cent of the account a day, where that says nothing. */
function improvementOf({ outOfSample }: Comparison): [string, string] {
  const { difference, threshold, benchmark, rule } = outOfSample;
  if (rule === 'share' && benchmark > 0) {
    return [`best ${signedShare(difference / benchmark)}`, `threshold ${share(threshold / benchmark)}`];
  }
  return [`best ${signed(difference)} a day`, `threshold ${daily(threshold)}`];
}

function endOf(word: DecisionWord, { benchmark }: Comparison): string {
  return word === 'stood down' && benchmark === 'no trading' ? 'stays stood down' : word;
}

function reasonOf(
  word: DecisionWord,
  comparison: Comparison,
  { incumbent }: Verdicts,
  failed: Condition | undefined,
): string {
  const own = `Its own verdict is ${incumbent.word} (${incumbent.line}).`;
  switch (word) {
    case 'swapped':
      return 'What was chosen is better by more than the threshold and than luck explains, and passes the gates.';
    case 'kept':
      return `${failed?.sentence ?? ''} ${own}`;
    case 'resumed':
      return `It trades again. ${own}`;
    case 'stood down':
      return `${comparison.benchmark === 'incumbent' ? 'It stops trading' : 'It still does not trade'}. ${own}`;
  }
}

/** `1st`, `2nd`, `3rd`, `11th`, `183rd`. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place.toLocaleString('en-US')}${suffix}`;
}

/** A return a day as per cent of the account: `0.021 %`. */
export function daily(fraction: number): string {
  const text = (Math.abs(fraction) * 100).toFixed(3);
  return `${fraction < 0 && Number(text) !== 0 ? '−' : ''}${text}${SPACE}%`;
}

export function signed(fraction: number): string {
  const text = daily(fraction);
  return fraction > 0 && Number.parseFloat(text) !== 0 ? `+${text}` : text;
}

/** `6 %`, `0.4 %`. */
function share(fraction: number): string {
  const value = Math.abs(fraction * 100);
  return `${fraction < 0 ? '−' : ''}${Number(value.toFixed(value < 1 ? 1 : 0)).toLocaleString('en-US')}${SPACE}%`;
}

function signedShare(fraction: number): string {
  return fraction > 0 ? `+${share(fraction)}` : share(fraction);
}

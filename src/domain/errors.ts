import { distance } from 'fastest-levenshtein';

export interface ErrorParts {
  /** What to do about it, as a sentence. */
  readonly hint?: string;
  /** Where it is: file, line, field, value. Each is shown on its own line. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/**
 * The base of every error that a user can meet: one sentence that says what is wrong, where it is, what to do.
 * Errors are thrown or returned, and logged once, at the edge.
 */
export class CandorError extends Error {
  override readonly name: string = 'CandorError';
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.hint = parts.hint;
    this.details = parts.details ?? [];
  }
}

/** Data from outside (a file, an answer of the exchange) that is not what it claims to be. */
export class DataError extends CandorError {
  override readonly name = 'DataError';
}

/** A config, a study or a command line that cannot be carried out as it is written. */
export class UsageError extends CandorError {
  override readonly name = 'UsageError';
}

/** A strategy that asks for what had not happened yet. */
export class LookAheadError extends CandorError {
  override readonly name = 'LookAheadError';
}

/** A strategy that cannot be loaded or evaluated. */
export class StrategyError extends CandorError {
  override readonly name: string = 'StrategyError';
}

/** The exchange, or the way to it, does not answer. */
export class ExchangeUnreachableError extends CandorError {
  override readonly name = 'ExchangeUnreachableError';
}

/** The candidates nearest to what was typed, best first; a name that is far from all of them has none. */
export function nearestNames(typed: string, candidates: Iterable<string>, most = 3): string[] {
  const lower = typed.toLowerCase();
  const near = [...candidates]
    .map((name) => ({
      name,
      edits: distance(lower, name.toLowerCase()),
      isBegun: name.toLowerCase().startsWith(lower),
    }))
    .filter(({ name, edits, isBegun }) => isBegun || edits <= Math.max(2, Math.ceil(name.length / 3)))
    .sort((a, b) => a.edits - b.edits || a.name.localeCompare(b.name));
  // Beside a slip of the finger, names that take a new ending are no guess at what was meant.
  const least = near[0]?.edits ?? 0;
  return near
    .filter(({ edits, isBegun }) => isBegun || edits <= least + 2)
    .slice(0, most)
    .map(({ name }) => name);
}

/** A hint for an unknown name: the nearest ones, or else all that there are. */
export function didYouMean(typed: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const nearest = nearestNames(typed, all);
  if (nearest.length > 0) return `Did you mean ${nearest.join(' or ')}?`;
  return all.length > 0 ? `Known: ${shortened(all)}.` : 'There are none yet.';
}

/** A hint is read, and nobody reads two hundred coins. */
const LIST_CHARACTERS = 100;

function shortened(names: readonly string[]): string {
  let shown = 1;
  let characters = names[0]?.length ?? 0;
  while (shown < names.length) {
    characters += 2 + (names[shown] as string).length;
    if (characters > LIST_CHARACTERS) return `${names.slice(0, shown).join(', ')} … and ${names.length - shown} more`;
    shown++;
  }
  return names.join(', ');
}

import { LookAheadError, StrategyError } from '../domain/errors.ts';

/**
 * What is wrong with an expression. It is held by the node instead of being thrown, so that the loader can say which
 * named condition it spoils; every node built on a poisoned one carries the same error.
 */
export type Poison = LookAheadError | StrategyError;

/** Far more than any sensible window, and little enough that its memory can be had. */
const LONGEST = 1_000_000;

/** The vocabulary's own frames; what remains of a stack begins where the strategy called it. Tests are callers too. */
const OWN_FRAME = /[\\/]src[\\/]series[\\/](?!.*\.test\.ts)/;
const LOCATION = /\(?((?:file:\/\/)?[^\s()]+?):(\d+):(\d+)\)?$/;

/** The poison of `ago(k)`, if k is not a whole number of candles back. */
export function badLag(method: string, k: number): Poison | undefined {
  if (Number.isInteger(k) && k >= 0 && k <= LONGEST) return undefined;
  const hint = `${method} takes a whole number of candles: 0 is the candle that just closed, 1 the one before.`;
  if (Number.isInteger(k) && k > 0) return misuse(`${method}(${k}) reaches back over ${LONGEST} candles`, hint);
  const problem = k < 0 ? 'reads a candle that had not happened yet' : 'is no candle that had happened';
  return atCaller(new LookAheadError(`${method}(${String(k)}) ${problem}`, { hint }));
}

/** The poison of a window or a length that is not a whole number of candles, at least `least`. */
export function badLength(method: string, n: number, least = 1): Poison | undefined {
  if (Number.isInteger(n) && n >= least && n <= LONGEST) return undefined;
  return misuse(
    `${method}(${String(n)}) is no window`,
    `Its length is a whole number of candles from ${least} to ${LONGEST}; a param that counts candles is an int.`,
  );
}

/** The poison of a call that cannot be carried out as it is written. */
export function misuse(message: string, hint: string, cause?: unknown): Poison {
  return atCaller(new StrategyError(message, { hint, cause }));
}

/** Cuts our own frames from the stack, so that its first line is the strategy's. */
function atCaller<E extends Error>(error: E): E {
  const lines = (error.stack ?? '').split('\n');
  error.stack = lines.filter((line) => !(/^\s+at /.test(line) && OWN_FRAME.test(line))).join('\n');
  return error;
}

export interface CallSite {
  /** A plain path, also where the runtime writes a `file://` URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where the expression was written: the first frame of the stack that is not the vocabulary's own. */
export function callSiteOf(error: Error): CallSite | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const match = /^\s+at /.test(frame) && !OWN_FRAME.test(frame) ? LOCATION.exec(frame) : null;
    if (match === null) continue;
    const file = match[1] as string;
    return {
      file: file.startsWith('file://') ? decodeURIComponent(new URL(file).pathname) : file,
      line: Number(match[2]),
      column: Number(match[3]),
    };
  }
  return undefined;
}

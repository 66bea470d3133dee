import type { HttpRequestError } from '@nktkas/hyperliquid';
import { DataError, ExchangeUnreachableError } from '../domain/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../domain/time.ts';

/** What a failed request means, and what to do about it. */
export interface Failure {
  readonly error: unknown;
  /** Try again after a while; or after a pause of all requests, which is what 'too many requests' demands. */
  readonly remedy: 'wait' | 'pause' | 'none';
  /** The least time that the answer demands. */
  readonly demandedMs: number;
  /** The answer came from the exchange, not from something in between. */
  readonly isExchange: boolean;
}

/** What a failed request of the SDK means. An error of any other kind comes back as it is. */
export async function failureOf(error: unknown, apiUrl: string): Promise<Failure> {
  const { HttpRequestError } = await import('@nktkas/hyperliquid');
  const none = { remedy: 'none', demandedMs: 0, isExchange: false } as const;
  if (!(error instanceof HttpRequestError)) return { ...none, error };
  const { response } = error;
  if (response === undefined) return { ...none, error: unreachable(apiUrl, reasonOf(error), error), remedy: 'wait' };
  const body = await response.text().catch(() => '');
  const status = `HTTP ${response.status}`;
  if (response.status === 429) {
    const busy = unreachable(apiUrl, `${status}: too many requests from this address`, error, BUSY_HINT);
    return { error: busy, remedy: 'pause', demandedMs: retryAfterMs(response), isExchange: true };
  }
  const isTrouble = response.status >= 500;
  if (isMarkup(body)) {
    const stranger = unreachable(apiUrl, `${status} with a web page, so something in between answered`, error);
    return { ...none, error: stranger, remedy: isTrouble ? 'wait' : 'none' };
  }
  if (isTrouble) {
    return { ...none, error: unreachable(apiUrl, status, error, TROUBLE_HINT), remedy: 'wait', isExchange: true };
  }
  if (response.ok) {
    const broken = unreachable(apiUrl, `${status} with an answer that is cut off, or is no JSON`, error);
    return { ...none, error: broken, remedy: 'wait' };
  }
  const refused = new DataError(`the exchange refused a request (${status})`, {
    details: [body.slice(0, 200)],
    hint: 'Its protocol may have changed.',
    cause: error,
  });
  return { ...none, error: refused, isExchange: true };
}

const NETWORK_HINT = 'Check the network, or import candles from files.';
const BUSY_HINT = 'Something else behind this address asks the exchange as well; try again in a few minutes.';
const TROUBLE_HINT = 'The exchange is there, but has trouble; try again later.';

function unreachable(apiUrl: string, reason: string, cause: unknown, hint = NETWORK_HINT): ExchangeUnreachableError {
  return new ExchangeUnreachableError(`the exchange cannot be reached (${reason})`, { details: [apiUrl], hint, cause });
}

function isMarkup(body: string): boolean {
  return /^\s*</.test(body);
}

const LONGEST_DEMAND_MS = 10 * MINUTE_MS;

/** `Retry-After` in seconds, if the answer has it. */
function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('Retry-After'));
  return seconds > 0 ? Math.min(seconds * SECOND_MS, LONGEST_DEMAND_MS) : 0;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens at its address',
  ECONNRESET: 'the connection was cut',
  EAI_AGAIN: 'its name cannot be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ENOTFOUND: 'its name is not known',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'the connection was cut',
};

/** The reason that a request got no answer, as deep as it can be found: ENOTFOUND rather than 'fetch failed'. */
function reasonOf(error: HttpRequestError): string {
  let reason = error.message;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'TimeoutError') return 'no answer in time';
    reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  }
  const words = REASONS[reason];
  return words === undefined ? reason : `${words}: ${reason}`;
}

import { z } from 'zod';
import { DataError } from '../domain/errors.ts';
import { formatTime, intervalMs, isInterval } from '../domain/time.ts';
import type { FeedEvent } from './feed-events.ts';
import { decimal, parsed, timeMs } from './wire.ts';

/** What a message of the stream is to us. */
export type StreamMessage =
  | { readonly kind: 'events'; readonly events: readonly Extract<FeedEvent, { kind: 'candle' | 'mark' }>[] }
  /** The exchange accepts a subscription. */
  | { readonly kind: 'reply' }
  | { readonly kind: 'error'; readonly text: string }
  /** A sign of life: the answer to a ping, a greeting, a channel that nobody asked for. */
  | { readonly kind: 'other' };

const envelope = z.object({ channel: z.string(), data: z.unknown().optional() });
/** Only what passes: that a candle of this interval began then. The rest of it is still forming. */
const candleBegun = z
  .object({ s: z.string(), i: z.string(), t: timeMs })
  .refine(({ i }) => isInterval(i), { path: ['i'], error: 'is no interval' })
  .refine(({ i, t }) => !isInterval(i) || t % intervalMs(i) === 0, {
    path: ['t'],
    error: (issue) => `${formatTime((issue.input as { t: number }).t)} is not on the grid of its interval`,
  });
/** One object; the exchange's documentation has it as an array. */
const candleData = z.union([candleBegun.transform((candle) => [candle]), z.array(candleBegun)]);
const contextData = z.object({
  coin: z.string(),
  ctx: z.object({ markPx: decimal.refine((price) => price >= 0, 'is no price').nullable() }),
});

/** The exchange says this before anything else, and it is no JSON. */
const GREETING = 'Websocket connection established.';

/**
 * Parses one message of the exchange's stream.
 *
 * @throws DataError naming the field that is not what it should be
 */
export function parseStreamMessage(frame: unknown): StreamMessage {
  if (frame === GREETING) return { kind: 'other' };
  const { channel, data } = parsed(envelope, jsonOf(frame), 'a message of the stream');
  const origin = `a message of the stream (${channel.slice(0, 40)})`;
  switch (channel) {
    case 'candle': {
      const events = parsed(candleData, data, origin).flatMap(({ s: coin, i: interval, t: openTimeMs }) =>
        isInterval(interval) ? [{ kind: 'candle', coin, interval, openTimeMs } as const] : [],
      );
      return { kind: 'events', events };
    }
    case 'activeAssetCtx': {
      const { coin, ctx } = parsed(contextData, data, origin);
      // A coin that was never traded, or is no longer, has no price.
      return { kind: 'events', events: ctx.markPx ? [{ kind: 'mark', coin, price: ctx.markPx }] : [] };
    }
    case 'subscriptionResponse':
      return { kind: 'reply' };
    case 'error':
      return { kind: 'error', text: parsed(z.string(), data, origin) };
    default:
      return { kind: 'other' };
  }
}

function jsonOf(frame: unknown): unknown {
  if (typeof frame !== 'string') throw new DataError('a message of the stream is no text');
  try {
    return JSON.parse(frame);
  } catch (cause) {
    throw new DataError('a message of the stream is no JSON', { details: [frame.slice(0, 100)], cause });
  }
}

import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { CandorError } from '../../domain/errors.ts';
import { type Chunk, type ChunkResult, SWEEP_METRICS } from '../contract.ts';
import { sweepKeys } from './keys.ts';

/** What a worker says to the coordinator of a sweep. */
export type Message =
  | { readonly kind: 'result'; readonly chunk: Chunk; readonly result: ChunkResult }
  /** The sweep itself cannot be carried out: it would fail on any machine. */
  | { readonly kind: 'failure'; readonly chunk: Chunk; readonly error: CandorError }
  /** This machine cannot take part; others may. */
  | { readonly kind: 'refusal'; readonly reason: string };

/** An entry of the stream. One that is damaged has no message, and its chunk is worked on once more. */
export interface Received {
  readonly entryId: string;
  readonly message: Message | undefined;
}

/** Says something, if the sweep is still there to hear it. */
export async function sendMessage(redis: Redis, sweepId: string, message: Message): Promise<void> {
  const fields: (string | Buffer)[] = ['kind', message.kind];
  if (message.kind === 'refusal') {
    fields.push('payload', message.reason);
  } else {
    const { chunk } = message;
    const payload = message.kind === 'result' ? bytesOf(message.result) : Buffer.from(textOf(message.error));
    const checksum = checksumOf(sweepId, chunk, payload);
    fields.push('first', `${chunk.first}`, 'count', `${chunk.count}`, 'sha256', checksum, 'payload', payload);
  }
  await redis.xadd(sweepKeys(sweepId).messages, 'NOMKSTREAM', '*', ...fields);
}

/** Takes the oldest messages, and waits a while when there are none. They stay until they are deleted. */
export async function receiveMessages(
  reader: Redis,
  sweepId: string,
  most: number,
  waitMs: number,
): Promise<Received[]> {
  const { messages } = sweepKeys(sweepId);
  // From the very beginning: what was acted upon is deleted, and what a coordinator that died left behind is not.
  const reply = await reader.xreadBuffer('COUNT', most, 'BLOCK', waitMs, 'STREAMS', messages, '0');
  return (reply?.[0]?.[1] ?? []).map(([entryId, fields]) => {
    const texts = new Map<string, Buffer>();
    for (let i = 0; i + 1 < fields.length; i += 2) texts.set(`${fields[i]}`, fields[i + 1] as Buffer);
    return { entryId: `${entryId}`, message: messageIn(texts, sweepId) };
  });
}

export async function deleteMessages(redis: Redis, sweepId: string, received: readonly Received[]): Promise<void> {
  if (received.length > 0) await redis.xdel(sweepKeys(sweepId).messages, ...received.map(({ entryId }) => entryId));
}

function messageIn(fields: ReadonlyMap<string, Buffer>, sweepId: string): Message | undefined {
  const text = (name: string): string => `${fields.get(name) ?? ''}`;
  const payload = fields.get('payload') ?? Buffer.alloc(0);
  const kind = text('kind');
  if (kind === 'refusal') return { kind, reason: `${payload}` };
  const chunk = { first: Number(text('first')), count: Number(text('count')) };
  if (text('sha256') !== checksumOf(sweepId, chunk, payload)) return undefined;
  if (kind === 'failure') return { kind, chunk, error: errorIn(`${payload}`) };
  const isWhole = payload.byteLength === chunk.count * SWEEP_METRICS.length * Float64Array.BYTES_PER_ELEMENT;
  // A copy of its own is aligned, which a piece of what came from the network need not be.
  return kind === 'result' && isWhole
    ? { kind, chunk, result: new Float64Array(new Uint8Array(payload).buffer) }
    : undefined;
}

/** Of the place of the result as well, so that no result can be taken for another one. */
function checksumOf(sweepId: string, { first, count }: Chunk, payload: Uint8Array): string {
  return createHash('sha256').update(`${sweepId} ${first} ${count}\n`).update(payload).digest('hex');
}

function bytesOf({ buffer, byteOffset, byteLength }: ChunkResult): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function textOf({ message, details, hint }: CandorError): string {
  return JSON.stringify({ message, details, hint });
}

function errorIn(text: string): CandorError {
  const { message, details, hint } = JSON.parse(text) as CandorError;
  return new CandorError(message, { details, ...(hint === undefined ? {} : { hint }) });
}

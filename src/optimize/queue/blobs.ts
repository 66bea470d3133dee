import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflate, inflate } from 'node:zlib';
import type { Redis } from 'ioredis';
import { DataError } from '../../domain/errors.ts';
import { PREFIX } from './keys.ts';

/** Bytes by what they are: two sweeps on the same candles share them, and whoever has them need not fetch them. */
export interface BlobRef {
  readonly sha256: string;
  readonly bytes: number;
}

/** Bytes to be stored, where they lie: columns are not copied for it. */
export interface Blob extends BlobRef {
  readonly parts: readonly Uint8Array[];
}

/** Of what is compressed and sent at once; Redis allows 512 MB, but serves nobody else in the meantime. */
const PIECE_BYTES = 4 * 1024 * 1024;

const compress = promisify<Uint8Array, { level: number }, Buffer>(deflate);
const decompress = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate);

export function blobOf(parts: readonly Uint8Array[]): Blob {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return { parts, sha256: hash.digest('hex'), bytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

/** Stores what is not there yet, and lets what is there live on. */
export async function storeBlobs(redis: Redis, blobs: readonly Blob[], keepMs: number): Promise<void> {
  for (const blob of blobs) {
    const keys = pieceKeys(blob);
    const kept = await Promise.all(keys.map((key) => redis.pexpire(key, keepMs)));
    for (const [i, key] of keys.entries()) {
      if (kept[i] === 1) continue;
      const piece = pieceOf(blob, i * PIECE_BYTES, Math.min((i + 1) * PIECE_BYTES, blob.bytes));
      await redis.set(key, await compress(piece, { level: constants.Z_BEST_SPEED }), 'PX', keepMs);
    }
  }
}

/**
 * Fetches a blob into shared memory.
 *
 * @throws DataError where it is not there, or not what it should be; what is damaged is deleted, so that the
 *   coordinator stores it again
 */
export async function fetchBlob(redis: Redis, ref: BlobRef): Promise<Uint8Array<SharedArrayBuffer>> {
  const bytes = new Uint8Array(new SharedArrayBuffer(ref.bytes));
  const keys = pieceKeys(ref);
  for (const [i, key] of keys.entries()) {
    const piece = await redis.getBuffer(key);
    if (piece === null) throw new DataError(`${key} is not in Redis`);
    const length = Math.min(PIECE_BYTES, ref.bytes - i * PIECE_BYTES);
    const plain = await decompress(piece, { maxOutputLength: length }).catch(() => undefined);
    if (plain !== undefined && plain.byteLength === length) bytes.set(plain, i * PIECE_BYTES);
  }
  if (!hasHash(bytes, ref)) {
    await redis.unlink(keys);
    throw new DataError(`${PREFIX}:blob:${ref.sha256} is damaged in Redis`);
  }
  return bytes;
}

export async function deleteBlobs(redis: Redis, refs: readonly BlobRef[]): Promise<void> {
  const keys = refs.flatMap(pieceKeys);
  if (keys.length > 0) await redis.unlink(keys);
}

export function hasHash(bytes: Uint8Array, { sha256 }: BlobRef): boolean {
  return createHash('sha256').update(bytes).digest('hex') === sha256;
}

function pieceKeys({ sha256, bytes }: BlobRef): string[] {
  return Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, i) => `${PREFIX}:blob:${sha256}:${i}`);
}

/** Bytes from … to−1 of the parts one after another. */
function pieceOf({ parts }: Blob, from: number, to: number): Uint8Array {
  const piece = new Uint8Array(to - from);
  let start = 0;
  for (const part of parts) {
    const [first, last] = [Math.max(from, start), Math.min(to, start + part.byteLength)];
    if (first < last) piece.set(part.subarray(first - start, last - start), first - from);
    start += part.byteLength;
  }
  return piece;
}

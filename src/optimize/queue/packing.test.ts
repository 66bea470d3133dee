import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROGRAM, someWork } from '../../../test/queue-work.ts';
import { describeWithRedis, RedisServer } from '../../../test/redis-server.ts';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import { fixedClock, systemClock } from '../../domain/clock.ts';
import { DAY_MS } from '../../domain/time.ts';
import { blobOf, fetchBlob, storeBlobs } from './blobs.ts';
import { ColumnCache } from './column-cache.ts';
import { openLink } from './link.ts';
import { packWork, unpackWork } from './packing.ts';

const SILENT = { info: () => {}, warn: () => {} };

function joined(parts: readonly Uint8Array[]): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(parts.reduce((sum, part) => sum + part.byteLength, 0)));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

test('work that was taken apart is put together again, bit for bit, in shared memory', async () => {
  const work = someWork('packed', { mine: 'text' });
  const { id, specification, columns } = packWork(work, PROGRAM);
  const shelf = new Map(columns.map((blob) => [blob.sha256, joined(blob.parts)]));
  const again = await unpackWork(joined(specification.parts), async ({ sha256 }) => shelf.get(sha256) ?? joined([]));
  expect(again).toEqual(work);
  expect(again.data.grids[0].candles.get('BTC')?.close.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(packWork(again, PROGRAM).id).toBe(id);
  expect(packWork(work, { ...PROGRAM, code: 'def' }).id).not.toBe(id);
});

test('candles of another fingerprint are refused, even where every hash is right', async () => {
  const work = someWork('misnamed');
  const lie = { ...work, data: { ...work.data, fingerprint: 'f'.repeat(64) } };
  const { specification, columns } = packWork(lie, PROGRAM);
  const shelf = new Map(columns.map((blob) => [blob.sha256, joined(blob.parts)]));
  const unpacking = unpackWork(joined(specification.parts), async ({ sha256 }) => shelf.get(sha256) ?? joined([]));
  await expect(unpacking).rejects.toThrow("the candles of the sweep 'misnamed' are not those that it names");
});

test('a cache gives back what was written, and nothing that was not', () => {
  inTemporaryFolder({}, (folder) => {
    const cache = new ColumnCache(`${folder}/columns`, systemClock, SILENT);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const blob = blobOf([bytes]);
        expect(cache.read({ ...blob, sha256: `${blob.sha256}0` })).toBeUndefined();
        cache.write(blob, bytes);
        expect(Array.from(cache.read(blob) ?? [])).toEqual(Array.from(bytes));
      }),
      { numRuns: 30 },
    );
  });
});

test('a cache forgets what nobody has read for a month', () => {
  inTemporaryFolder({}, (folder) => {
    const inDays = (days: number): ColumnCache =>
      new ColumnCache(folder, fixedClock(systemClock.nowMs() + days * DAY_MS), SILENT);
    const blob = blobOf([new Uint8Array([1, 2, 3])]);
    inDays(0).write(blob, new Uint8Array([1, 2, 3]));
    inDays(29).prune();
    expect(inDays(29).read(blob)).toBeDefined();
    inDays(50).prune();
    expect(inDays(50).read(blob)).toBeDefined();
    inDays(81).prune();
    expect(inDays(81).read(blob)).toBeUndefined();
  });
});

describeWithRedis('bytes in Redis', () => {
  test('are kept in pieces, fetched whole, and deleted when they are damaged', async () => {
    const server = await RedisServer.start();
    const link = await openLink(server.url, {}, SILENT);
    try {
      const { redis } = link;
      const column = Float64Array.from({ length: 1_200_000 }, (_, i) => (i % 7 === 0 ? Number.NaN : Math.sqrt(i)));
      const blob = blobOf([new Uint8Array(column.buffer, 0, 9), new Uint8Array(column.buffer, 9)]);
      await storeBlobs(redis, [blob], 60_000);
      const keys = (await redis.keys('candor:blob:*')).sort();
      expect(keys).toHaveLength(3);
      for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
      expect(new Float64Array((await fetchBlob(redis, blob)).buffer)).toEqual(column);

      await redis.del(keys[1] ?? '');
      await expect(fetchBlob(redis, blob)).rejects.toThrow('is not in Redis');
      await storeBlobs(redis, [blob], 60_000);
      await redis.set(keys[2] ?? '', 'damaged');
      await expect(fetchBlob(redis, blob)).rejects.toThrow('is damaged in Redis');
      expect(await redis.keys('candor:blob:*')).toEqual([]);
    } finally {
      link.close();
      await server.stop();
    }
  });
});

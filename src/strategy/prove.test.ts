import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { closesToCandles, evaluate, walkCandles } from '../../test/series-data.ts';
import { sliceColumns } from '../domain/candle.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import { ownMarket } from '../series/market.ts';
import { loadStrategy } from './load.ts';
import type { Markets } from './proof-stage.ts';
import { describeDifference, type Proof, proveStrategy } from './prove.ts';

const canaries = fileURLToPath(new URL('../../test/canaries/', import.meta.url));
const walk: Markets = new Map([['BTC', { candles: walkCandles({ length: 600, seed: 3 }) }]]);

async function prove(name: string, markets = walk, candles = 60, params?: unknown): Promise<Proof> {
  const loaded = await loadStrategy(name, canaries);
  return proveStrategy({ loaded, params, coin: 'BTC', interval: '1h', markets, candles });
}

describe('a strategy that knows what it cannot have known is caught', () => {
  test('a scan that remembers an earlier evaluation: the same candles a second time give other signals', async () => {
    const { difference, signals } = await prove('peeking-scan');
    expect(difference).toMatchObject({ experiment: 'again', side: 'long', condition: 'foresight' });
    // The first time, nothing is known yet: a backtest that runs once would never have shown it.
    expect(signals.long).toBe(0);
  });

  test('a memory that keeps still until it is safe: the cut data shows what it should not know', async () => {
    const { difference, lastOpenMs } = await prove('peeking-patiently');
    expect(difference).toMatchObject({
      experiment: 'prefix',
      condition: 'learned',
      withAllData: false,
      replayed: true,
    });
    expect(difference?.seenUntilMs).toBeLessThan(lastOpenMs);
    expect(difference?.openTimeMs).toBeLessThanOrEqual(difference?.seenUntilMs as number);
  });

  test('a scan that counts its way through data of its own: its signals depend on where the data begins', async () => {
    const { difference, firstOpenMs } = await prove('counting-scan');
    expect(difference).toMatchObject({ experiment: 'other-start', condition: 'table', openTimeMs: firstOpenMs });
  });

  test('a scan that knows prices by heart passes, but is pointed out: it knows no doubled price', async () => {
    const { difference, absolutePrices } = await prove('prices-by-heart');
    expect(difference).toBeUndefined();
    expect(absolutePrices).toMatchObject({ experiment: 'double-prices', condition: 'recognised', withAllData: true });
  });

  test('the difference names condition, candle and both answers', async () => {
    const { difference } = await prove('peeking-patiently');
    expect(difference && describeDifference(difference).replaceAll(/20\S+Z/g, 'T')).toBe(
      "condition 'learned' (long) at the candle of T is false, but true when the data is cut after the candle of T",
    );
  });
});

describe('an honest strategy passes', () => {
  test('with a scan that only looks back, on every candle', async () => {
    const proof = await prove('honest-scan', walk, 150);
    expect(proof).toMatchObject({ difference: undefined, absolutePrices: undefined, candles: 150, knifeEdges: [] });
    expect(proof.signals.long).toBeGreaterThan(0);
    // Prefixes and two futures for each candle, and five evaluations beside them.
    expect(proof.replays).toBeGreaterThan(3 * 150);
    expect(proof.lastOpenMs - proof.firstOpenMs).toBe(149 * 3_600_000);
  });

  test('with another coin, funding and a slow interval, all cut at the same instant', async () => {
    const own = walkCandles({ length: 400, seed: 5, gaps: 0.01 });
    const fundingRate = Float64Array.from({ length: 400 }, (_, i) => 0.0001 * Math.sin(i / 9));
    const markets: Markets = new Map([
      ['BTC', { candles: own, fundingRate }],
      ['ETH', { candles: walkCandles({ coin: 'ETH', length: 400, seed: 6 }) }],
    ]);
    const proof = await prove('honest-pair', markets, 200);
    expect(proof.difference).toBeUndefined();
    expect(proof.signals.long).toBeGreaterThan(0);
  });

  test('with params that are not its defaults', async () => {
    const proof = await prove('honest-scan', walk, 20, { run: 2 });
    expect(proof).toMatchObject({ params: { run: 2 }, difference: undefined });
    await expect(prove('honest-scan', walk, 20, { runs: 2 })).rejects.toThrow(UsageError);
  });

  test('on a knife edge: what is left of another start tips a comparison, and is only reported', async () => {
    // 37 candles that only the earlier start sees, 52 until the average has settled, and the stretch begins.
    const zigzag = Array.from({ length: 52 + 60 + 24 }, (_, i) => 100 + (i % 2));
    const candles = closesToCandles([...Array<number>(37).fill(200), ...zigzag]);
    const [fromLaterStart] = evaluate(sliceColumns(candles, 37, candles.length), [ownMarket.close.ema(5)]);
    const level = fromLaterStart?.[52];
    const proof = await prove('knife-edge', new Map([['BTC', { candles }]]), 60, { level });
    expect(proof.difference).toBeUndefined();
    expect(proof.knifeEdges[0]).toMatchObject({ side: 'long', condition: 'above', openTimeMs: proof.firstOpenMs });
  });
});

describe('what cannot be proven is said', () => {
  test('too few candles, with the number that it takes', async () => {
    const error = await prove('honest-scan', walk, 600).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toBe('a proof over 600 candles needs 664, and BTC has 600');
    expect((error as DataError).hint).toContain('3 to settle, 37 for another start, 24 for a future');
  });

  test('candles of a coin that are not there', async () => {
    await expect(prove('honest-pair')).rejects.toThrow('there are no candles of ETH');
  });

  test('a strategy that breaks, with the line in its file', async () => {
    const error = await prove('throws-midway', walk, 200).catch((caught: unknown) => caught);
    expect((error as Error).message).toMatch(/^scan breaks failed at the candle of 20\S+Z: out of luck$/);
  });
});

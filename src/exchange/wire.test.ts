import { describe, expect, test } from 'vitest';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { HOUR_MS } from '../domain/time.ts';
import { parseCandles, parseFunding, parseInstruments, requireGrid } from './wire.ts';
import { parseStreamMessage } from './wire-stream.ts';

const OPEN_MS = 1_790_431_200_000;
const ROW = {
  t: OPEN_MS,
  T: OPEN_MS + HOUR_MS - 1,
  s: 'ETH',
  i: '1h',
  o: '2686.1',
  c: '2688.6',
  h: '2689.6',
  l: '2685.0',
  v: '2490.1516',
  n: 2438,
};
const NEXT = { ...ROW, t: OPEN_MS + HOUR_MS, T: OPEN_MS + 2 * HOUR_MS - 1 };
const LONG_AFTER = 2e12;

async function read(path: string): Promise<unknown> {
  const { readFile } = await import('node:fs/promises');
  return JSON.parse(await readFile(sharedData(path), 'utf8'));
}

describe('candles', () => {
  test('a row becomes a candle in our names', () => {
    expect(parseCandles([ROW], 'it', LONG_AFTER)).toEqual({
      coin: 'ETH',
      interval: '1h',
      candles: [
        {
          openTimeMs: OPEN_MS,
          open: 2686.1,
          high: 2689.6,
          low: 2685,
          close: 2688.6,
          volume: 2490.1516,
          trades: 2438,
        },
      ],
    });
  });

  test('the forming candle does not get in: it is one until its last millisecond is over', () => {
    const at = (nowMs: number): number | undefined => parseCandles([ROW, NEXT], 'it', nowMs)?.candles.length;
    expect(at(NEXT.T + 1)).toBe(2);
    expect(at(NEXT.T)).toBe(1);
    expect(at(NEXT.t)).toBe(1);
    expect(at(ROW.T)).toBe(0);
  });

  test('no rows are no answer about any coin', () => {
    expect(parseCandles([], 'it', LONG_AFTER)).toBeUndefined();
  });

  test.each([
    ['null', null, /^the answer: .*array/],
    ['an error text', { error: 'no' }, /^the answer: .*array/],
    ['a number where a decimal string belongs', [{ ...ROW, o: 2686.1 }], /^\[0\]\.o: /],
    ['a price that is no number', [ROW, { ...NEXT, h: 'NaN' }], /^\[1\]\.h: is no decimal number/],
    ['a missing field', [{ ...ROW, v: undefined }], /^\[0\]\.v: /],
    ['a fractional time', [{ ...ROW, t: 1.5 }], /^\[0\]\.t: /],
    ['another coin in between', [ROW, { ...NEXT, s: 'BTC' }], /^\[1\]\.s: is 'BTC' after 'ETH'/],
    ['high below close', [{ ...ROW, h: '2688.0' }], /^\[0\]: 2026-09-26T14:00Z: high below/],
  ])('%s is refused by its field', (_what, answer, detail) => {
    const parse = (): unknown => parseCandles(answer, 'the answer to it', LONG_AFTER);
    expect(parse).toThrow('the answer to it is not what the exchange should answer');
    expect(parse).toThrow(expect.objectContaining({ details: [expect.stringMatching(detail)] }));
  });

  test('times off the grid or out of order are refused', () => {
    const candles = parseCandles([NEXT, ROW], 'it', LONG_AFTER)?.candles ?? [];
    expect(() => requireGrid(candles, '1h', 'it')).toThrow(
      expect.objectContaining({ details: [expect.stringMatching(/^\[1\]\.t: .* does not come after/)] }),
    );
    expect(() => requireGrid(candles, '4h', 'it')).toThrow(
      expect.objectContaining({ details: [expect.stringMatching(/not on the 4h grid/)] }),
    );
  });
});

describe('instruments', () => {
  test('a table of fifty or more must be there; a smaller one is a single tier', () => {
    const universe = [{ name: 'ATOM', szDecimals: 2, maxLeverage: 5, marginTableId: 5 }];
    expect(parseInstruments({ universe }, 'meta')).toEqual([
      { coin: 'ATOM', szDecimals: 2, marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 5 }], isDelisted: false },
    ]);
    const tiered = [{ name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 56 }];
    expect(() => parseInstruments({ universe: tiered, marginTables: [] }, 'meta')).toThrow(
      expect.objectContaining({ details: ['universe[0].marginTableId: names table 56, which is not there'] }),
    );
  });

  test('a wrong field is named, inside metaAndAssetCtxs too', () => {
    const bad = { universe: [{ name: 'BTC', szDecimals: 'five', maxLeverage: 40 }] };
    const detail = (text: RegExp) => expect.objectContaining({ details: [expect.stringMatching(text)] });
    expect(() => parseInstruments(bad, 'meta')).toThrow(detail(/^universe\[0\]\.szDecimals: /));
    expect(() => parseInstruments([bad, []], 'meta')).toThrow(detail(/^\[0\]\.universe\[0\]\.szDecimals: /));
  });
});

test('funding of one coin; a foreign row is refused', () => {
  const row = { coin: 'BTC', fundingRate: '-0.0006133368', premium: '-0.005', time: 1_683_849_600_048 };
  expect(parseFunding([row], 'it')).toEqual({
    coin: 'BTC',
    settlements: [{ timeMs: 1_683_849_600_048, rate: -0.0006133368 }],
  });
  expect(parseFunding([], 'it')).toBeUndefined();
  expect(() => parseFunding([row, { ...row, coin: 'ETH' }], 'it')).toThrow(
    expect.objectContaining({ details: ["[1].coin: is 'ETH' after 'BTC'"] }),
  );
});

describeWithSharedData('recorded answers', () => {
  test('metaAndAssetCtxs: 229 perpetuals, and the built-in rules are theirs', async () => {
    const instruments = parseInstruments(await read('recorded-api/agentic-2026-03-10/hyperliquid_meta.json'), 'meta');
    expect(instruments).toHaveLength(229);
    expect(instruments.filter((instrument) => instrument.isDelisted)).toHaveLength(39);
    for (const builtIn of BUILT_IN_INSTRUMENTS) expect(instruments).toContainEqual(builtIn);
  });

  test('the contexts and candles of HTTP, in the envelopes in which the stream sends them', async () => {
    type Recorded = [{ universe: { name: string }[] }, { markPx: string }[]];
    const [{ universe }, contexts] = (await read(
      'recorded-api/transcribed/tishden_meta_and_asset_ctxs.json',
    )) as Recorded;
    const marks = universe.map(({ name: coin }, index) => {
      const data = { coin, ctx: contexts[index] };
      return parseStreamMessage(JSON.stringify({ channel: 'activeAssetCtx', data }));
    });
    expect(marks[0]).toEqual({ kind: 'events', events: [{ kind: 'mark', coin: 'BTC', price: 81_336 }] });
    expect(marks).toHaveLength(5);
    const [data] = (await read('recorded-api/transcribed/tishden_candles_eth_1m.json')) as unknown[];
    expect(parseStreamMessage(JSON.stringify({ channel: 'candle', data }))).toEqual({
      kind: 'events',
      events: [{ kind: 'candle', coin: 'ETH', interval: '1m', openTimeMs: 1_789_800_000_000 }],
    });
  });

  test('candleSnapshot and fundingHistory', async () => {
    const hours = await read('recorded-api/transcribed/yassi80_candleSnapshot_ETH_1h.json');
    const answer = parseCandles(hours, 'it', LONG_AFTER);
    expect(answer).toMatchObject({ coin: 'ETH', interval: '1h' });
    expect(answer?.candles).toHaveLength(25);
    requireGrid(answer?.candles ?? [], '1h', 'it');
    const rates = await read('recorded-api/agentic-2026-03-10/hyperliquid_funding_btc.json');
    expect(parseFunding(rates, 'it')?.settlements).toHaveLength(163);
  });

  test('the Python SDK’s cassettes of 2023, in the shape that they had then', async () => {
    const recorded = async (name: string) =>
      ((await read(`recorded-api/python-sdk/${name}.json`)) as { response: unknown }).response;
    const snapshot = await recorded('test_get_candles_snapshot.2024-08-05.d7e8de3.1');
    expect(parseCandles(snapshot, 'it', LONG_AFTER)).toMatchObject({ coin: 'kPEPE', interval: '1h' });
    const [first] = parseInstruments(await recorded('test_get_info.2024-08-05.274ec02'), 'meta');
    expect(first).toEqual({
      coin: 'BTC',
      szDecimals: 5,
      marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 50 }],
      isDelisted: false,
    });
  });
});

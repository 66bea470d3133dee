import { describe, expect, test } from 'vitest';
import {
  inLockstep,
  instrumentOf,
  madeCandles,
  madeFunding,
  type Stage,
  setStage,
} from '../../../test/ingest-stage.ts';
import { openTimeAt } from '../../domain/candle.ts';
import { DAY_MS, HOUR_MS, type Interval, MINUTE_MS } from '../../domain/time.ts';
import type { PlayedCoin } from '../../simulator/played-market.ts';
import { loadCandles, writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { loadFunding } from '../funding-store.ts';
import { gapsOf } from '../gap-store.ts';
import { revisionsOf } from '../revision-store.ts';
import { findCandleSeries } from '../series-store.ts';
import { memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from '../testing.ts';
import { backfill } from './backfill.ts';
import { type BackfillNotice, type BackfillProgress, type BackfillRequest, INGEST_ORIGIN } from './contract.ts';

const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;
const DAYS = 8;
const NOW_MS = NEW_YEAR_MS + DAYS * DAY_MS + 90_000;

/** A coin with minutes and funding since the new year. */
function coin(name: string, options: { from?: number; to?: number; holes?: [number, number][] } = {}): PlayedCoin {
  const { from = at(0), to = NEW_YEAR_MS + (DAYS + 1) * DAY_MS, holes = [] } = options;
  const isMissing = (i: number): boolean => holes.some(([start, end]) => i >= start && i < end);
  return {
    instrument: instrumentOf(name),
    candles: madeCandles(name, '1m', from, (to - from) / MINUTE_MS, isMissing),
    funding: madeFunding(Math.ceil(from / HOUR_MS) * HOUR_MS, Math.floor((to - from) / HOUR_MS)),
  };
}

interface Told {
  readonly notices: BackfillNotice[];
  readonly progress: BackfillProgress[];
}

async function fill(stage: Stage, db: MarketDatabase, request: Partial<BackfillRequest> = {}): Promise<Told> {
  const notices: BackfillNotice[] = [];
  const progress: BackfillProgress[] = [];
  const work = backfill(db, stage.info, {
    coins: ['BTC'],
    intervals: ['30m'],
    fromMs: at(0),
    timer: stage.clock,
    onNotice: (notice) => notices.push(notice),
    onProgress: (each) => progress.push(each),
    ...request,
  });
  await inLockstep(stage, work);
  return { notices, progress };
}

function gaps(db: MarketDatabase, name: string, interval: Interval): string[] {
  const hours = (ms: number): number => (ms - NEW_YEAR_MS) / HOUR_MS;
  return gapsOf(db, findCandleSeries(db, { coin: name, interval })).map(
    ({ fromMs, toMs, reason }) => `${hours(fromMs)}–${hours(toMs)} ${reason}`,
  );
}

/** What was asked of the exchange, in hours. */
function asked(stage: Stage, since = 0): string[] {
  return stage.exchange.requests.slice(since).flatMap(({ type, request }) => {
    const { req, coin: name, startTime, endTime } = request as Record<string, unknown> & { req?: never };
    const { coin: candleCoin, interval, startTime: from, endTime: to } = (req ?? {}) as Record<string, unknown>;
    const hour = (ms: unknown): number => Math.round((Number(ms) - NEW_YEAR_MS) / HOUR_MS);
    if (type === 'candleSnapshot') return [`${candleCoin} ${interval} ${hour(from)}–${hour(to)}`];
    return type === 'fundingHistory' ? [`${name} funding ${hour(startTime)}–${hour(endTime)}`] : [];
  });
}

describe('a backfill', () => {
  test('stores candles, funding and instruments, and tells how far it is', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC'), coin('ETH')] });
    const db = memoryDatabase();
    const { progress, notices } = await fill(stage, db, { coins: ['BTC', 'ETH'], intervals: ['30m', '1h'] });
    expect(notices).toEqual([]);
    for (const name of ['BTC', 'ETH']) {
      expect(loadCandles(db, { coin: name, interval: '30m' }).length).toBe(DAYS * 48);
      expect(loadCandles(db, { coin: name, interval: '1h' }).length).toBe(DAYS * 24);
      expect(loadFunding(db, name).rates).toHaveLength(DAYS * 24);
    }
    expect(db.prepare('SELECT count(*) FROM instruments').pluck().get()).toBe(2);
    const total = 2 * DAYS * (24 + 48 + 24);
    expect(progress.at(-1)).toMatchObject({ coin: 'ETH', what: '1h', done: total, total });
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
  });

  test('says from when on minutes are served, and asks for nothing twice', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    const { notices } = await fill(stage, db, { intervals: ['1m'] });
    const candles = loadCandles(db, { coin: 'BTC', interval: '1m' });
    expect(candles.length).toBe(4_999);
    expect(notices).toEqual([{ kind: 'not-served', coin: 'BTC', what: '1m', servedFromMs: candles.firstOpenMs }]);
    const hours = (candles.firstOpenMs - NEW_YEAR_MS) / HOUR_MS;
    expect(gaps(db, 'BTC', '1m')).toEqual([`0–${hours} not-served`]);
    const before = stage.exchange.requests.length;
    expect((await fill(stage, db, { intervals: ['1m'] })).notices).toEqual(notices);
    expect(asked(stage, before)).toEqual([]);
  });

  test('one that breaks off keeps its pages, and the next asks only for the rest', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] }, { limits: { candlesKept: 20_000 } });
    const db = memoryDatabase();
    const stop = new AbortController();
    const interrupted = fill(stage, db, {
      intervals: ['1m'],
      signal: stop.signal,
      onProgress: ({ what }) => what === '1m' && stop.abort(new Error('stopped')),
    });
    await expect(interrupted).rejects.toThrow('stopped');
    expect(loadCandles(db, { coin: 'BTC', interval: '1m' }).length).toBe(5_000);
    const before = stage.exchange.requests.length;
    await fill(stage, db, { intervals: ['1m'] });
    expect(asked(stage, before).filter((text) => text.startsWith('BTC 1m'))).toEqual(['BTC 1m 25–109', 'BTC 1m 0–25']);
    expect(loadCandles(db, { coin: 'BTC', interval: '1m' }).length).toBe(DAYS * 1440 + 1);
    expect(gaps(db, 'BTC', '1m')).toEqual([]);
  });

  test('fills a hole between stored candles, and goes on after the newest', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    await fill(stage, db, { fromMs: at(0), toMs: at(24) });
    await fill(stage, db, { fromMs: at(48), toMs: at(72) });
    const before = stage.exchange.requests.length;
    await fill(stage, db, { toMs: at(96) });
    expect(asked(stage, before)).toEqual(['BTC funding 72–96', 'BTC funding 24–48', 'BTC 30m 42–96', 'BTC 30m 24–48']);
    expect(gaps(db, 'BTC', '30m')).toEqual([]);
  });

  test('what changed, or came late, since the last time is found the next time', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '30m', kind: 'trade' } as const;
    const seen = stage.market.finalCandles('BTC', '30m', at(0), at(72));
    const stale = seen.map((candle, i) => (i === 100 ? { ...candle, volume: 1 } : candle)).filter((_, i) => i !== 110);
    writeCandles(db, key, stale, TEST_DELIVERY);
    await fill(stage, db, { toMs: at(96) });
    expect(revisionsOf(db, findCandleSeries(db, key)).map(({ timeMs }) => timeMs)).toEqual([at(50)]);
    expect(gaps(db, 'BTC', '30m')).toEqual([]);
    const before = stage.exchange.requests.length;
    await fill(stage, db, { toMs: at(96) });
    expect(asked(stage, before)).toEqual([]);
  });

  test('asked for all again, it finds late corrections and fills holes that nobody could explain', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC', { holes: [[1_200, 1_260]] })] });
    const db = memoryDatabase();
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '30m', kind: 'trade' } as const;
    const seen = stage.market.finalCandles('BTC', '30m', at(0), NOW_MS).slice(0, -1);
    const stale = seen.map((candle, i) => (i === 100 ? { ...candle, volume: 1 } : candle)).filter((_, i) => i !== 110);
    writeCandles(db, key, stale, { ...TEST_DELIVERY, origin: INGEST_ORIGIN });
    await fill(stage, db);
    expect(gaps(db, 'BTC', '30m')).toEqual(['20–21 unknown', '56–56.5 unknown']);
    const before = stage.exchange.requests.length;
    const { progress } = await fill(stage, db, { again: true });
    expect(asked(stage, before)).toEqual(['BTC funding 0–192', 'BTC 30m 0–192']);
    expect(revisionsOf(db, findCandleSeries(db, key)).map(({ timeMs }) => timeMs)).toEqual([at(51)]);
    expect(gaps(db, 'BTC', '30m')).toEqual(['20–21 unknown']);
    const total = DAYS * (24 + 48);
    expect(progress.at(-1)).toMatchObject({ done: total, total });
  });

  test('asks for what a file lacks', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '30m', kind: 'trade' } as const;
    const seen = stage.market.finalCandles('BTC', '30m', at(0), NOW_MS).slice(0, -1);
    writeCandles(db, key, [...seen.slice(0, 100), ...seen.slice(104)], { ...TEST_DELIVERY, origin: 'a file' });
    expect(gaps(db, 'BTC', '30m')).toEqual(['50–52 unknown']);
    await fill(stage, db);
    expect(asked(stage)).toContain('BTC 30m 50–52');
    expect(gaps(db, 'BTC', '30m')).toEqual([]);
  });

  test('of what is served no more it asks for nothing again', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    await fill(stage, db, { intervals: ['1m'] });
    const before = stage.exchange.requests.length;
    await fill(stage, db, { intervals: ['1m'], again: true });
    expect(asked(stage, before)).toEqual(['BTC funding 0–192', 'BTC 1m 109–192']);
  });

  test('writes nothing over what somebody else stored while it asked', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC')] });
    const db = memoryDatabase();
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '30m', kind: 'trade' } as const;
    const [first, second] = stage.market.finalCandles('BTC', '30m', at(0), at(1));
    if (first === undefined || second === undefined) throw new Error('the market has no candles');
    writeCandles(db, key, [{ ...first, volume: 1 }], TEST_DELIVERY);
    const newer = [first, second].map((candle) => ({ ...candle, volume: 7 }));
    // Between the question and the answer to it, as another process would.
    const asking = stage.info.candlePages.bind(stage.info);
    stage.info.candlePages = async function* (...request) {
      for await (const page of asking(...request)) {
        writeCandles(db, key, newer, TEST_DELIVERY);
        yield page;
      }
    };
    await fill(stage, db, { toMs: at(2), again: true });
    const { volume } = loadCandles(db, { coin: 'BTC', interval: '30m' });
    expect([...volume].slice(0, 2)).toEqual([7, 7]);
    const revised = revisionsOf(db, findCandleSeries(db, key));
    expect(revised.map(({ timeMs, before, after }) => [timeMs, before[4], after[4]])).toEqual([[at(0), 1, 7]]);
    // Asked once more, with nobody in between, the exchange's word counts.
    stage.info.candlePages = asking;
    await fill(stage, db, { toMs: at(2), again: true });
    expect(revisionsOf(db, findCandleSeries(db, key))).toHaveLength(3);
  });

  test('a stop of the venue is missing from all coins, an unknown hole from one', async () => {
    const stop: [number, number] = [600, 720];
    const stage = await setStage(NOW_MS, {
      coins: [coin('BTC', { holes: [stop, [1_200, 1_260]] }), coin('ETH', { holes: [stop] })],
    });
    const db = memoryDatabase();
    await fill(stage, db, { coins: ['BTC', 'ETH'] });
    expect(gaps(db, 'BTC', '30m')).toEqual(['10–12 venue-stop', '20–21 unknown']);
    expect(gaps(db, 'ETH', '30m')).toEqual(['10–12 venue-stop']);
    const before = stage.exchange.requests.length;
    await fill(stage, db, { coins: ['BTC', 'ETH'] });
    expect(asked(stage, before)).toEqual([]);
  });

  test('before its listing there is nothing of a coin, and it is said when that was', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC', { from: at(30) + 20 * MINUTE_MS })] });
    const db = memoryDatabase();
    const { notices } = await fill(stage, db, { intervals: ['30m', '1h'] });
    expect(notices).toEqual([{ kind: 'listed', coin: 'BTC', listedMs: at(30) }]);
    expect(gaps(db, 'BTC', '30m')).toEqual(['0–30 before-listing']);
    expect(loadFunding(db, 'BTC').timesMs[0]).toBe(at(31));
    const before = stage.exchange.requests.length;
    await fill(stage, db, { intervals: ['30m', '1h'] });
    expect(asked(stage, before)).toEqual([]);
  });

  test('of a delisted coin it stores what there is and says since when', async () => {
    const delisted = { ...coin('MATIC', { to: at(50) }), instrument: instrumentOf('MATIC', true) };
    const stage = await setStage(NOW_MS, { coins: [coin('BTC'), delisted] });
    const db = memoryDatabase();
    const { notices } = await fill(stage, db, { coins: ['MATIC'] });
    expect(notices).toEqual([{ kind: 'delisted', coin: 'MATIC', sinceMs: at(50) }]);
    const { firstOpenMs, length } = loadCandles(db, { coin: 'MATIC', interval: '30m' });
    expect([firstOpenMs, length]).toEqual([at(0), 100]);
  });

  test('of a coin that the exchange does not know it names the nearest, and nothing is written', async () => {
    const stage = await setStage(NOW_MS, { coins: [coin('BTC'), coin('ETH')] });
    const db = memoryDatabase();
    await expect(fill(stage, db, { coins: ['ETH', 'BTX'] })).rejects.toMatchObject({
      message: "the exchange has no perpetual 'BTX'",
      hint: 'Did you mean BTC or ETH?',
    });
    expect(db.prepare('SELECT count(*) FROM instruments').pluck().get()).toBe(0);
  });

  test('equals the source under faults, and never asks for more than the weight', async () => {
    const stage = await setStage(
      NOW_MS,
      { coins: [coin('BTC', { holes: [[700, 760]] }), coin('ETH', { holes: [[700, 760]] })] },
      { faults: { seed: 5, chances: { busy: 0.05, failure: 0.1, slow: 0.1, reset: 0.05 } } },
    );
    const db = memoryDatabase();
    await fill(stage, db, { coins: ['BTC', 'ETH'], intervals: ['1m', '5m', '30m'], fromMs: at(120) });
    for (const name of ['BTC', 'ETH']) {
      for (const interval of ['1m', '5m', '30m'] as const) {
        const stored = loadCandles(db, { coin: name, interval });
        const source = stage.market.finalCandles(name, interval, at(120), NOW_MS);
        expect(stored.length).toBe(source.length - 1);
        source.slice(0, -1).forEach(({ openTimeMs, open, volume }, row) => {
          expect([openTimeAt(stored, row), stored.open[row], stored.volume[row]]).toEqual([openTimeMs, open, volume]);
        });
      }
    }
    expect(stage.exchange.requests.filter(({ status, fault }) => status === 429 && fault !== 'busy')).toEqual([]);
    expect(stage.exchange.faults.counts).toMatchObject({ failure: expect.any(Number), reset: expect.any(Number) });
  });
});

import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { walkedCoin } from '../../test/simulated-exchange.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import type { Logger } from '../config/log.ts';
import { systemTimer } from '../domain/clock.ts';
import { DataError } from '../domain/errors.ts';
import { type Interval, MINUTE_MS } from '../domain/time.ts';
import { loadCandles } from '../market/candle-store.ts';
import { openDatabase } from '../market/database.ts';
import type { FollowEvent } from '../market/ingest/contract.ts';
import { planFollow } from '../market/ingest/plan.ts';
import { SimulatedExchange } from '../simulator/exchange.ts';
import { PlayedMarket } from '../simulator/played-market.ts';
import { ScaledClock } from '../simulator/scaled-clock.ts';
import { VirtualClock } from '../simulator/virtual-clock.ts';
import type { Context } from './context.ts';
import { run } from './ingest.ts';
import { FollowDiary, showPlan } from './ingest-follow.ts';
import { Output } from './output.ts';

/** A log that is kept. */
function keptLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Logger;
  return { log, lines };
}

describe('the plan of what is followed', () => {
  const shown = (coins: number, traded: number, intervals: readonly Interval[], weightPerMinute: number): string => {
    const names = Array.from({ length: coins }, (_, i) => `COIN${i}`);
    let text = '';
    const out = new Output({ write: (line: string) => (text += line) }, { write: () => {} });
    showPlan(planFollow({ coins: names, traded: names.slice(0, traded), intervals, weightPerMinute }), out);
    return text;
  };

  it('names those whose closes are awaited, the others with their delay, and what all that weighs', () => {
    expect(shown(50, 2, ['1m', '5m', '30m', '1h'], 1_200)).toMatch(
      new RegExp(
        '^following 50 coins on 1m, 5m, 30m, 1h\\n' +
          ' {2}within 2 s of each close: COIN0, COIN1\\n' +
          ' {2}within \\d+.min: COIN2, COIN3, .*, COIN7 and 42 more\\n' +
          ' {2}weight a minute, of 1,200: closes 53 \\(at most 168\\), others \\d+, funding 18\\n\\n$',
      ),
    );
  });

  it('counts short delays in seconds', () => {
    expect(shown(2, 1, ['1m'], 600)).toContain('\n  within 8 s: COIN1\n');
  });

  it('fits 80 columns', () => {
    for (const text of [shown(50, 0, ['1m', '1h'], 1_200), shown(9, 9, ['1m'], 1_000)]) {
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }
  });
});

describe('what is said while following', () => {
  const subject = { coin: 'BTC', what: '1m' } as const;
  const stored = (coin: string, added: number, delayMs: number, revised = 0): FollowEvent => {
    return { kind: 'stored', coin, what: '1m', added, revised, upToMs: 0, delayMs };
  };

  it('is one calm line a minute', async () => {
    const { log, lines } = keptLog();
    const clock = new VirtualClock(0);
    const diary = new FollowDiary({ traded: ['BTC', 'ETH'] }, log, clock);
    const stop = new AbortController();
    const speaking = diary.speak(stop.signal);
    for (const event of [stored('BTC', 1, 1_200), stored('ETH', 1, 1_450), stored('SOL', 1, 190_000)])
      diary.note(event);
    await wake(clock);
    diary.note(stored('BTC', 12, 720_000, 1));
    await wake(clock);
    await wake(clock);
    stop.abort();
    await speaking;
    expect(lines).toEqual([
      'info: 3 rows of BTC, ETH, SOL stored, 1.5\u202fs after the close',
      'info: 12 rows of BTC stored, 1 revised (both versions are kept)',
    ]);
    expect(diary.total).toEqual({ added: 15, revised: 1 });
  });

  it.each<[FollowEvent, string]>([
    [{ kind: 'connected' }, 'info: the stream is open'],
    [
      { kind: 'lost', reason: 'silent' },
      'warn: the stream was silent; it is opened again, and what was missed is fetched',
    ],
    [{ kind: 'skew', skewMs: -120 }, "info: the exchange's clock is 120 ms behind this machine's"],
    [{ kind: 'skew', skewMs: 4_000 }, "warn: the exchange's clock is 4,000 ms ahead of this machine's"],
    [
      {
        kind: 'failed',
        ...subject,
        error: new DataError('no JSON', { details: ['c: x'] }),
        failures: 1,
        againInMs: 2_000,
      },
      'warn: BTC 1m could not be fetched: no JSON, c: x; again in 2.0\u202fs',
    ],
    [
      { kind: 'failed', ...subject, error: new Error('HTTP 500'), failures: 3, againInMs: 2_000 },
      'debug: BTC 1m could not be fetched: HTTP 500; again in 2.0\u202fs',
    ],
    [{ kind: 'recovered', ...subject, failures: 3 }, 'info: BTC 1m is fetched again, after 3 failures'],
    [{ kind: 'delisted', coin: 'OLD' }, 'warn: OLD is traded no more, and is followed no longer'],
    [
      { kind: 'trouble', what: 'clock', error: new Error('HTTP 500') },
      "warn: the exchange's clock could not be read: HTTP 500",
    ],
    [
      { kind: 'absent', ...subject, expectedMs: 0, againInMs: 5_000 },
      'debug: BTC 1m: nothing yet of 1970-01-01T00:00Z; asked again in 5.0\u202fs',
    ],
  ])('of %j is a line of its own', (event, line) => {
    const { log, lines } = keptLog();
    new FollowDiary({ traded: [] }, log, systemTimer).tell(event);
    expect(lines).toEqual([line]);
  });
});

/** To the next moment at which somebody wakes, and what they do then. */
async function wake(clock: VirtualClock): Promise<void> {
  clock.wakeNext();
  await new Promise((resolve) => setImmediate(resolve));
}

describe('candor ingest --follow, a minute in a second', () => {
  const SPEED = 60;
  const MINUTES = 5;

  it('records every candle that closes, and says so once a minute, even if a proxy answered at first', () =>
    inTemporaryFolder({}, async (folder) => {
      const startMs = Date.UTC(2026, 0, 3, 10, 57, 30);
      const clock = new ScaledClock({ startMs, originMs: systemTimer.nowMs(), speed: SPEED });
      const market = new PlayedMarket({
        coins: ['BTC', 'ETH'].map((coin) => walkedCoin(coin, { startMs: Date.UTC(2026, 0, 1), days: 4, seed: 3 })),
      });
      const exchange = await SimulatedExchange.start({ clock, market });
      onTestFinished(() => exchange.stop());
      exchange.faults.next('web-page', 2);
      const { log, lines } = keptLog();
      const stop = new AbortController();
      let text = '';
      const context = {
        config: { ...DEFAULT_CONFIG, exchange: { apiUrl: exchange.url } },
        databasePath: join(folder, 'candor.sqlite'),
        workingDirectory: folder,
        out: new Output({ write: (line: string) => (text += line) }, { write: () => {} }),
        signal: stop.signal,
        ...{ clock, log },
      } as unknown as Context;
      const ended = run({ coins: 'BTC,ETH', intervals: '1m,5m', since: '2h', follow: true }, context);
      await clock.sleep(MINUTES * MINUTE_MS);
      stop.abort();
      expect(await ended).toBe(0);
      expect(text).toMatch(/^stopped after \d min: \d+ rows recorded, 0 revised$/m);
      expect(lines.filter((line) => line.startsWith('warn: the exchange cannot be reached'))).toHaveLength(2);
      expect(lines).toContain('info: the stream is open');
      expect(lines.filter((line) => /^info: \d+ rows of BTC, ETH stored/.test(line)).length).toBeGreaterThan(1);

      const db = openDatabase(join(folder, 'candor.sqlite'));
      for (const coin of ['BTC', 'ETH']) {
        const columns = loadCandles(db, { coin, interval: '1m' });
        const endMs = columns.firstOpenMs + columns.length * MINUTE_MS;
        expect(endMs).toBeGreaterThan(startMs + (MINUTES - 2) * MINUTE_MS);
        const played = market.finalCandles(coin, '1m', columns.firstOpenMs, endMs);
        expect([...columns.high]).toEqual(played.map(({ high }) => high));
        expect([...columns.volume]).toEqual(played.map(({ volume }) => volume));
      }
      db.close();
    }));
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCandor, startCandor } from '../../test/run-candor.ts';
import { walkedCoin } from '../../test/simulated-exchange.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { systemClock, systemTimer } from '../domain/clock.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS, MINUTE_MS } from '../domain/time.ts';
import { loadCandles } from '../market/candle-store.ts';
import { integrityProblems, openDatabase } from '../market/database.ts';
import { claimIngestion } from '../market/ingest/claim.ts';
import { summarizeSeries } from '../market/series-summary.ts';
import { SimulatedExchange } from '../simulator/exchange.ts';
import type { ExchangeLimits } from '../simulator/limits.ts';
import { PlayedMarket } from '../simulator/played-market.ts';
import { seriesName } from './database.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'bin/candor.js');
const KILLS = 12;
const DATABASE = 'data/candor.sqlite';
const DAYS = 3;

interface Stage {
  readonly exchange: SimulatedExchange;
  readonly market: PlayedMarket;
  readonly folder: string;
}

/** An exchange on loopback that has been trading for three days, by the clock of this machine, and a project. */
function onStage(body: (stage: Stage) => Promise<void>, limits: Partial<ExchangeLimits> = {}): Promise<void> {
  return inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
    const startMs = Math.floor(systemClock.nowMs() / DAY_MS) * DAY_MS - DAYS * DAY_MS;
    const walk = { startMs, days: DAYS + 2, seed: 11, emptyShare: 0.1 };
    const gone = walkedCoin('GONE', { ...walk, days: 2 });
    const market = new PlayedMarket({
      coins: [
        ...['BTC', 'ETH'].map((coin) => walkedCoin(coin, walk)),
        { ...gone, instrument: { ...gone.instrument, isDelisted: true } },
      ],
    });
    const exchange = await SimulatedExchange.start({ clock: systemTimer, market, limits });
    onTestFinished(() => exchange.stop());
    mkdirSync(join(folder, 'config'));
    const config = `exchange: { apiUrl: "${exchange.url}" }\ningest: { coins: [BTC, ETH], intervals: [1m, 1h] }\n`;
    writeFileSync(join(folder, 'config/candor.yaml'), config);
    await body({ exchange, market, folder });
  });
}

/** As many requests as anybody likes: what is tested is not the wait for the weight. */
const QUICK = { weightPerMinute: 1e9 };

/** A folder for temporary files of its own, so that no other run counts against the weight of this one. */
function alone(folder: string, name: string): { readonly TMPDIR: string } {
  const own = join(folder, name);
  mkdirSync(own);
  return { TMPDIR: own };
}

/** Series → rows, after a look at the file. */
function stored(folder: string): Record<string, number> {
  const db = openDatabase(join(folder, DATABASE));
  try {
    expect(integrityProblems(db)).toEqual([]);
    return Object.fromEntries(summarizeSeries(db).map((series) => [seriesName(series), series.rows]));
  } finally {
    db.close();
  }
}

/** The database holds what the exchange had, candle for candle, up to the newest one. */
function expectWhole({ folder, market }: Stage, coins: readonly string[]): void {
  const db = openDatabase(join(folder, DATABASE));
  try {
    for (const coin of coins) {
      const columns = loadCandles(db, { coin, interval: '1m' });
      const endMs = columns.firstOpenMs + columns.length * MINUTE_MS;
      const played = market.finalCandles(coin, '1m', 0, endMs);
      expect(columns.length).toBe(played.length);
      expect([...columns.close]).toEqual(played.map(({ close }) => close));
      expect([...columns.volume]).toEqual(played.map(({ volume }) => volume));
    }
  } finally {
    db.close();
  }
}

describe('candor ingest', () => {
  it('fetches what the exchange has, says how far that reaches, and has nothing to do the second time', () =>
    onStage(async (stage) => {
      const { folder, market } = stage;
      const first = await runCandor(['ingest', '--since', '5d', '--weight', '1200'], folder);
      expect(first.exitCode).toBe(0);
      for (const line of first.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(first.stdout).toMatch(/^coin +series +new +revised +from +to$/m);
      expect(first.stdout).toMatch(/^BTC +funding +\d+ +0 /m);
      expect(first.stdout).toMatch(/^BTC was listed on \d{4}-\d{2}-\d{2}: there is nothing older\.$/m);
      expect(first.stdout).toMatch(/^[\d,]+ new rows in data\/candor\.sqlite$/m);
      expectWhole(stage, ['BTC', 'ETH']);
      expect(stored(folder)['hyperliquid BTC 1h']).toBeGreaterThanOrEqual(DAYS * 24);
      expect(market.isListed('BTC')).toBe(true);

      const again = await runCandor(['ingest', '--since', '5d', '--json', '--intervals', '1h'], folder);
      const { series, notices } = JSON.parse(again.stdout) as { series: { added: number }[]; notices: unknown[] };
      expect(series.map(({ added }) => added)).toEqual([0, 0, 0, 0]);
      expect(notices).toContainEqual(expect.objectContaining({ kind: 'listed', coin: 'BTC' }));
    }));

  it('says how far back an interval is served, and since when a coin is traded no more', () =>
    onStage(
      async ({ folder }) => {
        const args = ['ingest', '--coins', 'BTC,ETH,GONE', '--intervals', '1m', '--since', '2d', '--weight', '1200'];
        const { stdout, exitCode } = await runCandor(args, folder);
        expect(exitCode).toBe(0);
        expect(stdout).toMatch(/^The exchange serves 1m of BTC, ETH back to \d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/m);
        expect(stdout).toMatch(/^GONE is traded no more: its last candle closed at \d{4}-\d{2}-\d{2}T00:00Z\.$/m);
        const status = await runCandor(['data', 'status'], folder);
        expect(status.stdout).toMatch(/^GONE +1m .* delisted$/m);
        const check = await runCandor(['data', 'check'], folder);
        expect(check.stdout).toMatch(/^hyperliquid BTC 1m: whole from its first row on\n.*\(\d,\d{3} missing\)/m);
      },
      { candlesKept: 600 },
    ));

  it.each([
    [['--coins', 'BTCC'], 2, "the exchange has no perpetual 'BTCC'", 'Did you mean BTC'],
    [['--intervals', '1m,1hr'], 2, "unknown interval '1hr'", 'Did you mean 1h'],
    [['--since', '3 weeks'], 2, "'3 weeks' is not a date", '2025-07-26'],
    [['--since', '2999-01-01'], 2, '--since 2999-01-01 is in the future', '90d'],
    [['--coins', 'BTC,'], 2, "--coins 'BTC,' has an empty place", 'BTC,ETH'],
    [['--since', 'soon'], 2, '--since soon is neither a length of time nor a date', '90d'],
    [['--traded', 'BTC'], 2, '--traded is for --follow', 'Add --follow'],
    [['--weight', '5000'], 2, 'not a whole number from 120 to 1200', '--help'],
    [['--follow', '--traded', 'A,B,C,D,E,F,G,H,I', '--weight', '120'], 2, 'cannot be followed', 'fit'],
  ])('refuses %j with what to do', (args, status, problem, hint) =>
    onStage(async ({ folder }) => {
      const { exitCode, stderr, stdout } = await runCandor(['ingest', ...args], folder);
      expect({ exitCode, stdout }).toEqual({ exitCode: status, stdout: '' });
      expect(stderr).toContain(problem);
      expect(stderr).toContain(hint);
      if (existsSync(join(folder, DATABASE))) expect(stored(folder)).toEqual({});
    }),
  );

  it('is refused while another one is at work on the same database, unless it only reads again', () =>
    onStage(async ({ folder }) => {
      const db = openDatabase(join(folder, DATABASE));
      const claim = claimIngestion(db, systemClock);
      try {
        const { exitCode, stderr } = await runCandor(['ingest', '--since', '1d'], folder);
        expect(exitCode).toBe(1);
        expect(stderr).toContain(`another ingester is at work on`);
        expect(stderr).toContain(`process ${process.pid}`);
        const beside = await runCandor(['ingest', '--again', '--since', '1d', '--coins', 'BTC'], folder);
        expect(beside).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/new rows in /) });
      } finally {
        claim.release();
        db.close();
      }
    }));

  it.each([
    ['web-page', 'something in between answered'],
    ['wrong-shape', "the exchange's answer to "],
  ] as const)('ends where the answer is a %s, and says so', (fault, words) =>
    onStage(async ({ exchange, folder }) => {
      exchange.faults.next(fault, 20, 'candleSnapshot');
      const { exitCode, stderr } = await runCandor(['ingest', '--coins', 'BTC', '--since', '1d'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(words);
      const { stdout } = await runCandor(['ingest', '--coins', 'BTC', '--since', '1d', '--json'], folder);
      expect(stdout).toBe('');
    }, QUICK),
  );

  it('refuses a database of a newer version, and leaves it as it is', () =>
    onStage(async ({ folder }) => {
      const db = openDatabase(join(folder, DATABASE));
      db.pragma('user_version = 99');
      db.close();
      const before = statSync(join(folder, DATABASE)).mtimeMs;
      const { exitCode, stderr } = await runCandor(['ingest', '--since', '1d'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('was written by a newer Candor');
      expect(statSync(join(folder, DATABASE)).mtimeMs).toBe(before);
    }));

  it('killed at any moment loses and doubles nothing, and the next run goes on', () =>
    onStage(async (stage) => {
      const { folder } = stage;
      const prng = new Prng(7);
      const rows: number[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const { child, ended } = startCandor(['ingest', '--since', '5d'], folder, alone(folder, `kill${kill}`));
        await pause(300 + prng.below(1_200));
        child.kill('SIGKILL');
        await ended;
        if (existsSync(join(folder, DATABASE))) rows.push(Object.values(stored(folder)).reduce((a, b) => a + b, 0));
      }
      expect(rows).toEqual(rows.toSorted((a, b) => a - b));
      const last = await runCandor(['ingest', '--since', '5d'], folder, alone(folder, 'last'));
      expect(last.exitCode).toBe(0);
      expectWhole(stage, ['BTC', 'ETH']);
    }, QUICK));

  it('stopped by Ctrl-C while it fetches ends with 130, and nothing is half done', () =>
    onStage(async (stage) => {
      const { exchange, folder } = stage;
      exchange.faults.next('slow', 1, 'candleSnapshot');
      const { child, ended } = startCandor(['ingest', '--coins', 'BTC', '--since', '5d'], folder, alone(folder, 'a'));
      await until(() => exchange.faults.count('slow') === 1);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('stopped: ') });
      await runCandor(['ingest', '--coins', 'BTC', '--since', '5d'], folder, alone(folder, 'b'));
      expectWhole(stage, ['BTC']);
    }, QUICK));

  // `ulimit -f` lets no file grow beyond so many blocks: writing fails in the middle, as on a full disk.
  it('keeps what was stored where the disk is full, and goes on when there is room', () =>
    onStage(async (stage) => {
      const { folder } = stage;
      const args = ['ingest', '--coins', 'BTC', '--since', '5d'];
      const [node, env] = [join(ROOT, 'node_modules/.bin/node'), { ...process.env, ...alone(folder, 'small') }];
      const child = spawn('sh', ['-c', 'ulimit -f 700; exec "$0" "$@"', node, MAIN, ...args], { cwd: folder, env });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const [exitCode] = await once(child, 'close');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/there is no space left to write|could not be read or written/);
      expect(stderr).toContain('what was stored before');
      expect(stored(folder)['hyperliquid BTC funding']).toBeGreaterThan(0);
      expect(await runCandor(args, folder, alone(folder, 'large'))).toMatchObject({ exitCode: 0 });
      expectWhole(stage, ['BTC']);
    }, QUICK));
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

describe('candor ingest --follow', () => {
  it('shows its plan with its weight, follows, and ends with Ctrl-C and status 0', () =>
    onStage(async ({ exchange, folder }) => {
      const { child, ended } = startCandor(['ingest', '--since', '1h', '--follow'], folder, alone(folder, 'a'));
      await until(() => exchange.connections === 1);
      child.kill('SIGINT');
      const { exitCode, stdout, stderr } = await ended;
      expect(exitCode).toBe(0);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(stdout).toContain('following 2 coins on 1m, 1h\n  within 2 s of each close: BTC, ETH\n');
      expect(stdout).toMatch(/^ {2}weight a minute, of 600: closes 43 \(at most 84\), funding 0\.7$/m);
      expect(stdout).toMatch(/^stopped after \d+\.\d s: \d+ rows? recorded, 0 revised$/m);
      expect(stderr).not.toContain('error');
    }, QUICK));

  it('asks the exchange for coins that only --traded names, too', () =>
    onStage(async ({ folder }) => {
      const args = ['ingest', '--follow', '--coins', 'BTC', '--traded', 'ETHH', '--since', '1h'];
      const { exitCode, stderr } = await runCandor(args, folder);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("the exchange has no perpetual 'ETHH'");
      expect(stderr).toContain('Did you mean ETH');
    }, QUICK));

  it('prints events as lines of JSON', () =>
    onStage(async ({ exchange, folder }) => {
      const args = ['ingest', '--coins', 'BTC', '--since', '1h', '--follow', '--json'];
      const { child, ended } = startCandor(args, folder, alone(folder, 'a'));
      await until(() => exchange.connections === 1);
      child.kill('SIGTERM');
      const { exitCode, stdout } = await ended;
      expect(exitCode).toBe(0);
      const kinds = stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind);
      expect(kinds.slice(0, 2)).toEqual(['fetched', 'started']);
      expect(kinds.at(-1)).toBe('stopped');
    }, QUICK));
});

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixtureReport } from '../../test/report-fixture.ts';
import { type Ended, runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { writeCandles } from '../market/candle-store.ts';
import { openDatabase } from '../market/database.ts';
import { candlesAt, TEST_DELIVERY } from '../market/testing.ts';
import { nameOf } from '../report/name.ts';

const { report } = fixtureReport();
const STUDY = report.study.name;
/** What is said of the fixture's market, and nothing else. */
const INVENTED = 'SYNTHETIC MARKET, made up: these numbers say nothing about a real one\n';

type Run = (...args: string[]) => Promise<Ended>;

/** A project with 30 candles of BTC and a report. */
function inProject(body: (run: Run, folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({ 'strategies/.keep': '', 'data/.keep': '' }, async (folder) => {
    const db = openDatabase(join(folder, 'data/candor.sqlite'));
    const series = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
    writeCandles(db, series, candlesAt(Array.from({ length: 30 }, (_, i) => i)), TEST_DELIVERY);
    db.close();
    mkdirSync(join(folder, 'backtests/results'), { recursive: true });
    writeFileSync(join(folder, 'backtests/results', `${nameOf(report)}.json`), JSON.stringify(report));
    await body((...args) => runCandor(args, folder), folder);
  });
}

describe.concurrent('candor frame', () => {
  it('shows the first candles, within 80 columns, and says how many there are', () =>
    inProject(async (run) => {
      const { stdout, stderr, exitCode } = await run('frame', 'candles', '--top', '2');
      expect(stdout).toBe(
        'time               open  high  low  close  volume\n' +
          '2025-01-01T00:00Z   100   102   99    101      10\n' +
          '2025-01-01T01:00Z   101   103  100    102      11\n',
      );
      expect(stderr).toBe('2 of 30 rows: --top shows more, --csv FILE has all\n');
      expect(exitCode).toBe(0);
    }));

  it('groups, filters and sorts trades, without a word of the libraries beneath', () =>
    inProject(async (run) => {
      const grouped = await run('frame', 'trades', '--study', STUDY, '--by', 'coin,month', '--sort', 'trades');
      expect(grouped).toMatchObject({ exitCode: 0, stderr: INVENTED });
      const [title, ...lines] = grouped.stdout.trimEnd().split('\n');
      expect(title).toMatch(/^coin {2}month +trades +winRate +expectancyR +netPnlUsd +feesUsd +fundingUsd$/);
      const counts = lines.map((line) => Number(line.split(/ {2,}/)[2]));
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
      expect(counts.length).toBeGreaterThan(6);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);

      const best = [
        '--where',
        'coin=BTC',
        '--where',
        'rMultiple>1',
        '--sort',
        'rMultiple',
        '--ascending',
        '--top',
        '9',
      ];
      const rows = await run('frame', 'trades', '--study', STUDY, ...best);
      for (const line of rows.stdout.trimEnd().split('\n').slice(1)) expect(line).toMatch(/ BTC .* \+[1-9]\.\d\d R /);
      const none = await run('frame', 'trades', '--study', STUDY, '--where', 'rMultiple>1000');
      expect(none).toMatchObject({ exitCode: 0, stdout: 'No trade meets rMultiple>1000.\n', stderr: INVENTED });
    }));

  it('writes CSV and JSON with every row and every column', () =>
    inProject(async (run, folder) => {
      const { stderr } = await run('frame', 'candles', '--csv', 'mine.csv');
      expect(stderr).toBe('30 rows in mine.csv\n');
      const text = readFileSync(join(folder, 'mine.csv'), 'utf8');
      expect(text.split('\n')[1]).toBe('2025-01-01T00:00Z,100,102,99,101,10,BTC,2025-01,Wed,0');
      const piped = await run('frame', 'candles', '--csv', '-');
      expect(piped).toMatchObject({ stdout: text, stderr: '' });
      const columns = ['--columns', 'close,time', '--top', '1'];
      expect((await run('frame', 'candles', '--csv', '-', ...columns)).stdout).toBe(
        'close,time\n101,2025-01-01T00:00Z\n',
      );
      const { candles, rows } = JSON.parse((await run('frame', 'candles', '--by', 'weekday', '--json')).stdout);
      expect(candles).toBe(30);
      expect(rows).toMatchObject([
        { weekday: 'Wed', candles: 24 },
        { weekday: 'Thu', candles: 6 },
      ]);
    }));

  it.each([
    [['candles', '--coin', 'BTV'], 'Did you mean BTC?'],
    [['candles', '--interval', '1g'], "unknown interval '1g'"],
    [['candles', '--by', 'mnth'], 'Did you mean month?'],
    [['candles', '--columns', 'clsoe'], 'Did you mean close?'],
    [['candles', '--columns', 'clsoe', '--json'], 'Did you mean close?'],
    [['candles', '--sort', 'volme'], 'Did you mean volume?'],
    [['candles', '--json', '--csv', '-'], '--json and --csv do not go together'],
    [['trades', '--study', `${STUDY}s`], `Did you mean ${STUDY}?`],
    [['trades', '--study', 'gone.json'], 'gone.json is not there'],
    [['sweep', '--sweep', 'mine'], "no sweep 'mine' is stored"],
  ])('refuses %j, and says what to do', (args, message) =>
    inProject(async (run) => {
      const { exitCode, stdout, stderr } = await run('frame', ...args);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('fault in Candor');
      expect(stdout).toBe('');
      expect(exitCode).not.toBe(0);
    }),
  );
});

describe('danfojs', () => {
  /** Says at the end of a process whether it was loaded. */
  const WATCH = `
    import { Module } from 'node:module';
    process.on('exit', () => {
      const loaded = Object.keys(Module._cache).some((path) => /danfojs|tensorflow/.test(path));
      process.stderr.write(loaded ? '<danfojs loaded>' : '<danfojs not loaded>');
    });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCH)}` };

  it.each([
    [['frame', 'candles'], '<danfojs loaded>'],
    [['--help'], '<danfojs not loaded>'],
    [['frame', '--help'], '<danfojs not loaded>'],
    [['data', 'status'], '<danfojs not loaded>'],
    [['trials'], '<danfojs not loaded>'],
    [['study', '--help'], '<danfojs not loaded>'],
    [['sweep', 'absent', '--show'], '<danfojs not loaded>'],
  ])('of candor %j: %s', (args, said) =>
    inProject(async (_, folder) => {
      expect((await runCandor(args, folder, env)).stderr).toContain(said);
    }),
  );

  it('is asked for by one module, and that by one command', () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const askers = (for_: RegExp): string[] =>
      globSync(['src/**/*.ts', 'strategies/*.ts'], { cwd: root })
        .filter((path) => !path.endsWith('.test.ts'))
        .filter((path) => for_.test(readFileSync(join(root, path), 'utf8')))
        .sort();
    expect(askers(/['"]danfojs-node['"]/)).toEqual(['src/research.ts']);
    expect(askers(/(?<!import type .*)from '[./]*research\.ts'/)).toEqual([]);
    expect(askers(/import\('[./]*research\.ts'\)/)).toEqual(['src/cli/frame.ts']);
  });
});

import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { readTrials } from '../evidence/trial-ledger.ts';
import { countTrials } from '../evidence/trials.ts';
import { openDatabase } from '../market/database.ts';
import { listSeries } from '../market/series-store.ts';
import { listSweeps } from '../market/sweep-store.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Nobody listens there, so the exchange is out of reach at once. */
const NO_EXCHANGE = 'exchange: { apiUrl: "http://127.0.0.1:9" }\n';

const SWEEP = `
coins: [BTC, ETH]
intervals: [1h, 2h]
span: { days: 30 }
strategies:
  - { name: breakout-volume, params: { lookback: [10, 20], surge: [1, 1.5] } }
  - ema-cross
cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5 }
grid: { stop: [1 %, 2 %, 2 atr], target: [1, 2] }
`;
/** (4 sets + 9 sets) × 6 cells × 2 coins × 2 intervals */
const COMBINATIONS = (4 + 9) * 6 * 2 * 2;

/** Keeps more of every candle than any machine has room for. */
const HOARDS = `
import { defineStrategy, scan } from 'candor';
const kept: object[] = [];
const hoard = (row: number) => {
  kept.push(Array.from({ length: 1_000_000 }, (_, i) => ({ i })));
  return { state: row + 1, value: 0 };
};
export default defineStrategy({
  name: 'hoards',
  thesis: 'continuation',
  summary: 'Never forgets.',
  params: {},
  long: ({ close }) => ({ never: scan({ initial: 0, inputs: { close }, step: hoard }).gt(0) }),
});
`;

/** A project of its own: sweeps there are no trials of this one. */
function inProject(sweep: string, body: (folder: string) => Promise<void>): Promise<void> {
  const files = { 'backtests/sweeps/small.yaml': sweep, 'config/candor.yaml': NO_EXCHANGE, 'strategies/.keep': '' };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    for (const path of globSync(['strategies/*.ts', 'test/canaries/*.ts'], { cwd: ROOT })) {
      copyFileSync(join(ROOT, path), join(folder, 'strategies', path.split('/').at(-1) as string));
    }
    await body(folder);
  });
}

interface Shown {
  readonly resultHash: string;
  readonly identity: string;
  readonly ranking: { readonly matching: number };
  readonly combinations: readonly {
    readonly combination: number;
    readonly metrics: Readonly<Record<string, number | null>>;
  }[];
}

async function jsonOf(folder: string, ...args: string[]): Promise<Shown> {
  const { stdout, stderr } = await runCandor(['sweep', 'small', '--json', ...args], folder);
  try {
    return JSON.parse(stdout) as Shown;
  } catch {
    throw new Error(`no JSON: ${stdout}${stderr}`);
  }
}

function inDatabaseOf<T>(folder: string, list: (db: ReturnType<typeof openDatabase>) => T): T {
  const db = openDatabase(join(folder, 'data/candor.sqlite'), { readonly: true });
  try {
    return list(db);
  } finally {
    db.close();
  }
}

const sweepsIn = (folder: string): ReturnType<typeof listSweeps> => inDatabaseOf(folder, listSweeps);
const listedSeries = (folder: string): ReturnType<typeof listSeries> =>
  inDatabaseOf(folder, listSeries).filter(({ kind }) => kind === 'trade');

const ledgerOf = (folder: string): ReturnType<typeof readTrials> => readTrials(join(folder, 'backtests/trials.jsonl'));

describe('candor sweep', () => {
  it('tries everything on a synthetic market where there is nothing else, says so, and puts it on record', () =>
    inProject(SWEEP, async (folder) => {
      const { stdout, stderr, exitCode } = await runCandor(['sweep', 'small', '--where', 'trades>=5'], folder);
      expect(stderr).toBe(
        'The exchange cannot be reached and no candles are stored, so this runs on a synthetic market.\n',
      );
      expect(exitCode).toBe(0);
      expect(stdout).toContain('SYNTHETIC MARKET, made up: small: BTC, ETH on 1h, 2h');
      expect(stdout).toMatch(new RegExp(`^${COMBINATIONS} combinations, \\d+ of them with trades>=5$`, 'm'));
      expect(stdout).toMatch(/^candles +params +rules +a trade +trades +net +fall$/m);
      expect(stdout).toMatch(/^(BTC|ETH) [12]h/m);
      expect(stdout).toMatch(/^Of the (\d+) with 5 trades or more, the middle one has .+\.\nThe best of \1 is lucky/m);
      expect(stdout).toContain('The reference engine agrees on the 10 best, and on 4 drawn at random.');
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
      const [page, data] = ['html', 'json'].map(
        (ending) => globSync(`backtests/results/*.${ending}`, { cwd: folder })[0],
      );
      expect(stdout).toContain(`report   ${page}\nas data  ${data}\n`);
      expect(readFileSync(join(folder, page as string), 'utf8')).toMatch(/invented prices/);
      const { trials, state } = ledgerOf(folder);
      expect(state.intact).toBe(true);
      expect(trials).toMatchObject([{ kind: 'sweep', sweep: 'small', combinations: COMBINATIONS, isSynthetic: true }]);
      expect(sweepsIn(folder)).toMatchObject([{ name: 'small', done: COMBINATIONS, provenMs: expect.any(Number) }]);

      const again = await runCandor(['sweep', 'small', '--show', '--where', 'trades>=5'], folder);
      const table = (text: string): string => text.slice(text.indexOf('candles  '), text.indexOf('The best of'));
      expect(table(again.stdout)).toBe(table(stdout));
      expect(again.stdout).toContain('not replayed');
      expect(ledgerOf(folder).trials).toHaveLength(1);
    }));

  it.each(['--synthetic', '--resume', '--yes'])('does not run for --show, and so refuses %s with it', (option) =>
    inProject(SWEEP, async (folder) => {
      const { stderr, exitCode } = await runCandor(['sweep', 'small', '--show', option], folder);
      expect(stderr).toContain(`error: --show and ${option} do not go together\n`);
      expect(exitCode).toBe(2);
    }),
  );

  it('finds the same on one core and on several, to the last bit, and can be sorted and filtered', () =>
    inProject(SWEEP, async (folder) => {
      const one = await jsonOf(folder, '--synthetic', '--workers', '1', '--where', 'trades>=0');
      const three = await jsonOf(folder, '--synthetic', '--workers', '3', '--where', 'trades>=0');
      expect(three.resultHash).toBe(one.resultHash);
      expect(three.combinations).toEqual(one.combinations);
      expect(one.combinations).toHaveLength(COMBINATIONS);

      const shown = await jsonOf(folder, '--show', '--sort', 'maxDrawdown', '--where', 'trades>=10', '--top', '3');
      const expected = one.combinations
        .filter(({ metrics }) => (metrics['trades'] ?? 0) >= 10)
        .map(({ metrics }) => metrics['maxDrawdown'])
        .sort((a, b) => Number(a) - Number(b));
      expect(shown.combinations.map(({ metrics }) => metrics['maxDrawdown'])).toEqual(expected.slice(0, 3));
      expect(shown.ranking.matching).toBe(expected.length);
      const byIdentity = await runCandor(['sweep', one.identity.slice(0, 12), '--show', '--json'], folder);
      expect(JSON.parse(byIdentity.stdout)).toMatchObject({ identity: one.identity });
    }));

  it('shares one account among all coins where it is asked to', () =>
    inProject(`${SWEEP}account: { deposit: 5000, shared: true }\n`, async (folder) => {
      const { combinations } = await jsonOf(folder, '--synthetic', '--where', 'trades>=0');
      expect(combinations).toHaveLength(COMBINATIONS / 2);
      expect(combinations[0]).toMatchObject({ coins: ['BTC', 'ETH'] });
    }));

  it('makes a synthetic market that is long enough for the slowest of its params to settle', () =>
    inProject(SWEEP.replace('lookback: [10, 20]', 'lookback: [10, 2000]'), async (folder) => {
      const { exitCode, stdout } = await runCandor(['sweep', 'small', '--synthetic'], folder);
      expect(stdout).not.toContain('later than asked for');
      expect(exitCode).toBe(0);
    }));

  it('names params that never gave a signal', () =>
    inProject(SWEEP.replace('surge: [1, 1.5]', 'surge: [1, 1000]'), async (folder) => {
      const { stdout } = await runCandor(['sweep', 'small', '--synthetic'], folder);
      expect(stdout).toContain('note: 2 sets of params of breakout-volume gave no signal on BTC 1h:');
      expect(stdout).toContain('  lookback 10 surge 1000; lookback 20 surge 1000\n');
    }));
});

describe('a sweep that is stopped', () => {
  /** Long enough to be stopped in the middle, in one thread. */
  const LONG = SWEEP.replace('lookback: [10, 20]', 'lookback: { from: 10, to: 200, step: 1 }');
  const START = ['sweep', 'small', '--synthetic', '--workers', '1'];

  async function isHalfDone(folder: string): Promise<boolean> {
    if (!existsSync(join(folder, 'data/candor.sqlite'))) return false;
    const [sweep] = sweepsIn(folder);
    return sweep !== undefined && sweep.done > 0;
  }

  const moment = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it.each(['SIGINT', 'SIGKILL'] as const)('by %s keeps what is done, and goes on from there', (signal) =>
    inProject(LONG, async (folder) => {
      const { child, ended } = startCandor(START, folder);
      while (!(await isHalfDone(folder).catch(() => false))) await moment(10);
      child.kill(signal);
      const { exitCode, stderr } = await ended;
      const [halfDone] = sweepsIn(folder);
      expect(halfDone?.provenMs).toBeNull();
      expect(halfDone?.done).toBeLessThan(halfDone?.combinations ?? 0);
      const afterStop = ledgerOf(folder).trials;
      if (signal === 'SIGKILL') expect(afterStop).toEqual([]);
      if (signal === 'SIGINT') {
        expect(afterStop).toMatchObject([{ combinations: halfDone?.done, stoppedOf: halfDone?.combinations }]);
        expect(exitCode).toBe(130);
        expect(stderr).toContain(
          `combinations are stored; 'npx candor sweep small --resume --synthetic' goes on from there`,
        );
      }
      const shown = await runCandor(['sweep', 'small', '--show'], folder);
      expect(shown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'small' is not finished") });

      const resumed = await runCandor([...START, '--resume', '--json', '--top', '1'], folder);
      expect(resumed.stderr).toMatch(/^[\d,]+ of [\d,]+ combinations are stored already$/m);
      const { resultHash } = JSON.parse(resumed.stdout) as Shown;
      const { trials } = ledgerOf(folder);
      expect(trials.slice(afterStop.length)).toMatchObject([{ resultSha256: resultHash }]);
      expect(countTrials(trials).trials).toBe(halfDone?.combinations);
      await inProject(LONG, async (other) => {
        expect((await jsonOf(other, '--synthetic', '--top', '1')).resultHash).toBe(resultHash);
      });
    }),
  );

  it('has nothing to go on with where nothing is stored, and nothing to do where all of it is', () =>
    inProject(SWEEP, async (folder) => {
      const first = await runCandor(['sweep', 'small', '--synthetic', '--resume'], folder);
      expect(first.stderr).toContain('Nothing of this sweep is stored, so it begins anew.');
      const second = await runCandor(['sweep', 'small', '--synthetic', '--resume'], folder);
      expect(second.stderr).toContain(`${COMBINATIONS} of ${COMBINATIONS} combinations are stored already`);
      const table = (text: string): string => text.slice(0, text.indexOf('report   '));
      expect(table(second.stdout)).toBe(table(first.stdout));
      expect(ledgerOf(folder).trials).toHaveLength(1);
    }));

  it('does not disturb another one on the same database', () =>
    inProject(SWEEP, async (folder) => {
      writeFileSync(join(folder, 'backtests/sweeps/other.yaml'), SWEEP.replace('days: 30', 'days: 20'));
      const all = await Promise.all(
        ['small', 'other', 'small'].map((name) => runCandor(['sweep', name, '--synthetic', '--json'], folder)),
      );
      expect(all.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      const [small, other, same] = all.map(({ stdout }) => (JSON.parse(stdout) as Shown).resultHash);
      expect(same).toBe(small);
      expect(other).not.toBe(small);
      expect(sweepsIn(folder).map(({ done }) => done)).toEqual([COMBINATIONS, COMBINATIONS]);
      expect(ledgerOf(folder)).toMatchObject({ trials: { length: 3 }, state: { intact: true } });
    }));
});

describe('a sweep that cannot be run', () => {
  it.each([
    ['breakout-volume,', 'breakout-volum,', 'breakout-volume'],
    ['surge:', 'surg:', 'Did you mean surge?'],
    ['lookback: [10, 20]', 'lookback: [0, 20]', "param 'lookback' of 'breakout-volume' is a whole number from 1 up"],
    ['[BTC, ETH]', '[BTC, ETHH]', 'Did you mean ETH?'],
    ['lookback: [10, 20]', 'lookback: []', 'the list is empty'],
    ['stop: [1 %, 2 %, 2 atr]', 'stop: []', 'the list is empty'],
  ])('for %s written as %s, and says what was meant', (text, wrong, said) =>
    inProject(SWEEP.replace(text, wrong), async (folder) => {
      const { exitCode, stderr, stdout } = await runCandor(['sweep', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(said);
      expect(stdout).toBe('');
    }),
  );

  it.each([
    [['--sort', 'expectancy'], 'Did you mean expectancyR?'],
    [['--where', 'trades'], "'trades' is no condition"],
    [['--show'], 'there is no database'],
    [['--workers', '0'], 'It is not a whole number from 1'],
  ])('with %s', (args, said) =>
    inProject(SWEEP, async (folder) => {
      const { exitCode, stderr } = await runCandor(['sweep', 'small', ...args], folder);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(said);
    }),
  );

  it('is refused with more combinations than anyone can want, with their number and an estimate', () => {
    const lookback = 'lookback: { from: 10, to: 200, step: 1 }, surge: { from: 0.001, to: 9, step: 0.001 }';
    return inProject(SWEEP.replace('lookback: [10, 20], surge: [1, 1.5]', lookback), async (folder) => {
      const { exitCode, stderr } = await runCandor(['sweep', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^error: the sweep has 41,256,216 combinations and would take roughly \d+.(d|h|min)/m);
      expect(stderr).toContain('--yes');
      expect(ledgerOf(folder).trials).toEqual([]);
    });
  });

  it('stops where a strategy throws, and names it', () =>
    inProject(SWEEP.replace('ema-cross', 'throws-midway'), async (folder) => {
      const { exitCode, stderr } = await runCandor(['sweep', 'small', '--synthetic', '--workers', '2'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('throws-midway');
      expect(stderr).toContain('out of luck');
      expect(ledgerOf(folder).trials).toEqual([]);
    }));

  it('ends where the reference engine does not agree, with a case to reproduce, and takes back what it stored', () =>
    inProject(SWEEP, async (folder) => {
      const { combinations } = await jsonOf(folder, '--synthetic', '--top', '1');
      const wrong = combinations[0]?.combination as number;
      const db = openDatabase(join(folder, 'data/candor.sqlite'));
      db.exec(`UPDATE sweep_results SET net_return = net_return + 1e-9 WHERE combination = ${wrong}`);
      db.close();
      const { exitCode, stdout, stderr } = await runCandor(['sweep', 'small', '--synthetic', '--resume'], folder);
      expect(exitCode).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain('does not agree with the reference engine, so none of its numbers counts');
      expect(stderr).toContain('the metric netReturn: ');
      const [path] = globSync(`backtests/results/small-difference-${wrong}-*.json`, { cwd: folder });
      expect(stderr).toContain(path);
      expect(sweepsIn(folder)).toEqual([]);
      expect(ledgerOf(folder).trials).toHaveLength(1);
    }));

  it('stops where a worker runs out of memory, keeps what is done, and says what to do', () =>
    inProject(SWEEP.replace('ema-cross', 'hoards').replace('[BTC, ETH]', '[BTC]'), async (folder) => {
      writeFileSync(join(folder, 'strategies/hoards.ts'), HOARDS);
      const { exitCode, stderr } = await runCandor(['sweep', 'small', '--synthetic', '--workers', '2'], folder, {
        NODE_OPTIONS: '--max-old-space-size=128',
      });
      expect(stderr).toContain('error: a worker thread ran out of memory');
      expect(stderr).toContain('Use fewer workers');
      expect(exitCode).toBe(1);
      expect(ledgerOf(folder).trials).toEqual([]);
      expect(sweepsIn(folder)).toMatchObject([{ name: 'small', provenMs: null }]);
    }));

  it('is not run where its result could not be kept', () =>
    inProject(SWEEP, async (folder) => {
      writeFileSync(join(folder, 'backtests/results'), 'a file where the folder should be');
      const { exitCode, stderr } = await runCandor(['sweep', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('the sweep was not run, because ');
    }));
});

describeWithSharedData('a sweep on real candles', () => {
  const ONE_COIN = SWEEP.replace('[BTC, ETH]', '[BTC]').replace('[1h, 2h]', '[1h]');
  const candles = 'candles/hyperliquid_BTC_1h.csv.gz';

  it('takes them from the database', () =>
    inProject(ONE_COIN, async (folder) => {
      const files = [sharedData(candles), sharedData('funding/hyperliquid_BTC_funding.csv.gz')];
      expect((await runCandor(['import', ...files], folder)).exitCode).toBe(0);
      const { stdout, exitCode } = await runCandor(['sweep', 'small'], folder);
      expect(exitCode).toBe(0);
      expect(stdout).not.toContain('SYNTHETIC');
      expect(stdout).toContain('candles from hyperliquid');
      expect(readFileSync(join(folder, 'backtests/trials.jsonl'), 'utf8')).toContain('"isSynthetic":false');
    }));

  it('begins anew after a synthetic market, on the newest real candles', () =>
    inProject(ONE_COIN, async (folder) => {
      const files = [sharedData(candles), sharedData('funding/hyperliquid_BTC_funding.csv.gz')];
      expect((await runCandor(['import', ...files], folder)).exitCode).toBe(0);
      await jsonOf(folder, '--synthetic', '--top', '1');
      const { stderr, stdout } = await runCandor(['sweep', 'small', '--json', '--resume', '--top', '1'], folder);
      expect(stderr).toContain('Nothing of this sweep is stored, so it begins anew.');
      const { data } = JSON.parse(stdout) as { data: { fromMs: number; toMs: number; isSynthetic: boolean } };
      expect(data.isSynthetic).toBe(false);
      const [newest] = listedSeries(folder);
      expect(data.toMs).toBe((newest?.lastOpenMs ?? 0) + 3_600_000);
      const again = await runCandor(['sweep', 'small', '--synthetic', '--resume', '--json'], folder);
      expect(again.stderr).toMatch(/^(\d+) of \1 combinations are stored already$/m);
    }));

  it('goes on where it was, though newer candles have come in; without --resume it takes the newest', () =>
    inProject(ONE_COIN, async (folder) => {
      const lines = gunzipSync(readFileSync(sharedData(candles)))
        .toString()
        .trimEnd()
        .split('\n');
      const file = join(folder, 'hyperliquid_BTC_1h.csv');
      const importFirst = async (rows: number): Promise<void> => {
        writeFileSync(file, `${lines.slice(0, rows).join('\n')}\n`);
        expect((await runCandor(['import', file], folder)).exitCode).toBe(0);
      };
      await importFirst(2_000);
      const before = await jsonOf(folder, '--top', '1');
      await importFirst(2_100);
      const { stderr, stdout } = await runCandor(['sweep', 'small', '--json', '--resume', '--top', '1'], folder);
      expect(stderr).toMatch(/^(\d+) of \1 combinations are stored already$/m);
      expect(JSON.parse(stdout)).toMatchObject({ identity: before.identity, resultHash: before.resultHash });
      expect((await jsonOf(folder, '--top', '1')).identity).not.toBe(before.identity);
    }));
});

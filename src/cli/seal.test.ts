import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type Ended, linkCandor, runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { HOUR_MS } from '../domain/time.ts';
import { readTrials } from '../evidence/trial-ledger.ts';
import { readReport } from '../report/read.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RULES = 'cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5 }\n';
const STUDY = `
coins: [BTC]
interval: 1h
span: { days: 20 }
confirm: [30m]
strategies: [breakout, rsi-reversion]
${RULES}controls: { draws: 100 }
`;
const SWEEP = `
coins: [BTC]
intervals: [1h]
span: { days: 20 }
strategies: [{ name: breakout, params: { lookback: [12, 24] } }]
${RULES}grid: { target: [1, 2] }
`;
const START_MS = Date.UTC(2025, 0, 1);
const DAYS = 80;
const SEAL = '2025-03-01';
const SEAL_MS = Date.UTC(2025, 2, 1);

/** A wave in whole dollars. */
function csv(minutes: number): string {
  const stepMs = minutes * 60_000;
  const at = (timeMs: number): number => {
    const hour = (timeMs - START_MS) / HOUR_MS;
    return Math.round(50_000 + 4_000 * Math.sin(hour / 20) + ((hour * 2) % 7) * 90);
  };
  const rows = Array.from({ length: (DAYS * 86_400_000) / stepMs }, (_, i) => {
    const [open, close] = [at(START_MS + i * stepMs), at(START_MS + (i + 1) * stepMs)];
    return [START_MS + i * stepMs, open, Math.max(open, close) + 30, Math.min(open, close) - 30, close, 12].join();
  });
  return `t,o,h,l,c,v\n${rows.join('\n')}\n`;
}

const HOURS = Array.from({ length: DAYS * 24 }, (_, i) => `${START_MS + i * HOUR_MS},0.00001`);
const FUNDING = `t,rate\n${HOURS.join('\n')}\n`;

/** A project with candles of 1h and 30m and with funding, all of them sealed from the first of March on. */
function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  const files = {
    'backtests/small.yaml': STUDY,
    'backtests/sweeps/small.yaml': SWEEP,
    'config/candor.yaml': 'exchange: { apiUrl: "http://127.0.0.1:9" }\n',
    'strategies/.keep': '',
    'hyperliquid_BTC_1h.csv': csv(60),
    'hyperliquid_BTC_30m.csv': csv(30),
    'hyperliquid_BTC_funding.csv': FUNDING,
  };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    for (const name of ['breakout', 'rsi-reversion']) {
      copyFileSync(join(ROOT, `strategies/${name}.ts`), join(folder, `strategies/${name}.ts`));
    }
    await must(['import', ...globSync('hyperliquid_*', { cwd: folder })], folder);
    await must(['seal', '--from', SEAL, '--yes'], folder);
    await body(folder);
  });
}

async function must(args: readonly string[], folder: string): Promise<Ended> {
  const ended = await runCandor(args, folder);
  expect({ args, ...ended }).toMatchObject({ exitCode: 0 });
  return ended;
}

/** Other prices and other rates after the seal, as nobody could have made them. */
function poison(folder: string): void {
  const db = new Database(join(folder, 'data/candor.sqlite'));
  const step = "(SELECT iif(interval = '1h', 3600000, 1800000) FROM series WHERE id = candles.series)";
  const { changes } = db
    .prepare(`UPDATE candles SET o = 900, h = 1000, l = 800, c = 850, v = 1 WHERE t + ${step} > ?`)
    .run(SEAL_MS);
  expect(changes).toBeGreaterThan(1_000);
  expect(db.prepare('UPDATE funding SET rate = 5 WHERE t > ?').run(SEAL_MS).changes).toBeGreaterThan(100);
  db.close();
}

/** What comes out of a command, without when it was run and how long it took. */
function stable({ stdout }: Ended): string {
  return stdout
    .replaceAll(/"(createdAtMs|load|run|judge|loadMs|sweepMs|replayMs|workers)": [\d.]+/g, '"$1": 0')
    .replaceAll(/"(sha|isModified)": \S+/g, '"$1": 0')
    .replaceAll(/\d+ ms|[\d.]+ s\b/g, 'a while');
}

const DOORS: readonly (readonly string[])[] = [
  ['study', 'small', '--json'],
  ['study', 'small', '--json', '--as-seen'],
  ['sweep', 'small', '--json'],
  ['prove', 'breakout', '--json'],
  ['export', '-', '--coin', 'BTC', '--interval', '1h'],
  ['export', '-', '--coin', 'BTC', '--interval', '30m', '--as-seen'],
  ['export', '-', '--coin', 'BTC', '--kind', 'funding'],
  ['frame', 'candles', '--interval', '30m', '--csv', '-'],
];

describe('a seal', () => {
  it(
    'keeps every byte of sealed candles out of every command that looks at candles, and each says so',
    () =>
      inProject(async (folder) => {
        // What is tried here is on record before the first look, so that all looks face the same trials.
        for (const door of DOORS.slice(0, 3)) await must(door, folder);
        const before: string[] = [];
        for (const door of DOORS) {
          const ended = await must(door, folder);
          expect(ended.stderr + ended.stdout).toMatch(/sealed/);
          before.push(stable(ended));
        }
        expect(before[4]?.trimEnd().split('\n').at(-1)).toContain(`${SEAL_MS - HOUR_MS},`);
        poison(folder);
        for (const [i, door] of DOORS.entries())
          expect({ door, says: stable(await must(door, folder)) }).toEqual({ door, says: before[i] });
      }),
    300_000,
  );

  it(
    'is spent once, by the study that was named; its report tells before and after, and can be verified',
    () =>
      inProject(async (folder) => {
        await must(['study', 'small'], folder);
        const refused = await runCandor(['unseal', 'breakout', '--study', 'small'], folder);
        expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Spend it with --yes.') });

        const unsealed = await must(['unseal', 'breakout', '--study', 'small', '--yes'], folder);
        expect(unsealed.stderr).toMatch(/frozen, and on record before anything is seen/);
        expect(unsealed.stdout).toContain('2025-03-01T00:00Z to 2025-03-22T00:00Z');
        expect(unsealed.stdout.replaceAll('\n', ' ')).toMatch(
          /note: breakout: before the seal (KEEP|KILL|NO VERDICT), [^;]*; after it /,
        );
        const path = /^as data +(.+)$/m.exec(unsealed.stdout)?.[1] as string;
        expect(readReport(join(folder, path)).made.notes).toContainEqual(
          expect.stringContaining('a sealed holdout from 2025-03-01'),
        );
        expect(await must(['verify', path], folder)).toMatchObject({ stderr: '' });

        const { lines } = readTrials(join(folder, 'backtests/trials.jsonl'));
        expect(lines.map(({ kind }) => kind)).toEqual(['seal', 'study', 'unseal', 'study']);
        const again = await runCandor(['unseal', 'breakout', '--study', 'small', '--yes'], folder);
        expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('was spent on') });
        const later = await must(['study', 'small'], folder);
        expect(later.stdout).toContain('note: candles from 2025-03-01 on were a sealed holdout, spent on ');
        expect(later.stdout).toContain('2025-03-02T00:00Z to 2025-03-22T00:00Z');

        await must(['seal', '--from', '2030-01-01', '--yes'], folder);
        const early = await runCandor(['unseal', 'breakout', '--study', 'small', '--yes'], folder);
        expect(early).toMatchObject({
          exitCode: 1,
          stderr:
            'error: no sealed candle of BTC is stored yet, so nothing is unsealed\n' +
            '  sealed from 2030-01-01T00:00Z on; the stored candles end at 2025-03-22T00:00Z\n' +
            "Record or import what follows: 'candor ingest', 'candor import FILE…'. The seal holds until then.\n",
        });
        expect(readTrials(join(folder, 'backtests/trials.jsonl')).lines.at(-1)).toMatchObject({ kind: 'seal' });
      }),
    300_000,
  );

  it(
    'holds for another study than the named one, while the named one has not run',
    () =>
      inProject(async (folder) => {
        const named = ['unseal', 'breakout', '--study', 'small', '--yes'];
        expect((await must(named, folder)).stdout.replaceAll('\n', ' ')).toContain(
          'note: breakout: before the seal no study that ended there had judged it; after it ',
        );
        const ledger = join(folder, 'backtests/trials.jsonl');
        // As a crash leaves it: the candles are unsealed, and the study of them is not on record.
        writeFileSync(ledger, `${readFileSync(ledger, 'utf8').split('\n').slice(0, 2).join('\n')}\n`);
        const db = new Database(join(folder, 'data/candor.sqlite'));
        db.exec("DELETE FROM trial_returns; DELETE FROM ledger_lines WHERE line LIKE '%resultSha256%'");
        db.close();
        const other = await runCandor(['unseal', 'rsi-reversion', '--study', 'small', '--yes'], folder);
        expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('for another study') });
        const file = join(folder, 'strategies/breakout.ts');
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, `${text}// changed\n`);
        expect(await runCandor(named, folder)).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('for another study'),
        });
        writeFileSync(file, text);
        expect((await must(['study', 'small'], folder)).stdout).toContain('later candles are sealed');
        await must(named, folder);
      }),
    300_000,
  );

  it(
    'does not end with its line: the database remembers it, and every report says that it is gone',
    () =>
      inProject(async (folder) => {
        writeFileSync(join(folder, 'backtests/trials.jsonl'), '');
        const { stdout } = await must(['study', 'small'], folder);
        expect(stdout).toContain('later candles are sealed');
        expect(stdout.replaceAll('\n', ' ')).toContain(
          '1 line that this database has seen written is not in backtests/trials.jsonl',
        );
        const refused = await runCandor(['unseal', 'breakout', '--study', 'small', '--yes'], folder);
        expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('lacks lines about seals') });
        expect(await runCandor(['trials'], folder)).toMatchObject({ exitCode: 1 });
      }),
    300_000,
  );

  it(
    'is no way to have tried less: what the file tells no more is counted as long as the database knows it',
    () =>
      inProject(async (folder) => {
        await must(['study', 'small'], folder);
        writeFileSync(join(folder, 'backtests/trials.jsonl'), '');
        const file = join(folder, 'strategies/breakout.ts');
        writeFileSync(file, `${readFileSync(file, 'utf8')}// changed\n`);
        const { stdout } = await must(['study', 'small'], folder);
        const path = /^as data +(.+)$/m.exec(stdout)?.[1] as string;
        // Two of this study, and the file that was tried before; it did the same, and so makes no third cluster.
        expect(readReport(join(folder, path)).trials).toMatchObject({ trials: 3, clusters: 2 });
        const { stdout: told } = await runCandor(['trials'], folder);
        expect(told).toMatch(/^ {2}trial 4, in 3 clusters;$/m);
      }),
    300_000,
  );

  it(
    'tells of coins that were not traded, and looked at all the same',
    () =>
      inProject(async (folder) => {
        writeFileSync(join(folder, 'hyperliquid_ETH_1h.csv'), csv(60));
        await must(['import', 'hyperliquid_ETH_1h.csv'], folder);
        const studied = await must(['study', 'small'], folder);
        const [, study] = readTrials(join(folder, 'backtests/trials.jsonl')).lines;
        expect(study).toMatchObject({ kind: 'study', coins: ['BTC'], besides: ['ETH'] });
        const seal = ['seal', '--from', '2025-02-20', '--coins', 'ETH', '--yes', '--json'];
        const { stdout, stderr } = await must(seal, folder);
        expect(JSON.parse(stdout)).toMatchObject({ seenBy: 1 });
        expect(stderr).toContain('1 run on record had seen candles of after 2025-02-20T00:00Z');
        expect(
          (await must(['seal', '--from', '2025-02-20', '--coins', 'SOL', '--yes', '--json'], folder)).stdout,
        ).toContain('"seenBy": 0');
        const path = /^as data +(.+)$/m.exec(studied.stdout)?.[1] as string;
        const refused = await runCandor(['verify', path], folder);
        expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('2025-02-20T00:00Z: ETH') });
      }),
    300_000,
  );

  it(
    'refuses what would seal nothing, or nothing more, and the report of a sealed time',
    () =>
      inProject(async (folder) => {
        for (const [args, problem] of [
          [['seal', '--from', '2025-03-10', '--yes'], 'that is sealed already'],
          [['seal', '--from', '2025-02-01', '--coins', 'BCT', '--yes'], "'BCT' are not known"],
          [['seal', '--from', 'tomorrow', '--yes'], "'tomorrow' is not a date"],
          [['seal', '--from', '2025-02-01'], 'nobody is here to be asked'],
          [['unseal', 'breakuot', '--study', 'small'], 'Did you mean breakout?'],
          [['export', '-', '--coin', 'BTC', '--interval', '1h', '--from', SEAL], 'are sealed'],
          [['frame', 'candles', '--from', SEAL], 'are sealed'],
        ] as const) {
          const { exitCode, stderr } = await runCandor(args, folder);
          expect({ args, stderr, isRefused: exitCode !== 0 }).toEqual({
            args,
            stderr: expect.stringContaining(problem),
            isRefused: true,
          });
        }
        const ended = await must(['study', 'small'], folder);
        const path = /^as data +(.+)$/m.exec(ended.stdout)?.[1] as string;
        await must(['seal', '--from', '2025-02-10', '--yes'], folder);
        const refused = await runCandor(['verify', path], folder);
        expect(refused).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('candles of that time are sealed'),
        });
        expect(refused.stderr).toContain('It can be verified again when the seal is spent');
      }),
    300_000,
  );
});

import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { readTrials } from '../evidence/trial-ledger.ts';
import { readReport } from '../report/read.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Nobody listens there, so the exchange is out of reach at once. */
const NO_EXCHANGE = 'exchange: { apiUrl: "http://127.0.0.1:9" }\n';

const STUDY = `
coins: [BTC, ETH]
interval: 1h
span: { days: 30 }
confirm: [30m]
strategies: [breakout, rsi-reversion]
cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5 }
grid: { target: [1, 2] }
controls: { draws: 100 }
`;

const HALF_HOUR_MS = 1_800_000;

/** A project of its own: studies there are no trials of this one. */
function inProject(study: string, body: (folder: string) => Promise<void>): Promise<void> {
  const files = { 'backtests/small.yaml': study, 'config/candor.yaml': NO_EXCHANGE, 'strategies/.keep': '' };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    for (const path of [
      ...globSync('strategies/*.ts', { cwd: ROOT }),
      ...globSync('test/canaries/*.ts', { cwd: ROOT }),
    ]) {
      copyFileSync(join(ROOT, path), join(folder, 'strategies', path.split('/').at(-1) as string));
    }
    await body(folder);
  });
}

function reportIn(folder: string): string {
  const [json] = globSync('backtests/results/*.json', { cwd: folder });
  if (json === undefined) throw new Error('no report was written');
  return json;
}

describe('candor study', () => {
  it('runs on a synthetic market where there is nothing else, says so, and can be verified to the last digit', () =>
    inProject(STUDY, async (folder) => {
      const study = await runCandor(['study', 'small'], folder);
      expect(study.stderr).toBe(
        'The exchange cannot be reached and no candles are stored, so this runs on a synthetic market.\n',
      );
      expect(study.exitCode).toBe(0);
      expect(study.stdout).toContain('SYNTHETIC MARKET');
      for (const line of study.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(study.stdout).toMatch(/^strategy +verdict +trades +a trade +net +p +beats flips$/m);
      expect(study.stdout).toContain('\nfees, slippage and funding included\n');
      expect(study.stdout).not.toContain('note:');
      const json = reportIn(folder);
      const report = readReport(join(folder, json));
      expect(report.data.isSynthetic).toBe(true);
      expect(report.strategies.map(({ name, status }) => `${name} ${status}`)).toEqual([
        'breakout judged',
        'rsi-reversion judged',
      ]);
      expect(readFileSync(join(folder, json.replace('.json', '.html')), 'utf8')).toMatch(/synthetic/i);
      const { trials, state } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(state.intact).toBe(true);
      expect(trials).toHaveLength(1);
      expect(trials[0]).toMatchObject({
        ...{ kind: 'study', isSynthetic: true, resultSha256: report.resultHash },
        ...{ gates: DEFAULT_CONFIG.gates, fees: DEFAULT_CONFIG.fees, slippageBps: 2, seed: 1 },
        controls: { draws: 100, seed: 1 },
      });

      const verified = await runCandor(['verify', json], folder);
      expect(verified.stdout).toContain('came out the same, to the last digit');
      expect(verified.exitCode).toBe(0);
      expect(readTrials(join(folder, 'backtests/trials.jsonl')).trials).toHaveLength(1);
    }));

  it('chooses params on its candles, says from what, and counts every combination as a trial', () =>
    inProject(STUDY.replace('breakout,', '{ name: breakout, choose: { lookback: [12, 24, 48] } },'), async (folder) => {
      const { stdout } = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(stdout).toMatch(
        /^chosen on these candles, and anew in every draw of the controls\n {2}breakout +lookback \d+, of 3$/m,
      );
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      const json = reportIn(folder);
      const [breakout, reversion] = readReport(join(folder, json)).strategies;
      expect(breakout).toMatchObject({ choice: { lists: { lookback: [12, 24, 48] } } });
      expect(reversion).not.toHaveProperty('choice');
      expect(readFileSync(join(folder, json.replace('.json', '.html')), 'utf8')).toContain(
        'the best of 3 combinations: lookback 12, 24, 48',
      );
      const { trials } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(trials[0]).toMatchObject({ kind: 'study' });
      const tried = trials.flatMap((trial) => (trial.kind === 'study' ? trial.strategies : []));
      expect(tried.map(({ name, params }) => [name, params['lookback']])).toEqual([
        ['breakout', 12],
        ['breakout', 24],
        ['breakout', 48],
        ['rsi-reversion', undefined],
      ]);
      expect(await runCandor(['verify', json], folder)).toMatchObject({ exitCode: 0, stderr: '' });

      writeFileSync(
        join(folder, 'backtests/small.yaml'),
        STUDY.replace('breakout,', '{ name: breakout, choose: { lokback: [12] } },'),
      );
      const slip = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(slip.stderr).toContain("'breakout' has no param 'lokback'\nDid you mean lookback?");
      expect(slip.exitCode).toBe(2);
    }));

  it('says what flatters a result, and that the record of trials is broken; verify comes to the same warnings', () =>
    inProject(STUDY.replace('breakout, rsi-reversion', 'breakout'), async (folder) => {
      const config = 'fees: { maker: 0 }\nslippageBps: 0\ngates: { alpha: 0.1, targetEdgeR: 0.5 }\n';
      writeFileSync(join(folder, 'config/candor.yaml'), `${NO_EXCHANGE}${config}`);
      writeFileSync(join(folder, 'backtests/trials.jsonl'), '{"forged":true}\n');
      const { stdout } = await runCandor(['study', 'small', '--synthetic', '--seed', '7'], folder);
      const warnings = [
        'set to 0, though it costs money to trade: maker fee, slippage',
        'gates are softer than usual: alpha 0.1 instead of 0.05, targetEdgeR 0.5 instead of 0.3',
      ];
      for (const warning of warnings) expect(stdout.replaceAll('\n', ' ')).toContain(`note: ${warning} `);
      expect(stdout).toContain('note: the record of trials is broken at line 1 of backtests/trials.jsonl');
      expect(stdout).toContain('\nfunding included; fees and slippage not, or not all\n');
      expect(stdout).toMatch(/^(breakout may not trade|May trade: breakout)/m);
      const json = reportIn(folder);
      const report = readReport(join(folder, json));
      expect(report.warnings).toEqual(warnings);
      expect(json).toContain(`Z-${report.resultHash.slice(0, 8)}.json`);
      expect(await runCandor(['verify', json], folder)).toMatchObject({ exitCode: 0, stderr: '' });
    }));

  it('is not run where its result could not be kept', () =>
    inProject(STUDY, async (folder) => {
      writeFileSync(join(folder, 'backtests/results'), 'a file where the folder should be');
      const { exitCode, stderr } = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('the study was not run, because ');
      expect(stderr).toContain('backtests/results cannot be written (EEXIST)');
      expect(existsSync(join(folder, 'backtests/trials.jsonl'))).toBe(false);
    }));

  it('finds a number that was changed after the fact, and a strategy that was', () =>
    inProject(STUDY, async (folder) => {
      await runCandor(['study', 'small', '--synthetic'], folder);
      const path = join(folder, reportIn(folder));
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace(/"expectancyR": -?0\.(\d)/, '"expectancyR": 0.9'));
      const forged = await runCandor(['verify', path], folder);
      expect(forged).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('was changed after it was written'),
      });

      writeFileSync(path, text);
      // Another file is another try, and none may be had without a line on record.
      const strategy = join(folder, 'strategies/breakout.ts');
      writeFileSync(strategy, readFileSync(strategy, 'utf8').replace('default: 24', 'default: 36'));
      const differs = await runCandor(['verify', path], folder);
      expect(differs.exitCode).toBe(1);
      expect(differs.stdout).toBe(`${path} cannot be reproduced\n  strategies/breakout.ts has changed since\n`);
      expect(differs.stderr).toContain("'candor study' runs the one of today, and puts that on record");
    }));

  it('gives a strategy that throws NO VERDICT, finishes the others, and ends with 1', () =>
    inProject(STUDY.replace('rsi-reversion', 'throws-midway, ahead-by-default'), async (folder) => {
      const { exitCode, stdout } = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^breakout +(KEEP|KILL|NO VERDICT) +\d+/m);
      expect(stdout).toMatch(/^throws-midway +NO VERDICT +–/m);
      expect(stdout).toMatch(/^ahead-by-default +NO VERDICT +–/m);
      expect(stdout).toMatch(/^throws-midway could not be run: .*out of luck/m);
      expect(stdout).toMatch(/^ahead-by-default could not be run: .*ahead-by-default\.ts:11/m);
      const { trials } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(trials[0]?.strategies.map(({ name }) => name)).toEqual(['breakout']);

      // Mended, it runs; but what came of it is told by a study, and not for the asking.
      const mended = readFileSync(join(folder, 'strategies/breakout.ts'), 'utf8').replace(
        "'breakout'",
        "'throws-midway'",
      );
      writeFileSync(join(folder, 'strategies/throws-midway.ts'), mended);
      const path = join(folder, reportIn(folder));
      const verified = await runCandor(['verify', path], folder);
      expect(verified.exitCode).toBe(1);
      expect(verified.stdout).toContain('throws-midway could be run in one of the two, and not in the other');
      expect(verified.stdout).not.toContain('in the report, ');
    }));

  it('gives a strategy that looks ahead NO VERDICT, and says at which candle', () =>
    inProject(STUDY.replace('rsi-reversion', 'two-scans'), async (folder) => {
      const { exitCode, stdout } = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^two-scans +NO VERDICT +–/m);
      expect(stdout).toMatch(
        /^two-scans could not be run: it looks ahead: condition '\w+' \(\w+\) at the candle of 20/m,
      );
      expect(stdout).toContain('candor prove two-scans');
      const { trials } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(trials[0]?.strategies.map(({ name }) => name)).toEqual(['breakout']);
    }));

  it('says of a strategy that never fires that there is nothing to judge', () =>
    inProject(STUDY.replace('breakout, rsi-reversion', 'never-fires'), async (folder) => {
      const { exitCode, stdout } = await runCandor(['study', 'small', '--synthetic'], folder);
      expect(stdout).toMatch(/^never-fires +NO VERDICT +0/m);
      expect(stdout).toContain('never fired');
      expect(exitCode).toBe(0);
    }));

  it.each([
    ['breakout, rsi-reversion', 'breakuot', "unknown strategy 'breakuot'", 'Did you mean breakout?'],
    ['[BTC, ETH]', '[BTC, ETHH]', "'ETHH'", 'Did you mean ETH?'],
    ['interval: 1h', 'interval: 1hr', 'small.yaml', '1h'],
    ['target: 2,', 'tarqet: 2,', 'tarqet', 'target'],
    ['[breakout,', '[{ name: breakout, params: { lookback: 0 } },', 'lookback', '2'],
    ['confirm: [30m]', 'confirm: [15m]', 'no 15m candles', '30m'],
  ])('refuses %s as %s, and says what was meant', (good, bad, problem, hint) =>
    inProject(STUDY.replace(good, bad), async (folder) => {
      const { exitCode, stderr, stdout } = await runCandor(['study', 'small'], folder);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(problem);
      expect(stderr).toContain(hint);
      expect(stdout).toBe('');
      expect(existsSync(join(folder, 'backtests/results'))).toBe(false);
      expect(existsSync(join(folder, 'backtests/trials.jsonl'))).toBe(false);
    }),
  );

  it('stopped by Ctrl-C it ends with 130, leaves no half report and no trial, and the next run is whole', () =>
    inProject(STUDY.replace('draws: 100', 'draws: 20000'), async (folder) => {
      const { child, ended } = startCandor(['study', 'small', '--synthetic'], folder);
      setTimeout(() => child.kill('SIGINT'), 2_500);
      const stopped = await ended;
      expect(stopped).toMatchObject({ exitCode: 130, stdout: '' });
      expect(globSync('backtests/**/*.{json,html,jsonl,tmp}', { cwd: folder })).toEqual([]);
      const again = await runCandor(['study', 'small', '--synthetic', '--draws', '100'], folder);
      expect(again.exitCode).toBe(0);
    }));
});

/** A price at every half hour, the same whenever it is asked for: a slow wave with jitter, in whole dollars. */
function priceAt(timeMs: number): number {
  const step = Math.floor(timeMs / HALF_HOUR_MS);
  const jitter = ((Math.imul(step, 0x9e3779b1) >>> 16) % 400) - 200;
  return Math.round(50_000 + 4_000 * Math.sin(step / 40) + jitter);
}

function candleRow(coin: string, interval: string, openMs: number): Record<string, string | number> {
  const lengthMs = interval === '1h' ? 2 * HALF_HOUR_MS : HALF_HOUR_MS;
  const path = [openMs, openMs + lengthMs / 2, openMs + lengthMs].map(priceAt);
  const [o, c, h, l] = [path[0], path.at(-1), Math.max(...path), Math.min(...path)].map(String);
  return { t: openMs, T: openMs + lengthMs - 1, s: coin, i: interval, o, c, h, l, v: '12.5', n: 3 } as never;
}

interface CandleQuestion {
  readonly coin: string;
  readonly interval: string;
  readonly startTime: number;
  readonly endTime: number;
}

type Question = Readonly<Record<string, unknown>> & { readonly type: string };

/** Answers of the exchange's public data, the forming candle included, as far as a study asks for them. */
function publicAnswer(question: Question, nowMs: number): unknown {
  if (question.type === 'meta') {
    const universe = ['BTC', 'ETH'].map((name) => ({ name, szDecimals: 4, maxLeverage: 20, marginTableId: 20 }));
    return { universe, marginTables: [], collateralToken: 0 };
  }
  if (question.type === 'candleSnapshot') {
    const { coin, interval, startTime, endTime } = question['req'] as CandleQuestion;
    const lengthMs = interval === '1h' ? 2 * HALF_HOUR_MS : HALF_HOUR_MS;
    const firstMs = Math.floor(startTime / lengthMs) * lengthMs;
    const count = Math.min(5_000, Math.floor((Math.min(endTime, nowMs) - firstMs) / lengthMs) + 1);
    return Array.from({ length: count }, (_, i) => candleRow(coin, interval, firstMs + i * lengthMs));
  }
  if (question.type === 'fundingHistory') {
    const startMs = Math.ceil((question['startTime'] as number) / (2 * HALF_HOUR_MS)) * 2 * HALF_HOUR_MS;
    const endMs = Math.min((question['endTime'] as number | undefined) ?? nowMs, nowMs);
    const count = Math.max(0, Math.min(500, Math.floor((endMs - startMs) / (2 * HALF_HOUR_MS)) + 1));
    return Array.from({ length: count }, (_, i) => ({
      coin: question['coin'],
      fundingRate: '0.0000125',
      premium: '0.0001',
      time: startMs + i * 2 * HALF_HOUR_MS,
    }));
  }
  return { time: nowMs, specialStatuses: null };
}

async function withExchange(body: (apiUrl: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer(async (message, response) => {
    let text = '';
    for await (const chunk of message) text += chunk;
    const question = JSON.parse(text) as Question;
    asked.push(question.type);
    const answer = JSON.stringify(publicAnswer(question, systemClock.nowMs()));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('candor study with the exchange in reach', () => {
  it('fetches what it needs once, and then runs on what is stored', () =>
    withExchange((apiUrl, asked) =>
      inProject(STUDY, async (folder) => {
        writeFileSync(join(folder, 'config/candor.yaml'), `exchange: { apiUrl: "${apiUrl}" }\n`);
        const first = await runCandor(['study', 'small'], folder);
        expect(first).toMatchObject({ exitCode: 0, stderr: '' });
        const { data } = readReport(join(folder, reportIn(folder)));
        expect(data).toMatchObject({ isSynthetic: false, source: 'hyperliquid' });
        expect(
          data.series.map(({ missingCandles, missingFundingHours }) => missingCandles + missingFundingHours),
        ).toEqual(data.series.map(() => 0));
        expect(new Set(asked)).toEqual(new Set(['exchangeStatus', 'meta', 'candleSnapshot', 'fundingHistory']));
        const elsewhere = await runCandor(['verify', reportIn(folder), '--database', 'data/empty.sqlite'], folder);
        expect(elsewhere).toMatchObject({ exitCode: 0, stderr: '' });
        writeFileSync(join(folder, 'config/candor.yaml'), NO_EXCHANGE);
        const away = await runCandor(['verify', reportIn(folder), '--database', 'data/none.sqlite'], folder);
        expect(away).toMatchObject({ exitCode: 1, stdout: '' });
        expect(away.stderr).toContain('the candles of this report are not stored here');
        expect(away.stderr).toContain('missing: BTC 1h, BTC 30m, ETH 1h, ETH 30m');
        expect(away.stderr).toContain('candor import FILE');
        const questions = asked.length;
        const again = await runCandor(['study', 'small', '--json'], folder);
        expect(JSON.parse(again.stdout).data.fingerprint).toBe(data.fingerprint);
        expect(asked).toHaveLength(questions);
      }),
    ));
});

describeWithSharedData('candor study on real candles', () => {
  const files = ['BTC', 'ETH'].flatMap((coin) => [
    sharedData(`candles/hyperliquid_${coin}_1h.csv.gz`),
    sharedData(`candles/hyperliquid_${coin}_30m.csv.gz`),
    sharedData(`funding/hyperliquid_${coin}_funding.csv.gz`),
  ]);

  it('takes them from the database, and the report can be verified', () =>
    inProject(STUDY, async (folder) => {
      mkdirSync(join(folder, 'data'));
      await runCandor(['import', ...files], folder);
      const study = await runCandor(['study', 'small'], folder);
      expect(study).toMatchObject({ exitCode: 0, stderr: '' });
      expect(study.stdout).not.toContain('SYNTHETIC');
      const report = readReport(join(folder, reportIn(folder)));
      expect(report.data).toMatchObject({ isSynthetic: false, source: 'hyperliquid' });
      const verified = await runCandor(['verify', reportIn(folder)], folder);
      expect(verified).toMatchObject({ exitCode: 0 });
    }));

  it('says which candles are missing when some are stored and the exchange is out of reach', () =>
    inProject(STUDY, async (folder) => {
      mkdirSync(join(folder, 'data'));
      await runCandor(['import', ...files.filter((file) => !file.includes('30m'))], folder);
      const { exitCode, stderr } = await runCandor(['study', 'small'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('missing: BTC 30m, ETH 30m');
      expect(stderr).toContain('candor import');
    }));
});

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coordinate, until } from '../../test/queue-stage.ts';
import { describeWithRedis, RedisServer } from '../../test/redis-server.ts';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import type { ChunkResult } from '../optimize/contract.ts';
import { coresRunner } from '../optimize/cores.ts';
import { thisProgram } from '../optimize/program.ts';

const SWEEPS = fileURLToPath(new URL('../../backtests/sweeps/', import.meta.url));
const PASSWORD = 'open-sesame';

/** A clone's folder, as far as a sweep and its workers need it. */
function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({}, async (folder) => {
    cpSync(STRATEGIES, join(folder, 'strategies'), { recursive: true });
    cpSync(SWEEPS, join(folder, 'backtests', 'sweeps'), { recursive: true });
    linkCandor(folder);
    await body(folder);
  });
}

describeWithRedis('candor worker', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ password: PASSWORD });
  });
  afterAll(() => server.stop());

  test('with another one that is killed: the bits of one core, and a stop is no failure', () =>
    inProject(async (folder) => {
      const { work, plan } = await sweepWork(sweepOf());
      const chunks = Array.from({ length: plan.count }, (_, first) => ({ first, count: 1 }));
      const alone = new Map<number, ChunkResult>();
      const never = new AbortController().signal;
      await coresRunner(STRATEGIES, 1)(work, chunks, ({ first }, result) => alone.set(first, result), never);

      const args = ['worker', '--queue', server.url];
      const start = () => startCandor([...args, '--workers', '1'], folder, { CANDOR_REDIS_PASSWORD: PASSWORD });
      const [killed, stopped] = [start(), start()];
      const { results, ended } = coordinate(server.url, work, chunks, { password: PASSWORD, program: thisProgram });
      await until(() => results.size > 0);
      killed.child.kill('SIGKILL');
      await ended;
      expect(results).toEqual(alone);

      stopped.child.kill('SIGTERM');
      const { exitCode, stdout, stderr } = await stopped.ended;
      expect(exitCode).toBe(0);
      expect(stdout).toBe('');
      expect(stderr).toContain("working on the sweep 'small' with 1 thread");
      expect(stderr + (await killed.ended).stderr).not.toContain(PASSWORD);
    }));

  test('with a wrong password says so, and does not repeat it', () =>
    inProject(async (folder) => {
      const url = server.url.replace('://', '://:sesame-shut@');
      const { exitCode, stderr } = await runCandor(['--log-level', 'debug', 'worker', '--queue', url], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`error: ${server.url} refuses the user or the password`);
      expect(stderr).not.toContain('sesame');
    }));

  test('that waits for sweeps ends at once', () =>
    inProject(async (folder) => {
      const { child, ended } = startCandor(['worker', '--queue', server.url], folder, {
        CANDOR_REDIS_PASSWORD: PASSWORD,
      });
      await new Promise((said) => child.stderr?.once('data', said));
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('waiting for sweeps at') });
    }));

  test('carries out candor sweep --queue, which is stopped while it waits, and resumed', () =>
    inProject(async (folder) => {
      const env = { CANDOR_REDIS_PASSWORD: PASSWORD };
      const sweep = (database: string, ...more: string[]): string[] => {
        return ['--database', join(folder, database), 'sweep', '--synthetic', '--yes', '--json', ...more];
      };
      const waiting = startCandor(sweep('queue.sqlite', '--queue', server.url), folder, env);
      await new Promise<void>((resolve) => {
        waiting.child.stderr?.on('data', (text: string) => {
          if (text.includes(`waiting for workers: run npx candor worker --queue ${server.url}`)) resolve();
        });
      });
      waiting.child.kill('SIGINT');
      expect(await waiting.ended).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('--resume') });

      const worker = startCandor(['worker', '--queue', server.url], folder, env);
      const overQueue = await runCandor(sweep('queue.sqlite', '--queue', server.url, '--resume'), folder, env);
      worker.child.kill('SIGTERM');
      expect((await worker.ended).exitCode).toBe(0);
      const onOneCore = await runCandor(sweep('alone.sqlite', '--workers', '1'), folder);
      const [first, second] = [overQueue, onOneCore].map(({ stdout }) => JSON.parse(stdout));
      expect(first.resultHash).toMatch(/^[0-9a-f]{64}$/);
      expect(first.resultHash).toBe(second.resultHash);
      expect(first.combinations).toEqual(second.combinations);
    }));
});

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coordinate, until } from '../../test/queue-stage.ts';
import { describeWithRedis, RedisServer } from '../../test/redis-server.ts';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import type { ChunkResult } from '../optimize/contract.ts';
import { coresRunner } from '../optimize/cores.ts';

const PASSWORD = 'open-sesame';

/** A clone's folder, as far as a worker needs it. */
function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({}, async (folder) => {
    cpSync(STRATEGIES, join(folder, 'strategies'), { recursive: true });
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
      const { results, ended } = coordinate(server.url, work, chunks, { password: PASSWORD });
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
});

import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Ended, endOf, runCandor, startCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The command in an empty project, or in one with these files. */
function candor(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  return inTemporaryFolder({ 'strategies/.keep': '', ...files }, (folder) => runCandor(args, folder));
}

/** A clone whose program is this one's, with a node_modules of its own. */
function inClone(body: (clone: { readonly kept: string; readonly help: () => Promise<Ended> }) => Promise<void>) {
  return inTemporaryFolder({ 'strategies/.keep': '', 'node_modules/.keep': '' }, (folder) => {
    cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
    symlinkSync(join(ROOT, 'src'), join(folder, 'src'));
    const kept = join(folder, 'node_modules/.cache');
    const help = () => endOf(join(folder, 'bin/candor.js'), ['--help'], folder);
    return body({ kept, help });
  });
}

describe.concurrent('what was compiled', () => {
  it('is kept in the clone, by several at once, and what is damaged of it is as good as absent', async () => {
    await inClone(async ({ kept, help }) => {
      const before = await Promise.all([help(), help(), help()]);
      const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(10);
      for (const { parentPath, name } of files) {
        const file = join(parentPath, name);
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(7, bytes.length >> 1));
      }
      for (const ended of [...before, await help()]) {
        expect(ended).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('Usage: candor') });
      }
    });
  });

  it('is not kept where nothing can be written, and nothing is said', async () => {
    await inClone(async ({ kept, help }) => {
      writeFileSync(kept, 'in the way');
      expect(await help()).toMatchObject({ exitCode: 0, stderr: '' });
    });
  });
});

describe.concurrent('the command line', () => {
  it('lists its commands', async () => {
    const { exitCode, stdout } = await candor(['--help']);
    expect(exitCode).toBe(0);
    for (const command of ['study', 'import', 'data', 'prove', 'verify', 'trials']) expect(stdout).toContain(command);
  });

  it('says its version', async () => {
    const { exitCode, stdout } = await candor(['--version']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['stduy'], '(Did you mean study?)'],
    [['study', '--drws', '5'], '(Did you mean --draws?)'],
    [['study', '--draws', 'many'], 'It is not a whole number from 100 to 100000.'],
    [['--log-level', 'loud', 'study'], 'Allowed choices are debug, info, warn, error, silent'],
    [['import'], "missing required argument 'file'"],
    [['data', 'chekc'], '(Did you mean check?)'],
    [[], 'Usage: candor'],
  ])('refuses candor %j with status 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await candor(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  it('refuses an unknown key of the config, with file, line and the nearest name', async () => {
    const files = { 'config/candor.yaml': 'seed: 1\nslipageBps: 3\n' };
    const { exitCode, stderr } = await candor(['data', 'status'], files);
    expect(stderr).toContain('error: the config config/candor.yaml cannot be used\n');
    expect(stderr).toContain("line 2: unknown key 'slipageBps' (did you mean slippageBps?)");
    expect(exitCode).toBe(2);
  });

  it('shows an error once and without its stack, and with it when asked', async () => {
    const short = await candor(['data', 'status']);
    expect(short.stderr).toBe(
      'error: there is no database data/candor.sqlite yet\n' +
        "'candor ingest', 'candor import FILE…' or the first 'candor study' makes it.\n",
    );
    const long = await candor(['data', 'status', '--log-level', 'debug']);
    expect(long.stderr).toContain('at withStoredDatabase');
  });

  it('does not make a database by looking', async () => {
    await inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
      await runCandor(['data', 'check'], folder);
      expect(existsSync(join(folder, 'data'))).toBe(false);
    });
  });

  it('says politely that a Node is too old', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.18.0' } })";
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` };
    const { exitCode, stderr } = await inTemporaryFolder({}, (folder) => runCandor(['--help'], folder, env));
    expect(stderr).toContain('error: this is Node 22.18.0, and Candor needs 24');
    expect(exitCode).toBe(1);
  });

  it('works on when nobody reads its output any more', async () => {
    await inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
      const { child, ended } = startCandor(['--help'], folder);
      child.stdout?.destroy();
      expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
    });
  });
});

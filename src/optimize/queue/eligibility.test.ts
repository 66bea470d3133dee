import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import { type Program, thisProgram } from '../program.ts';
import type { Announcement } from './announcements.ts';
import { whyNot } from './eligibility.ts';

const HERE: Program = { candor: '0.1.0', node: '24.21.0', code: 'abc' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function reason(parts: Partial<Announcement>, files: Readonly<Record<string, string>> = {}): string | undefined {
  const blob = { sha256: '', bytes: 0 };
  const sweep = { id: '', name: 'a', program: HERE, strategies: [], fingerprint: '', specification: blob, columns: [] };
  return inTemporaryFolder(files, (folder) => whyNot({ ...sweep, ...parts }, HERE, `${folder}/strategies`));
}

describe('a machine takes part in a sweep', () => {
  const files = { 'strategies/mine.ts': 'text', 'secret.ts': 'text' };
  const wanted = (name: string, text = 'text') => ({ strategies: [{ name, fileSha256: sha256(text) }] });

  test('with the same program and the same strategies', () => {
    expect(reason(wanted('mine'), files)).toBeUndefined();
  });

  test.each([
    ['another version', { program: { ...HERE, candor: '0.2.0' } }, 'it is a sweep of Candor 0.2.0, and this is 0.1.0'],
    ['another commit', { program: { ...HERE, code: 'def' } }, 'another commit of Candor'],
    ['another Node', { program: { ...HERE, node: '26.0.0' } }, 'it is a sweep on Node 26.0.0, and this is 24.21.0'],
    ['no such strategy', wanted('yours'), 'strategies/yours.ts is not here'],
    ['another text of it', wanted('mine', 'other'), 'strategies/mine.ts is another version here'],
    ['a path out of the folder', wanted('../secret'), 'strategies/../secret.ts is not here'],
    ['an absolute path', wanted('/etc/hostname'), 'is not here'],
  ])('but not with %s', (_, parts, part) => {
    expect(reason(parts, files)).toContain(part);
    expect(reason(parts, files)).toContain('git pull');
  });
});

test('this program is the same each time it is asked', () => {
  expect(thisProgram()).toEqual(thisProgram());
  expect(thisProgram().code).toMatch(/^[0-9a-f]{64}$/);
});

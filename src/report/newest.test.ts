import { describe, expect, it } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import type { UsageError } from '../domain/errors.ts';
import { newestReport } from './newest.ts';

const FILES = {
  'mine-2025-07-26T040000Z-1a2b3c4d.json': '',
  'mine-2025-07-26T040001Z-0a2b3c4d.json': '',
  'mine-2025-07-26T040001Z-0a2b3c4d.html': '',
  'mine-2025-07-26T040002Z-0a2b3c4d.json.123.tmp': '',
  'mine-too-2025-07-27T040000Z-1a2b3c4d.json': '',
  'mine-sweep-2025-07-28T040000Z-1a2b3c4d.json': '',
};

function refusalOf(directory: string, study: string): Pick<UsageError, 'message' | 'hint'> {
  try {
    newestReport(directory, study);
  } catch (error) {
    return error as UsageError;
  }
  throw new Error(`a report of ${study} was found`);
}

describe('the newest report', () => {
  it('is the one that was made last of that study, and of no other whose name begins so', () =>
    inTemporaryFolder(FILES, (folder) => {
      expect(newestReport(folder, 'mine')).toBe(`${folder}/mine-2025-07-26T040001Z-0a2b3c4d.json`);
      expect(newestReport(folder, 'mine-too')).toBe(`${folder}/mine-too-2025-07-27T040000Z-1a2b3c4d.json`);
    }));

  it('of a study that has none is refused with the nearest that have one; those of sweeps are no such', () =>
    inTemporaryFolder(FILES, (folder) => {
      expect(refusalOf(folder, 'mien')).toMatchObject({
        message: "there is no report of a study 'mien'",
        hint: 'Did you mean mine?',
      });
      expect(refusalOf(`${folder}/absent`, 'mine').hint).toContain("'npx candor study mine' writes one");
    }));
});

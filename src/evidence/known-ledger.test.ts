import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import { openDatabase } from '../market/database.ts';
import { keepLine } from '../market/trial-store.ts';
import { knownLedger } from './known-ledger.ts';
import { sealedFromOf } from './seal.ts';
import { appendTrial } from './trial-ledger.ts';

const SEALED_MS = Date.UTC(2025, 2, 1);
const LATER_MS = Date.UTC(2035, 2, 1);

it('holds to a seal as it was written, though its line was changed and bears the hash that it had', () => {
  inTemporaryFolder({}, (folder) => {
    const path = join(folder, 'trials.jsonl');
    const db = openDatabase(':memory:');
    onTestFinished(() => {
      db.close();
    });
    const line = appendTrial(path, { kind: 'seal', fromMs: SEALED_MS, seenBy: 0 }, fixedClock(SEALED_MS));
    keepLine(db, { hash: line.hash, text: JSON.stringify(line) });
    expect(knownLedger(path, db).lost).toEqual([]);

    writeFileSync(path, readFileSync(path, 'utf8').replace(`${SEALED_MS},"seenBy"`, `${LATER_MS},"seenBy"`));
    const { lines, lost, state } = knownLedger(path, db);
    expect(state.intact).toBe(false);
    expect(lines).toEqual([{ ...line, fromMs: LATER_MS }]);
    expect(lost).toEqual([line]);
    expect(sealedFromOf([...lines, ...lost])('BTC')).toBe(SEALED_MS);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fixedClock } from '../../domain/clock.ts';
import { openDatabase } from '../database.ts';
import { memoryDatabase, NEW_YEAR_MS, temporaryFolder } from '../testing.ts';
import { claimIngestion } from './claim.ts';

const CLOCK = fixedClock(NEW_YEAR_MS);

function openFile(): ReturnType<typeof openDatabase> {
  const db = openDatabase(join(temporaryFolder(), 'candor.sqlite'));
  onTestFinished(() => void db.close());
  return db;
}

test('a second ingester is refused by name while the first is at work, and not after it', () => {
  const db = openFile();
  const first = claimIngestion(db, CLOCK);
  expect(() => claimIngestion(db, fixedClock(NEW_YEAR_MS + 1))).toThrow(
    `another ingester is at work on ${db.name}: process ${process.pid}, since 2025-01-01T00:00Z`,
  );
  first.release();
  claimIngestion(db, CLOCK).release();
});

test('a killed ingester leaves no claim behind', async () => {
  const db = openFile();
  const program = `
    import { openDatabase } from '${import.meta.resolve('../database.ts')}';
    import { systemClock } from '${import.meta.resolve('../../domain/clock.ts')}';
    import { claimIngestion } from '${import.meta.resolve('./claim.ts')}';
    globalThis.claim = claimIngestion(openDatabase(${JSON.stringify(db.name)}), systemClock);
    console.log('claimed');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(() => claimIngestion(db, CLOCK)).toThrow(`process ${child.pid}, since`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  claimIngestion(db, CLOCK).release();
});

test('a database in memory has no other ingester', () => {
  const db = memoryDatabase();
  claimIngestion(db, CLOCK);
  expect(() => claimIngestion(db, CLOCK)).not.toThrow();
});

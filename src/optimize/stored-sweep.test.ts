import { describe, expect, it } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import type { CandorError } from '../domain/errors.ts';
import { epochMs } from '../domain/units.ts';
import { type MarketDatabase, openDatabase } from '../market/database.ts';
import { beginSweep, markProven } from '../market/sweep-store.ts';
import { findStored } from './stored-sweep.ts';

const STORED = { abcd1: 'one', abcd2: 'two', ef01: 'face' } as const;

/** A database with three finished sweeps, the name of one of which could be an identity. */
function withSweeps(body: (db: MarketDatabase) => void): Promise<void> {
  return inTemporaryFolder({}, async (folder) => {
    const db = openDatabase(`${folder}/candor.sqlite`);
    const span = { fromMs: epochMs(0), toMs: epochMs(1) };
    for (const [start, name] of Object.entries(STORED)) {
      const identity = start.padEnd(64, '0');
      const record = { name, identity, fingerprint: 'f'.repeat(64), ...span, combinations: 1, spec: '{}' };
      markProven(db, beginSweep(db, record, fixedClock(0)).id, fixedClock(1));
    }
    body(db);
    db.close();
  });
}

function refusalOf(db: MarketDatabase, named: string, asSeen = false): Pick<CandorError, 'message' | 'details'> {
  try {
    findStored(db, named, { asSeen });
  } catch (error) {
    return error as CandorError;
  }
  throw new Error(`${named} was found`);
}

describe('a stored sweep', () => {
  it.each([
    ['one', 'one'],
    ['face', 'face'],
    ['abcd2', 'two'],
    ['ef01', 'face'],
    ['ef01'.padEnd(64, '0'), 'face'],
  ])('is found by %s', (named, name) =>
    withSweeps((db) => expect(findStored(db, named, { asSeen: false }).name).toBe(name)),
  );

  it('is not found by letters that several have; they are named', () =>
    withSweeps((db) => {
      expect(refusalOf(db, 'abcd')).toMatchObject({
        message: "the identities of 2 stored sweeps begin with 'abcd'",
        details: expect.arrayContaining(['abcd10000000  one', 'abcd20000000  two']),
      });
    }));

  it('on the values first seen is another one than on the final values, and is asked for', () =>
    withSweeps((db) => {
      expect(refusalOf(db, 'one', true).message).toBe("the sweep 'one' is stored on final values alone");
      db.prepare(`UPDATE sweeps SET spec = '{"asSeen":true}' WHERE name = 'one'`).run();
      expect(findStored(db, 'one', { asSeen: true }).name).toBe('one');
      expect(refusalOf(db, 'one').message).toBe("the sweep 'one' is stored on the values first seen alone");
      expect(findStored(db, 'abcd1', { asSeen: false }).name).toBe('one');
    }));

  it.each(['abc', 'ef1', 'eff0', 'ABCD1'])('is not found by %s, and the refusal says what is taken', (named) =>
    withSweeps((db) => {
      const { message, details } = refusalOf(db, named);
      expect(message).toBe(`no sweep '${named}' is stored`);
      expect(details).toEqual([expect.stringContaining('at least 4')]);
    }),
  );
});

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixedClock } from '../domain/clock.ts';
import { epochMs } from '../domain/units.ts';
import { openDatabase } from './database.ts';
import {
  beginSweep,
  discardSweep,
  listSweeps,
  markProven,
  RESULT_COLUMNS,
  readResults,
  type SweepRecord,
  storeResults,
} from './sweep-store.ts';
import { memoryDatabase, temporaryFolder } from './testing.ts';

const WIDTH = RESULT_COLUMNS.length;
const clock = fixedClock(1_000);
const RECORD: SweepRecord = {
  identity: 'a'.repeat(64),
  name: 'first',
  spec: '{}',
  fingerprint: 'f',
  fromMs: epochMs(0),
  toMs: epochMs(1),
  combinations: 100,
};

const rowsOf = (count: number, value: (i: number) => number): Float64Array =>
  Float64Array.from({ length: count * WIDTH }, (_, i) => value(i));

function stored(db: ReturnType<typeof memoryDatabase>, sweep: number): Map<number, readonly number[]> {
  const rows = new Map<number, readonly number[]>();
  readResults(db, sweep, (combination, values) => rows.set(combination, values));
  return rows;
}

describe('results of sweeps', () => {
  it('come back as they were, to the last bit, in the order of the sweep', () => {
    const db = memoryDatabase();
    const numbers = fc.array(fc.double(), { minLength: WIDTH, maxLength: 4 * WIDTH });
    fc.assert(
      fc.property(numbers, fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 3 }), (values, firsts) => {
        const { id } = beginSweep(db, RECORD, clock);
        const rows = Float64Array.from(values.slice(0, Math.floor(values.length / WIDTH) * WIDTH));
        const expected = new Map<number, readonly number[]>();
        const count = rows.length / WIDTH;
        for (const first of firsts.map((place) => place * count)) {
          storeResults(db, id, first, rows);
          storeResults(db, id, first, rows);
          for (let i = 0; i < count; i++) {
            // SQLite keeps whole numbers as integers, of which there is one zero.
            expected.set(
              first + i,
              [...rows.subarray(i * WIDTH, (i + 1) * WIDTH)].map((value) => value + 0),
            );
          }
        }
        const read = stored(db, id);
        expect([...read.keys()]).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [combination, row] of expected) expect(read.get(combination)).toEqual(row);
        discardSweep(db, id);
      }),
      { numRuns: 50 },
    );
  });

  it('count once, however often they are stored', () => {
    const db = memoryDatabase();
    const { id } = beginSweep(db, RECORD, clock);
    for (const first of [0, 5, 0])
      storeResults(
        db,
        id,
        first,
        rowsOf(10, (i) => i + first * WIDTH),
      );
    expect(listSweeps(db)).toMatchObject([{ id, name: 'first', done: 15, combinations: 100, provenMs: null }]);
    markProven(db, id, clock);
    expect(listSweeps(db)[0]?.provenMs).toBe(1_000);
  });

  it.each<[string, (value: number) => number]>([
    ['by one bit', (value) => value + 2 ** -52],
    ['by having no value', () => Number.NaN],
  ])('that differ from what is stored %s take all of the sweep back', (_, change) => {
    const db = memoryDatabase();
    const { id } = beginSweep(db, RECORD, clock);
    const other = beginSweep(db, { ...RECORD, identity: 'b'.repeat(64) }, clock);
    const rows = rowsOf(10, (i) => (i % 3 === 0 ? Number.NaN : i === 4 * WIDTH + 2 ? 1 : i));
    for (const sweep of [id, other.id]) storeResults(db, sweep, 0, rows);
    const changed = rows.slice(3 * WIDTH);
    changed[WIDTH + 2] = change(changed[WIDTH + 2] as number);
    expect(() => storeResults(db, id, 3, changed)).toThrow(
      expect.objectContaining({
        name: 'DataError',
        message: "a result of the sweep 'first' is not the one that is stored",
        details: ['sweep aaaaaaaaaaaa, combination 4', `win_rate: ${change(1)}, stored: 1`],
        hint: expect.stringContaining('run it again'),
      }),
    );
    expect(listSweeps(db)).toMatchObject([{ id: other.id, done: 10 }]);
    expect(stored(db, id).size).toBe(0);
  });

  it('of one identity belong together, whatever the sweep is called; of another they do not', () => {
    const db = memoryDatabase();
    const first = beginSweep(db, RECORD, clock);
    storeResults(
      db,
      first.id,
      0,
      rowsOf(3, () => 1),
    );
    const again = beginSweep(db, { ...RECORD, name: 'second' }, fixedClock(2_000));
    expect(again).toMatchObject({ id: first.id, name: 'second', begunMs: 2_000, done: 3 });
    const other = beginSweep(db, { ...RECORD, identity: 'b'.repeat(64) }, fixedClock(3_000));
    expect(other.done).toBe(0);
    expect(listSweeps(db).map(({ id }) => id)).toEqual([other.id, first.id]);
  });

  it('are read while another process writes more', () => {
    const path = join(temporaryFolder(), 'sweeps.sqlite');
    const [one, two] = [openDatabase(path), openDatabase(path)];
    onTestFinished(() => {
      one.close();
      two.close();
    });
    const { id } = beginSweep(one, RECORD, clock);
    storeResults(
      one,
      id,
      0,
      rowsOf(20, (i) => i),
    );
    storeResults(
      two,
      id,
      10,
      rowsOf(20, (i) => i + 10 * WIDTH),
    );
    expect(stored(one, id)).toEqual(stored(two, id));
    expect(stored(one, id).size).toBe(30);
  });

  it('that the disk has no room for are refused, and those before them stay', () => {
    const path = join(temporaryFolder(), 'full.sqlite');
    const db = openDatabase(path);
    onTestFinished(() => {
      db.close();
    });
    const { id } = beginSweep(db, RECORD, clock);
    storeResults(db, id, 0, rowsOf(10, Math.sqrt));
    db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 1}`);
    expect(() => storeResults(db, id, 10, rowsOf(1_000, Math.sqrt))).toThrow(/no space left to write .*full\.sqlite/);
    expect(stored(db, id).size).toBe(10);
  });
});

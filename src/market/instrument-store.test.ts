import { expect, test } from 'vitest';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { findInstrument, loadInstruments, writeInstruments } from './instrument-store.ts';
import { memoryDatabase } from './testing.ts';

const PEPE: Instrument = {
  coin: 'kPEPE',
  szDecimals: 0,
  marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 10 }],
  isDelisted: false,
};

test('built-in rules serve until the exchange has stated its own', () => {
  const db = memoryDatabase();
  expect([...loadInstruments(db).values()]).toEqual(BUILT_IN_INSTRUMENTS);
  const tighter: Instrument = { ...PEPE, coin: 'BTC', szDecimals: 5 };
  expect(writeInstruments(db, [PEPE, tighter])).toEqual({ added: 2, unchanged: 0, changed: 0 });
  expect(findInstrument(loadInstruments(db), 'BTC')).toEqual(tighter);
  expect(findInstrument(loadInstruments(db), 'kPEPE')).toEqual(PEPE);
  expect(loadInstruments(db).size).toBe(4);
});

test('newer rules take the place of older ones, and are counted', () => {
  const db = memoryDatabase();
  writeInstruments(db, [PEPE]);
  const delisted = { ...PEPE, isDelisted: true };
  expect(writeInstruments(db, [delisted], 'rollback')).toEqual({ added: 0, unchanged: 0, changed: 1 });
  expect(findInstrument(loadInstruments(db), 'kPEPE').isDelisted).toBe(false);
  expect(writeInstruments(db, [delisted])).toEqual({ added: 0, unchanged: 0, changed: 1 });
  expect(findInstrument(loadInstruments(db), 'kPEPE').isDelisted).toBe(true);
});

test('an unknown coin is named with the nearest', () => {
  const instruments = loadInstruments(memoryDatabase());
  expect(() => findInstrument(instruments, 'BTX')).toThrow(
    expect.objectContaining({
      message: "the trading rules of 'BTX' are not known",
      hint: expect.stringMatching(/mean BTC/),
    }),
  );
});

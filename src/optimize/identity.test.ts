import { describe, expect, it } from 'vitest';
import { sweepOf, sweepWork } from '../../test/sweeps.ts';
import { fromUsd } from '../domain/units.ts';
import type { SweepWork } from './contract.ts';
import { hashOfColumns, identityOf } from './identity.ts';
import { type Program, thisProgram } from './program.ts';

const { work } = await sweepWork(sweepOf());
const { sweep, costs, data, strategies } = work;
const [firstStrategy] = strategies;
const [firstGrid] = data.grids;
const PROGRAM: Program = { candor: '0.1.0', node: '24.21.0', code: 'a'.repeat(64) };

describe('the identity of a sweep', () => {
  it.each<[string, Partial<SweepWork>]>([
    ['its name', { sweep: { ...sweep, name: 'another' } }],
    ['the seed of its sample', { sweep: { ...sweep, seed: 99 } }],
    ['how its span was asked for', { sweep: { ...sweep, span: { fromMs: data.fromMs, toMs: data.toMs } } }],
    ['where the candles came from', { data: { ...data, source: 'elsewhere', isSynthetic: false } }],
  ])('is not changed by %s', (_, parts) => {
    expect(identityOf({ ...work, ...parts }, PROGRAM)).toBe(identityOf(work, PROGRAM));
  });

  it.each<[string, Partial<SweepWork>]>([
    ['its candles', { data: { ...data, fingerprint: 'f'.repeat(64) } }],
    [
      'where it begins',
      { data: { ...data, grids: [{ ...firstGrid, from: firstGrid.from + 1 }, ...data.grids.slice(1)] } },
    ],
    ['that they are as first seen', { data: { ...data, asSeen: true } }],
    ['the rules of a coin', { data: { ...data, instruments: new Map([...data.instruments].slice(1)) } }],
    [
      'the file of a strategy',
      { strategies: [{ name: firstStrategy?.name ?? '', fileSha256: '0' }, ...strategies.slice(1)] },
    ],
    ['a fee', { costs: { ...costs, makerFee: 0 } }],
    ['the deposit', { sweep: { ...sweep, depositUsd: fromUsd(5) } }],
    ['who shares an account', { sweep: { ...sweep, account: 'shared' } }],
    ['the order of its coins', { sweep: { ...sweep, coins: sweep.coins.toReversed() } }],
    ['one cell', { sweep: { ...sweep, grid: sweep.grid.slice(1) } }],
    ['the values of a param', { sweep: { ...sweep, strategies: sweep.strategies.slice(0, 1) } }],
  ])('is changed by %s', (_, parts) => {
    expect(identityOf({ ...work, ...parts }, PROGRAM)).not.toBe(identityOf(work, PROGRAM));
  });

  it('is changed by the code that computes, and by the Node that runs it', () => {
    expect(identityOf(work, { ...PROGRAM, code: 'b'.repeat(64) })).not.toBe(identityOf(work, PROGRAM));
    expect(identityOf(work, { ...PROGRAM, node: '26.0.0' })).not.toBe(identityOf(work, PROGRAM));
    expect(identityOf(work)).toBe(identityOf(work, thisProgram()));
  });
});

describe('the hash of results', () => {
  const hash = (...values: number[]): string => hashOfColumns([Float64Array.from(values)]);

  it('knows one zero and one NaN, as a database does, and every other bit', () => {
    const otherNaN = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0001n]).buffer);
    expect(hash(0, Number.NaN)).toBe(hash(-0, otherNaN[0] as number));
    expect(hash(1)).not.toBe(hash(1 + 2 ** -52));
    expect(hash(1, 2)).not.toBe(hash(2, 1));
  });
});

import { describe, expect, test } from 'vitest';
import { CandorError, DataError, didYouMean, LookAheadError, nearestNames, UsageError } from './errors.ts';

describe('errors', () => {
  test('carry what is wrong, where, what to do, and the cause', () => {
    const cause = new Error('disk');
    const error = new DataError('broken', { hint: 'Mend it.', details: ['line 3'], cause });
    expect(error).toBeInstanceOf(CandorError);
    expect(error).toMatchObject({ name: 'DataError', message: 'broken', hint: 'Mend it.', details: ['line 3'], cause });
  });

  test('have no hint, details or cause that nobody gave', () => {
    const error = new LookAheadError('peeks');
    expect([error.hint, error.details, 'cause' in error]).toEqual([undefined, [], false]);
    expect(new UsageError('wrong').name).toBe('UsageError');
  });
});

describe('names that were meant', () => {
  const names = ['breakout', 'breakout-volume', 'rsi-reversion', 'ema-cross'];

  test.each([
    ['brekout', ['breakout']],
    ['BREAKOUT', ['breakout', 'breakout-volume']],
    ['ema', ['ema-cross']],
    ['ema-corss', ['ema-cross']],
    ['zzz', []],
  ])('%s: %j', (typed, meant) => {
    expect(nearestNames(typed, names)).toEqual(meant);
  });

  test('a slip is not answered with names that go on where the right one ends', () => {
    expect(nearestNames('ninty-days', ['ninety-days', 'ninety-days-15m'])).toEqual(['ninety-days']);
  });

  test('a hint names the nearest, or else all that there are', () => {
    expect(didYouMean('brekout', names)).toBe('Did you mean breakout?');
    expect(didYouMean('zzz', names)).toBe('Known: breakout, breakout-volume, rsi-reversion, ema-cross.');
    expect(didYouMean('zzz', [])).toBe('There are none yet.');
    const coins = Array.from({ length: 229 }, (_, i) => `COIN${100 + i}`);
    const hint = didYouMean('zzz', coins);
    expect(hint).toMatch(/^Known: COIN100, .*, COIN110 … and 218 more\.$/);
    expect(hint.length).toBeLessThan(125);
  });
});

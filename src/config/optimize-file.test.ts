import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { UsageError } from '../domain/errors.ts';
import { loadOptimization } from './optimize-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SMALLEST = `
strategies: [ema-cross]
coins: [BTC]
interval: 1h
cell: { stop: 2 %, maxHold: 24 }
`;

function read(text: string) {
  const files = { 'backtests/optimize/mine.yaml': text };
  return inTemporaryFolder(files, (root) => loadOptimization('mine', { root, workingDirectory: root, seed: 5 }));
}

function mistakes(text: string): readonly string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UsageError) return error.details;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a file of backtests/optimize', () => {
  it('needs to say little, and is complete', () => {
    expect(read(SMALLEST)).toMatchObject({
      name: 'mine',
      strategies: [{ name: 'ema-cross', params: {} }],
      confirm: [],
      cell: { sizing: { riskFraction: 0.01 }, maxHold: 24 },
      windows: { trainDays: 60, testDays: 20, folds: 6 },
      candidates: 183,
      controls: { draws: 1000, seed: 5 },
      depositUsd: 10_000_000_000,
    });
  });

  it('is there for a start, and says what is the default', () => {
    const monthly = loadOptimization('monthly', { root: ROOT, workingDirectory: ROOT, seed: 1 });
    const { windows, candidates, controls, confirm, depositUsd } = read(SMALLEST);
    expect(monthly).toMatchObject({ windows, candidates, confirm, depositUsd, controls: { ...controls, seed: 1 } });
    expect(monthly.strategies).toEqual([{ name: 'breakout-volume', params: {} }]);
  });

  it('takes ranges of params as a sweep does', () => {
    const params = '[{ name: ema-cross, params: { fast: { from: 4, to: 12, step: 4 }, slow: [20, 30] } }]';
    const [strategy] = read(SMALLEST.replace('[ema-cross]', params)).strategies;
    expect(strategy?.params).toEqual({ fast: [4, 8, 12], slow: [20, 30] });
  });

  it('names everything that is wrong with it, with its line', () => {
    expect(mistakes(`${SMALLEST.replace('1h', '1hr')}windows: { trainDays: 3, folds: 1, step: 2 }\n`)).toEqual([
      expect.stringMatching(/^line 4: interval: '1hr' is not one of .* \(did you mean 1h\?\)$/),
      'line 6: windows.trainDays: 3 is out of range (from 7 to 3650): a shorter window chooses by chance alone',
      'line 6: windows.folds: 1 is out of range (from 2 to 100): one fold is one moment of the market',
      "line 6: windows: unknown key 'step'; known: trainDays, testDays, folds",
    ]);
  });

  it('needs a longest holding and a share at risk', () => {
    expect(mistakes(SMALLEST.replace('maxHold: 24', 'sizing: allEquity'))).toEqual([
      'line 5: cell.maxHold: is missing: it is the distance between what chooses params and what tests them',
      'line 5: cell.sizing: candidates are compared at an equal risk budget: write { riskFraction: 1 % }',
    ]);
  });

  it('is confirmed on finer candles alone', () => {
    expect(mistakes(`${SMALLEST}confirm: [30m, 4h]\n`)).toEqual([
      'line 6: confirm[1]: 4h does not divide 1h into finer candles',
    ]);
  });

  it('is found by its name, and by no other', () => {
    const place = { root: ROOT, workingDirectory: ROOT, seed: 1 };
    expect(() => loadOptimization('montly', place)).toThrow("there is no optimisation 'montly' in backtests/optimize/");
  });
});

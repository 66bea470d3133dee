import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import { epochMs } from '../domain/units.ts';
import { readTrials, TRIALS_FILE } from '../evidence/trial-ledger.ts';
import type { Context } from './context.ts';
import { recordGates } from './keeping.ts';

const withGates = (root: string, gates: Partial<Context['config']['gates']>): Context =>
  ({
    root,
    databasePath: join(root, 'data/candor.sqlite'),
    clock: { nowMs: () => epochMs(1_700_000_000_000) },
    config: { ...DEFAULT_CONFIG, gates: { ...DEFAULT_CONFIG.gates, ...gates } },
  }) as Context;

test('thresholds other than those last on record are written down, once, before anything is judged by them', () =>
  inTemporaryFolder({ 'backtests/README': '' }, (root) => {
    const onRecord = (): unknown[] =>
      readTrials(join(root, TRIALS_FILE)).lines.map((line) => [line.kind, 'gates' in line && line.gates.alpha]);
    recordGates(withGates(root, {}));
    expect(onRecord()).toEqual([]);
    recordGates(withGates(root, { alpha: 0.2 }));
    recordGates(withGates(root, { alpha: 0.2 }));
    expect(onRecord()).toEqual([['gates', 0.2]]);
    // Going back is a change too.
    recordGates(withGates(root, {}));
    expect(onRecord()).toEqual([
      ['gates', 0.2],
      ['gates', 0.05],
    ]);
    expect(readTrials(join(root, TRIALS_FILE)).state).toEqual({ intact: true });
  }));

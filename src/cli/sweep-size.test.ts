import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf } from '../../test/sweeps.ts';
import { DEFAULT_CONFIG } from '../config/config.ts';
import { type Clock, fixedClock } from '../domain/clock.ts';
import { UsageError } from '../domain/errors.ts';
import type { Sweep } from '../domain/sweep.ts';
import { epochMs } from '../domain/units.ts';
import type { Context } from './context.ts';
import { Output } from './output.ts';
import { countSweep, type PlannedSweep, thinnedOf } from './sweep-plan.ts';
import { planSweepOfSize } from './sweep-size.ts';

/** 191 × 9,000 sets on two intervals. */
const LARGE: Partial<Sweep> = {
  strategies: [
    {
      name: 'breakout-volume',
      params: {
        lookback: Array.from({ length: 191 }, (_, i) => 10 + i),
        surge: Array.from({ length: 9_000 }, (_, i) => (i + 1) / 1_000),
      },
    },
  ],
  coins: ['BTC'],
  grid: sweepOf().grid.slice(0, 1),
};

interface Asked {
  readonly planned: PlannedSweep | undefined;
  readonly questions: readonly string[];
  readonly notes: readonly string[];
}

/** Plans a sweep for somebody who gives this answer; undefined is nobody. */
async function plannedFor(
  parts: Partial<Sweep>,
  answer: string | undefined,
  { yes = false, clock = fixedClock(0) }: { readonly yes?: boolean; readonly clock?: Clock } = {},
): Promise<Asked> {
  const questions: string[] = [];
  const notes: string[] = [];
  const ask = (question: string): Promise<string> => {
    questions.push(question);
    return Promise.resolve(answer ?? '');
  };
  const context = {
    root: join(STRATEGIES, '..'),
    clock,
    config: DEFAULT_CONFIG,
    out: new Output({ write: () => {} }, { write: (text: string) => notes.push(text) }),
    ask: answer === undefined ? undefined : ask,
    signal: new AbortController().signal,
  } as unknown as Context;
  const counted = await countSweep(sweepOf(parts), context);
  const planned = await planSweepOfSize(
    counted,
    { isSyntheticWanted: true, asSeen: false },
    { yes, workers: 2 },
    context,
  );
  return { planned, questions, notes };
}

/** A clock that jumps by ten seconds whenever it is read: everything takes ages. */
function slowClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => {
      nowMs += 10_000;
      return epochMs(nowMs);
    },
  };
}

describe('the sample of a sweep', () => {
  it('has both ends of every list, and few sets of many', async () => {
    const context = { root: join(STRATEGIES, '..') } as Context;
    const [{ params = {} } = {}] = thinnedOf(await countSweep(sweepOf(LARGE), context)).plan.sweep.strategies;
    expect(Object.values(params).map((values) => [values[0], values.at(-1), values.length])).toEqual([
      [10, 200, 64],
      [0.001, 9, 64],
    ]);
  });

  it('is a small sweep itself', async () => {
    const counted = await countSweep(sweepOf(), { root: join(STRATEGIES, '..') } as Context);
    expect(thinnedOf(counted).plan.sweep).toEqual(counted.plan.sweep);
  });
});

describe('the size of a sweep', () => {
  it('asks nobody about a small one', async () => {
    const { planned, questions } = await plannedFor({}, 'n');
    expect(planned?.plan.count).toBe(72);
    expect(questions).toEqual([]);
  });

  it.each(['', 'n', 'no', 'perhaps'])('does not run a large one after %j', async (answer) => {
    const { planned, questions, notes } = await plannedFor(LARGE, answer, { clock: slowClock() });
    expect(planned).toBeUndefined();
    expect(questions).toEqual([
      expect.stringMatching(
        /^the sweep has 3,438,000 combinations and would take roughly \d.* and 378 MB of disk\. Run it\? \[y\/N\] $/,
      ),
    ]);
    expect(notes).toEqual(['not run\n']);
  });

  it('refuses a large one where nobody can be asked, with the hint', async () => {
    await expect(plannedFor(LARGE, undefined, { clock: slowClock() })).rejects.toThrow(UsageError);
    await expect(plannedFor(LARGE, undefined, { clock: slowClock() })).rejects.toMatchObject({
      hint: expect.stringContaining('--yes'),
    });
  });
});

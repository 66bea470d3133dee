import { expect, test } from 'vitest';
import type { Chunk, ChunkResult } from './contract.ts';
import type { ChunkEvaluator } from './evaluate.ts';
import { type SharedResult, type SharedTasks, stop, workOff } from './shared-tasks.ts';

const CHUNKS = Array.from({ length: 37 }, (_, i): Chunk => ({ first: 10 * i, count: 10 }));

function sharedBy(workers: number): SharedTasks {
  return { tasks: CHUNKS, taken: new BigInt64Array(new SharedArrayBuffer(8)), workers, isAtBack: false };
}

/** An evaluator that says what it was asked for, and what it was told to expect. */
const ECHO = {
  evaluate: ({ first }: Chunk, expected = Number.NaN): ChunkResult => Float64Array.of(first, expected),
} as ChunkEvaluator;

test.each([1, 2, 5])('%i workers in turn carry out every task, each once', (workers) => {
  const shared = sharedBy(workers);
  let lines = Array.from({ length: workers }, (_, i) => workOff(ECHO, { ...shared, isAtBack: i % 2 === 1 }));
  const results: SharedResult[] = [];
  while (lines.length > 0) {
    lines = lines.filter((line) => {
      const { value, done } = line.next();
      if (!done) results.push(value);
      return !done;
    });
  }
  const inOrder = results.sort((a, b) => a.place - b.place);
  expect(inOrder.map(({ place }) => place)).toEqual([...CHUNKS.keys()]);
  expect(inOrder.map(({ result }) => (result as ChunkResult)[0])).toEqual(CHUNKS.map(({ first }) => first));
});

test('neighbours are taken together, fewer towards the end, and each knows how far they go', () => {
  const results = [...workOff(ECHO, sharedBy(2))].map(({ result }) => result as ChunkResult);
  const lengths = Map.groupBy(results, ([, expected]) => expected);
  expect([...lengths].map(([, run]) => run.length)).toEqual([10, 7, 5, 4, 3, 2, 2, 1, 1, 1, 1]);
  expect([...lengths.keys()].slice(0, 3)).toEqual([100, 170, 220]);
});

test('who begins at the back takes neighbours there, until the two meet', () => {
  const shared = sharedBy(2);
  const back = workOff(ECHO, { ...shared, isAtBack: true });
  expect(back.next().value).toMatchObject({ place: 27, result: Float64Array.of(270, 370) });
  const places = [...workOff(ECHO, shared), ...back].map(({ place }) => place);
  expect(places).toEqual([...Array(27).keys(), 28, 29, 30, 31, 32, 33, 34, 35, 36]);
});

test('when they are stopped, what was begun is the last', () => {
  const shared = sharedBy(2);
  const line = workOff(ECHO, shared);
  expect(line.next().value).toMatchObject({ place: 0 });
  stop(shared);
  expect(line.next().done).toBe(true);
  expect([...workOff(ECHO, shared)]).toEqual([]);
});

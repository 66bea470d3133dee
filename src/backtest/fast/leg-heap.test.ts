import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LegHeap } from './leg-heap.ts';

test('events come in their order, whatever legs they belong to', () => {
  const timetables = fc.array(fc.array(fc.nat({ max: 1_000 }), { maxLength: 20 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(timetables, (unsorted) => {
      // Every event has a number of its own, as those of a run have: row, phase and leg.
      const legs = unsorted.length;
      const timetable = unsorted.map((rows, leg) => rows.toSorted((a, b) => a - b).map((row) => row * legs + leg));
      const due = (leg: number, event: number): number => timetable[leg]?.[event] ?? Number.POSITIVE_INFINITY;
      const heap = new LegHeap(timetable.map((_, leg) => due(leg, 0)));
      const at = timetable.map(() => 0);
      const seen: number[] = [];
      while (heap.nextDueAt < Number.POSITIVE_INFINITY) {
        const leg = heap.next;
        seen.push(heap.nextDueAt);
        at[leg] = (at[leg] as number) + 1;
        heap.postpone(due(leg, at[leg] as number));
      }
      expect(seen).toEqual(timetable.flat().sort((a, b) => a - b));
    }),
  );
});

import { bitsOfFlags } from '../backtest/fast/bits.ts';
import { checkLookAhead, hasOwnCode, type Suspect } from '../backtest/look-ahead.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import type { ChunkEvaluator } from './evaluate.ts';

/**
 * Makes sure that the strategies of these combinations know nothing of the future, with the very params that somebody
 * is about to be shown. Only code of a strategy's own can; combinations that differ in risk rules alone say the same.
 *
 * @param strategies in the order of the sweep
 * @param onProgress after each that had to be replayed
 * @param signal when it is given, this ends soon, and nothing is sure
 * @throws LookAheadError with the first difference; and whatever a strategy throws
 */
export async function requireNoLookAhead(
  evaluator: ChunkEvaluator,
  strategies: readonly LoadedStrategy[],
  combinations: Iterable<number>,
  { onProgress, signal }: { onProgress: (done: number, total: number) => void; signal: AbortSignal },
): Promise<void> {
  const suspects = new Map<number, () => Suspect>();
  for (const index of combinations) {
    const { block, params } = evaluator.plan.combinationAt(index);
    const { strategy, interval, coins, first, cells } = block;
    const loaded = strategies[strategy];
    if (loaded === undefined) throw new RangeError(`the sweep has no strategy ${strategy}`);
    const built = loaded.strategy.build(params);
    if (!hasOwnCode(built)) continue;
    suspects.set(index - ((index - first) % cells), () => {
      const bits = evaluator.referenceSpec(index).legs.map(({ signals }) => bitsOfFlags(signals));
      return { room: evaluator.room, loaded, built, interval, coins, bits };
    });
  }
  for (const [done, suspect] of [...suspects.values()].entries()) {
    if (signal.aborted) return;
    await checkLookAhead(suspect());
    onProgress(done + 1, suspects.size);
  }
}

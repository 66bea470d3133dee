import { type AblationResult, ablate } from './ablation.ts';
import { type Elsewhere, elsewhereVariations } from './elsewhere.ts';
import { type Neighbour, neighboursOf } from './neighbours.ts';
import { coarserVariation, ownVariations } from './robustness.ts';
import type { StrategyBench } from './strategy-bench.ts';
import type { Untried, Variation } from './variation.ts';

/** What is found out beside the verdict: how much of the result hangs on what could as well have been otherwise. */
export interface Probes {
  readonly variations: readonly Variation[];
  readonly neighbours: readonly Neighbour[] | Untried;
  readonly ablation: readonly AblationResult[];
}

/**
 * Everything that is run to question a result. None of it is a trial: nothing is chosen from it.
 *
 * @param bench the strategy with the params that are judged
 * @throws EngineDifference where a variation of the verdict's run does not come out the same on the reference engine
 */
export function probe(bench: StrategyBench, elsewhere: Elsewhere): Probes {
  return {
    variations: [...ownVariations(bench), coarserVariation(bench), ...elsewhereVariations(bench, elsewhere)],
    neighbours: neighboursOf(bench),
    ablation: ablate(bench),
  };
}

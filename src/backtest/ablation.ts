import type { Condition } from '../series/series.ts';
import type { NamedCondition } from '../strategy/define.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { contenderOf } from './choice.ts';
import type { StrategyBench } from './strategy-bench.ts';
import type { Cut } from './variation.ts';

/** What one named condition of an entry is worth, to that side traded alone. */
export interface AblationResult {
  readonly side: 'long' | 'short';
  readonly condition: string;
  readonly whole: Cut;
  /** Null where it is the only one. */
  readonly without: Cut | null;
  readonly alone: Cut;
}

/**
 * Each side is run by itself, so that the other one takes no place and no cash from it; exits stay as they are. All of
 * these are runs with the stops, sizes and costs of the study, beside which `measureClaims` looks at prices alone.
 */
export function ablate(bench: StrategyBench): AblationResult[] {
  return (['long', 'short'] as const).flatMap((side) => {
    const conditions = bench.built.sides[side] ?? [];
    const run = (named: readonly NamedCondition[]): Cut => sideRun(bench, side, named);
    if (conditions.length === 0) return [];
    const whole = run(conditions);
    return conditions.map((named): AblationResult => {
      const others = conditions.filter((other) => other !== named);
      return {
        side,
        condition: named.name,
        whole,
        without: others.length === 0 ? null : run(others),
        alone: others.length === 0 ? whole : run([named]),
      };
    });
  });
}

function sideRun(bench: StrategyBench, side: 'long' | 'short', conditions: readonly NamedCondition[]): Cut {
  const bits = bench.bits.map(
    ({ exitLong, exitShort }, leg): SignalBits => ({
      ...(exitLong === undefined ? {} : { exitLong }),
      ...(exitShort === undefined ? {} : { exitShort }),
      [side]: allOf(
        bench,
        leg,
        conditions.map(({ condition }) => condition),
      ),
    }),
  );
  return contenderOf(bench.draw(bench.study.cell, bits));
}

/** Where all of them are true: unknown is not. */
function allOf(bench: StrategyBench, leg: number, conditions: readonly Condition[]): Uint32Array {
  return conditions
    .map((condition) => bench.bitsOf(leg, condition))
    .reduce((all, one) => all.map((word, i) => word & (one[i] as number)));
}

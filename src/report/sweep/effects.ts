import type { ResultBlock } from '../../optimize/result.ts';
import { type Combinations, quantileOf, valueIndexOf } from './combinations.ts';
import type { AxisEffect, SweepReport } from './schema.ts';

/** Along which axes expectancy changes, strategy by strategy; the most telling axis first, dead ones last. */
export function effectsOf(combinations: Combinations): SweepReport['effects'] {
  const byStrategy = Map.groupBy(combinations.result.blocks, ({ strategy }) => strategy);
  return [...byStrategy].map(([strategy, blocks]) => {
    const [first] = blocks as [ResultBlock];
    const axes = first.axes.map(({ kind, name, labels }, axis) => {
      // All blocks of a strategy have the same axes, so a place within one is a place within any.
      const valueAt = valueIndexOf(first, axis);
      return effect(combinations, { kind, name }, blocks, labels, (place, block) =>
        valueAt(first.first + place - block.first),
      );
    });
    const markets = [
      marketEffect(combinations, { kind: 'interval', name: 'interval' }, blocks, ({ interval }) => interval),
      marketEffect(combinations, { kind: 'coins', name: 'coin' }, blocks, ({ coins }) => coins.join(', ')),
    ];
    return { strategy, axes: [...axes, ...markets.flat()].sort((a, b) => b.spreadR - a.spreadR) };
  });
}

type Named = Pick<AxisEffect, 'kind' | 'name'>;

/** Nothing where all blocks are alike in it. */
function marketEffect(
  combinations: Combinations,
  named: Named,
  blocks: readonly ResultBlock[],
  labelOf: (block: ResultBlock) => string,
): AxisEffect[] {
  const labels = [...new Set(blocks.map(labelOf))];
  if (labels.length < 2) return [];
  return [effect(combinations, named, blocks, labels, (_, block) => labels.indexOf(labelOf(block)))];
}

function effect(
  combinations: Combinations,
  named: Named,
  blocks: readonly ResultBlock[],
  labels: readonly string[],
  groupOf: (place: number, block: ResultBlock) => number,
): AxisEffect {
  const groups = combinations.grouped(blocks, labels.length, groupOf);
  const values = groups.map((sorted, i) => ({
    label: labels[i] as string,
    counted: sorted.length,
    medianR: quantileOf(sorted, 0.5),
    lowerQuartileR: quantileOf(sorted, 0.25),
    upperQuartileR: quantileOf(sorted, 0.75),
  }));
  const medians = values.flatMap(({ medianR }) => (medianR === null ? [] : [medianR]));
  return { ...named, values, spreadR: medians.length === 0 ? 0 : Math.max(...medians) - Math.min(...medians) };
}

import type { Interval } from '../domain/time.ts';
import type { Evaluation } from '../series/evaluation.ts';
import { reachable, settleOf } from '../series/horizon.ts';
import type { Node, Op } from '../series/node.ts';
import { Condition, Series } from '../series/series.ts';

const COMPARISONS: ReadonlySet<Op> = new Set<Op>(['gt', 'gte', 'lt', 'lte', 'eq']);
/** What values from two starts may differ by, of the largest number that went into them (rule 4). */
const AGREEMENT = 1e-9;

/** One evaluation of the two, and the row in it that is the row in question. */
export interface View {
  readonly evaluation: Evaluation;
  readonly row: number;
}

/**
 * Whether a condition falls differently from two starts only because numbers that agree within 1e-9 lie on the two
 * sides of a comparison.
 */
export function isKnifeEdge(condition: Condition, interval: Interval, a: View, b: View): boolean {
  let tipped = false;
  for (const node of reachable([condition.node])) {
    if (!COMPARISONS.has(node.op)) continue;
    const comparison = new Condition(node);
    const bitsA = a.evaluation.bits(comparison);
    const bitsB = b.evaluation.bits(comparison);
    // The furthest that the condition can look back at it; before that it may not have settled yet.
    const furthest = settleOf(condition.node, interval) - settleOf(node, interval);
    for (let back = 0; back <= furthest; back++) {
      if (bitAt(bitsA, a.row - back) === bitAt(bitsB, b.row - back)) continue;
      if (!sidesAgree(node, { ...a, row: a.row - back }, { ...b, row: b.row - back })) return false;
      tipped = true;
    }
  }
  return tipped;
}

export function bitAt(bits: Uint32Array, row: number): boolean {
  return (((bits[row >>> 5] as number) >>> (row & 31)) & 1) === 1;
}

function sidesAgree(comparison: Node, a: View, b: View): boolean {
  const at = (node: Node, { evaluation, row }: View): number => evaluation.values(new Series(node))[row] as number;
  const magnitudes = reachable(comparison.inputs).map((node) => Math.abs(at(node, a)));
  const tolerance = AGREEMENT * Math.max(...magnitudes.filter((value) => !Number.isNaN(value)));
  // A value that is there from one start and missing from the other is never a matter of rounding.
  return comparison.inputs.every((input) => Math.abs(at(input, a) - at(input, b)) <= tolerance);
}

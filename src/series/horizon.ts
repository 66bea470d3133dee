import { type Interval, intervalMs } from '../domain/time.ts';
import type { Node } from './node.ts';
import { emaSettle, wilderSettle } from './settling.ts';

/**
 * The number of candles of the base interval that pass at least before a node has a number, wherever its data begins;
 * only what is false, or true, whatever is still missing is known before. Recursive kernels are silent until they have
 * settled, so this differs from `settleOf` by the alignment of slow clocks alone.
 */
export function warmupOf(node: Node, baseInterval: Interval): number {
  return horizon(node, baseInterval, (slow, ratio) => (slow + 1) * ratio - 1);
}

/**
 * The number of candles of the base interval, without a gap, after which a node has its number, and that number no
 * longer depends on where the data began: windows to the bit, recursive kernels to 1e-9 (rule 4).
 */
export function settleOf(node: Node, baseInterval: Interval): number {
  // At worst the data begins one candle after a slow candle opened: that one is never seen whole.
  return horizon(node, baseInterval, (slow, ratio) => (slow + 2) * ratio - 2);
}

/** The coins that must be there beside the strategy's own. */
export function coinsOf(nodes: Iterable<Node>): Set<string> {
  const coins = new Set<string>();
  for (const node of reachable(nodes)) {
    if (node.inputs.length === 0 && node.clock.coin !== 'own') coins.add(node.clock.coin);
  }
  return coins;
}

/** The nodes and all that they are computed from, inputs first. */
export function reachable(roots: Iterable<Node>): Node[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    for (const input of node.inputs) visit(input);
    seen.add(node);
  };
  for (const root of roots) visit(root);
  return [...seen];
}

type OnFaster = (slowCandles: number, ratio: number) => number;

function horizon(root: Node, base: Interval, onFaster: OnFaster): number {
  const lengthMs = (node: Node): number => intervalMs(node.clock.interval === 'own' ? base : node.clock.interval);
  const candles = new Map<Node, number>();
  for (const node of reachable([root])) {
    const before = Math.max(0, ...node.inputs.map((input) => candles.get(input) as number));
    const [slow] = node.inputs;
    candles.set(
      node,
      node.op === 'align' && slow !== undefined
        ? onFaster(before, lengthMs(slow) / lengthMs(node))
        : before + reachOf(node),
    );
  }
  return onFaster(candles.get(root) as number, lengthMs(root) / intervalMs(base));
}

/** How many candles of its clock an operation needs before the current one. */
function reachOf(node: Node): number {
  const n = node.args[0] ?? 0;
  switch (node.op) {
    case 'ago':
      return n;
    case 'highest':
    case 'lowest':
    case 'sum':
    case 'mean':
    case 'deviation':
    case 'rank':
      return n - 1;
    case 'ema':
      return emaSettle(n);
    case 'wilder':
      return wilderSettle(n);
    case 'custom':
      return node.custom?.settle ?? 0;
    default:
      return 0;
  }
}

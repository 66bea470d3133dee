import type { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { Trade } from '../domain/trade.ts';
import type { SideName } from '../strategy/define.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';

/**
 * How one draw of the rotation control moves a schedule of signals; the same plan serves all coins, sides and
 * strategies of a study (rules 23 and 26). `shift`: circularly by so many rows. `days`: block i of a day's rows is that
 * of `order[i]`.
 */
export type RotationPlan =
  | { readonly kind: 'shift'; readonly offset: number }
  | { readonly kind: 'days'; readonly order: readonly number[]; readonly rowsPerDay: number };

export interface RotationSpan {
  /** Rows of the study: to − from. */
  readonly rows: number;
  readonly rowsPerDay: number;
  /** The longest holding of any strategy of the study, in rows. */
  readonly longestHoldRows: number;
}

/**
 * Distinct plans, none of which leaves the schedule where it is: offsets at least the longest holding away from 0 and
 * from `rows`, or, where there are fewer of these than draws, orders of whole days (counted from the first row, so that
 * every signal keeps its time of day). A span too short for as many gives all that there are: fewer than `draws`,
 * perhaps none.
 */
export function rotationPlans(span: RotationSpan, draws: number, rng: Prng): RotationPlan[] {
  const { rows, rowsPerDay } = span;
  const nearest = Math.max(1, span.longestHoldRows);
  const offsets = Math.max(0, rows - 2 * nearest + 1);
  if (offsets >= draws) {
    const all = Array.from({ length: offsets }, (_, i) => nearest + i);
    return rng
      .shuffle(all)
      .slice(0, draws)
      .map((offset) => ({ kind: 'shift', offset }));
  }
  return dayOrders(Math.floor(rows / rowsPerDay), draws, rng).map((order) => ({ kind: 'days', order, rowsPerDay }));
}

function dayOrders(days: number, draws: number, rng: Prng): number[][] {
  const identity = Array.from({ length: days }, (_, day) => day);
  let orders = 1;
  for (let day = 2; day <= days && orders <= draws; day++) orders *= day;
  const wanted = Math.min(draws, orders - 1);
  const seen = new Set([identity.join()]);
  const found: number[][] = [];
  while (found.length < wanted) {
    const order = rng.shuffle(identity.slice());
    if (seen.has(order.join())) continue;
    seen.add(order.join());
    found.push(order);
  }
  return found;
}

/**
 * The schedule of rows from … to − 1, entries and exits alike, as the plan moves it, in bitmaps of its own, which are
 * silent on all other rows. The rows of a last, broken day stay where they are when days are permuted.
 */
export function rotate(schedule: SignalBits, from: number, to: number, plan: RotationPlan): SignalBits {
  const sides = Object.entries(schedule) as [SideName, Uint32Array][];
  return Object.fromEntries(sides.map(([side, bits]) => [side, rotatedBits(bits, from, to, plan)]));
}

function rotatedBits(bits: Uint32Array, from: number, to: number, plan: RotationPlan): Uint32Array {
  const into = new Uint32Array(bits.length);
  if (plan.kind === 'shift') {
    const offset = plan.offset % (to - from);
    copyBits(bits, from, to - from - offset, into, from + offset);
    copyBits(bits, to - offset, offset, into, from);
    return into;
  }
  const { order, rowsPerDay } = plan;
  for (let day = 0; day < order.length; day++) {
    copyBits(bits, from + (order[day] as number) * rowsPerDay, rowsPerDay, into, from + day * rowsPerDay);
  }
  const rest = from + order.length * rowsPerDay;
  copyBits(bits, rest, to - rest, into, rest);
  return into;
}

/** Copies `count` bits, as many at a time as fit into a word, to where none is set yet. */
function copyBits(source: Uint32Array, first: number, count: number, into: Uint32Array, at: number): void {
  for (let done = 0; done < count; ) {
    const [read, write] = [first + done, at + done];
    const taken = Math.min(32 - (write & 31), count - done);
    const offset = read & 31;
    let bits = (source[read >>> 5] as number) >>> offset;
    if (offset + taken > 32) bits |= (source[(read >>> 5) + 1] as number) << (32 - offset);
    if (taken < 32) bits &= (1 << taken) - 1;
    into[write >>> 5] = (into[write >>> 5] as number) | (bits << (write & 31));
    done += taken;
  }
}

/**
 * The longest holding in rows: what the rules allow at most, or, where they allow any, the longest among the trades. A
 * study takes the longest over its strategies.
 */
export function longestHoldRows(rules: RiskRules, trades: readonly Trade[], intervalMs: number): number {
  if (rules.maxHold !== null) return rules.maxHold;
  let longestMs = 0;
  for (const { entryTimeMs, exitTimeMs } of trades) longestMs = Math.max(longestMs, exitTimeMs - entryTimeMs);
  return Math.ceil(longestMs / intervalMs);
}

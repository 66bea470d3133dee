import { isRecord } from './info-room.ts';

/**
 * An answer with one thing in it that should not be so: a field that is missing, or a number where a text belongs and
 * the other way round.
 *
 * @param pick one of so many
 */
export function wrongShapeOf(answer: unknown, pick: (count: number) => number): unknown {
  if (Array.isArray(answer)) {
    if (answer.length === 0) return {};
    const at = pick(answer.length);
    return answer.map((item, index) => (index === at ? wrongShapeOf(item, pick) : item));
  }
  if (!isRecord(answer)) return typeof answer === 'string' ? Number(answer) : String(answer);
  const keys = Object.keys(answer);
  const key = keys[pick(Math.max(1, keys.length))];
  if (key === undefined) return [];
  const isGone = pick(2) === 0;
  return Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => {
      if (name !== key) return [[name, value]];
      return isGone ? [] : [[name, wrongShapeOf(value, pick)]];
    }),
  );
}

import { createHash } from 'node:crypto';

/**
 * JSON of which there is only one for a value: keys in the order of their code units, numbers in the shortest form that
 * reads back to the same bits (RFC 8785, whose number grammar is that of JavaScript).
 *
 * @throws TypeError for what JSON cannot carry (NaN, infinity, undefined, functions): it would come back as something
 *   else.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} has no form in JSON`);
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** sha256 of the canonical JSON, as lower-case hex. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

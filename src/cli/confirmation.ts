import { UsageError } from '../domain/errors.ts';
import type { Context } from './context.ts';

/**
 * Asks before something that cannot be taken back.
 *
 * @param hint what to do where nobody is there to be asked
 * @throws UsageError there
 */
export async function confirmed(question: string, hint: string, { ask, out }: Context): Promise<boolean> {
  if (ask === undefined) throw new UsageError('this cannot be taken back, and nobody is here to be asked', { hint });
  if (/^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim())) return true;
  out.note('nothing was done');
  return false;
}

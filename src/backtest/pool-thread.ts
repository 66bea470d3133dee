import { threadId } from 'node:worker_threads';
import { CandorError } from '../domain/errors.ts';

/** One call of a thread: what to do, and the module whose default export does it. */
export interface Call {
  readonly entry: string;
  readonly task: unknown;
}

/** An error that is thrown between threads keeps its message alone; what else a CandorError says goes as data. */
export type Answer =
  | { readonly value: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly details: readonly string[];
      readonly hint: string | undefined;
    };

/** Carries out one task in the thread. */
export default async function call({ entry, task }: Call): Promise<Answer> {
  const module = (await import(entry)) as { readonly default: (task: unknown) => unknown };
  try {
    return { value: await module.default(task) };
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    const { name, message, details, hint } = error;
    return { name, message, details, hint };
  }
}

/** Says that the thread has imported all that it needs. */
export async function ready({ entry }: Call): Promise<number> {
  await import(entry);
  return threadId;
}

/** Ends the thread from within, where nothing is half done; `exit` ends the thread alone. */
export function leave(): never {
  process.exit(0);
}

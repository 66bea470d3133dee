import { UsageError } from '../domain/errors.ts';
import type { Context, ExitCode } from './context.ts';

export interface StudyOptions {
  readonly draws?: number;
  readonly seed?: number;
  readonly synthetic?: true;
  readonly json?: true;
}

export async function run(name: string, _options: StudyOptions, _context: Context): Promise<ExitCode> {
  throw new UsageError(`the study '${name}' cannot be run yet`);
}

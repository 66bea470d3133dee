import { UsageError } from '../domain/errors.ts';
import type { Context, ExitCode } from './context.ts';

export async function run(file: string, _options: object, _context: Context): Promise<ExitCode> {
  throw new UsageError(`the report '${file}' cannot be verified yet`);
}

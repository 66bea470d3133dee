import { availableParallelism } from 'node:os';
import { loadOptimization } from '../config/optimize-file.ts';
import { didYouMean, UsageError } from '../domain/errors.ts';
import type { Optimization } from '../domain/optimizer.ts';
import type { Context, ExitCode } from './context.ts';
import type { OptimizeOptions, OptimizeSession } from './optimize-options.ts';

/**
 * Chooses the params of strategies anew, or keeps them: on demand, by a schedule, or only to see what would be decided.
 * The exit status is 1 when a strategy could not be run; keeping is a result, and no failure.
 */
export async function run(name: string, options: OptimizeOptions, context: Context): Promise<ExitCode> {
  requireOneTask(options);
  if (options.history) return (await import('./optimize-history.ts')).showHistory(options, context);
  if (options.rollback) return (await import('./optimize-history.ts')).rollBackSwap(options, context);
  const { root, workingDirectory, config } = context;
  const optimization = narrowed(loadOptimization(name, { root, workingDirectory, seed: config.seed }), options);
  const isSynthetic = options.synthetic === true;
  const session: OptimizeSession = {
    optimization,
    isDryRun: options.dryRun === true || isSynthetic,
    isSynthetic,
    isJson: options.json === true,
    workers: options.workers ?? availableParallelism(),
  };
  if (options.schedule) return (await import('./optimize-schedule.ts')).keepOptimizing(session, context);
  return (await import('./optimize-run.ts')).optimizeOnce(session, context);
}

/** Each of them does something else. */
const TASKS = { history: '--history', rollback: '--rollback', schedule: '--schedule', dryRun: '--dry-run' } as const;
/** What has to do with choosing, and so with no other task. */
const CHOOSING = { synthetic: '--synthetic', workers: '--workers' } as const;

function requireOneTask(options: OptimizeOptions): void {
  const tasks = Object.entries(TASKS).filter(([option]) => options[option as keyof typeof TASKS] !== undefined);
  const [first, second] = tasks.map(([, flag]) => flag);
  if (second !== undefined) throw apart(first as string, second);
  const other = options.history ?? options.rollback;
  const chooses = Object.entries(CHOOSING).find(([option]) => options[option as keyof typeof CHOOSING] !== undefined);
  if (other !== undefined && chooses !== undefined) throw apart(first as string, chooses[1]);
  if (options.schedule && options.synthetic) throw apart('--schedule', '--synthetic');
}

function apart(one: string, other: string): UsageError {
  return new UsageError(`${one} and ${other} do not go together`, { hint: 'Leave one of them out.' });
}

function narrowed(optimization: Optimization, { strategy }: OptimizeOptions): Optimization {
  if (strategy === undefined) return optimization;
  const strategies = optimization.strategies.filter(({ name }) => name === strategy);
  if (strategies.length > 0) return { ...optimization, strategies };
  const names = optimization.strategies.map(({ name }) => name);
  throw new UsageError(`'${optimization.name}' does not optimise '${strategy}'`, { hint: didYouMean(strategy, names) });
}

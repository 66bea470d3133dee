import { UsageError } from '../domain/errors.ts';
import { formatTime, MINUTE_MS } from '../domain/time.ts';
import { keepSchedule } from '../optimize/keep-schedule.ts';
import { beginSchedule, isDone } from '../optimize/optimization-store.ts';
import { Schedule } from '../optimize/schedule.ts';
import type { Context, ExitCode } from './context.ts';
import { withDatabase } from './database.ts';
import { requireWritable } from './keeping.ts';
import type { OptimizeSession } from './optimize-options.ts';
import { optimizeAll } from './optimize-run.ts';
import { renderError } from './output.ts';

/** Decides whenever the schedule says so, until it is stopped; that is how it ends, and no failure. */
export function keepOptimizing(session: OptimizeSession, context: Context): Promise<ExitCode> {
  const { config, clock, signal, log } = context;
  const { schedule: cron, timeZone } = config.optimizer;
  const { name, strategies } = session.optimization;
  const schedule = new Schedule(config.optimizer);
  if (schedule.nextAfter(clock.nowMs()) === undefined) {
    throw new UsageError(`the schedule '${cron}' never comes`, {
      hint: "Write another one in the config, under optimizer: '0 6 1 * *' is six o'clock on the first of each month.",
    });
  }
  requireWritable('optimisation', context);
  return withDatabase(context, async (db): Promise<ExitCode> => {
    const sinceMs = beginSchedule(db, name, config.optimizer, clock);
    await keepSchedule({
      ...{ schedule, sinceMs, timer: clock, signal },
      isDone: (scheduledMs) => strategies.every((one) => isDone(db, { job: name, strategy: one.name, scheduledMs })),
      work: async (scheduledMs) => {
        log.info(`${name}: due since ${formatTime(scheduledMs)}`);
        await optimizeAll(session, scheduledMs, db, context);
      },
      onWait: (nextMs) => {
        const next = nextMs === undefined ? 'never' : formatTime(nextMs);
        log.info(`${name}: next on ${next} ('${cron}' in ${timeZone})`);
      },
      onFailure: (error, scheduledMs, retryMs) => {
        const inMinutes = Math.round(retryMs / MINUTE_MS);
        log.error(
          `${renderError(error, false)}\n${name}: ${formatTime(scheduledMs)} is tried again in ${inMinutes} min`,
        );
      },
    });
    return 0;
  });
}

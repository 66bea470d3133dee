import type { Command } from 'commander';
import { collected, type Frame, wholeNumber } from './command-line.ts';
import type { OptimizeOptions } from './optimize-options.ts';
import type { SweepOptions } from './sweep.ts';
import type { WorkerOptions } from './worker.ts';

/** Searches for params: on this machine, and on many. */
export function addSearchingCommands(program: Command, frame: Frame): void {
  addSweepCommand(program, frame);
  addOptimizeCommand(program, frame);
  addWorkerCommand(program, frame);
}

function addSweepCommand(program: Command, frame: Frame): void {
  program
    .command('sweep')
    .description('try every combination of params, risk rules, coins and intervals, and show the best')
    .argument('[name]', 'a sweep of backtests/sweeps, by bare name or by path', 'breakout-volume')
    .option('--workers <n>', 'threads; all cores if not said', wholeNumber(1, 1024))
    .option('--queue <url>', "leave the work to every 'candor worker' of a Redis: redis://host:6379")
    .option('--queue-ca <file>', 'the authority that signed its certificate, if that is your own')
    .option('--resume', 'go on with what an earlier run has stored')
    .option('--show', 'read a stored sweep, by name or identity, and run nothing')
    .option('--top <n>', 'combinations to show (10; all with --json)', wholeNumber(1, 1_000_000_000))
    .option('--sort <metric>', 'what best means (expectancyR)')
    .option('--where <condition>', "only those that meet it, like 'trades>=30'; repeat for more", collected)
    .option('--yes', 'run it however large it is')
    .option('--as-seen', 'on the values first seen of every candle, not the final ones')
    .option('--synthetic', 'on the built-in synthetic market, which needs no candles')
    .option('--json', 'print it as JSON')
    .action(
      frame(async (context, name: string, options: SweepOptions) =>
        (await import('./sweep.ts')).run(name, options, context),
      ),
    );
}

function addOptimizeCommand(program: Command, frame: Frame): void {
  program
    .command('optimize')
    .description(
      'choose the params of strategies anew, or keep them: walk forward, and swap only what is proved better',
    )
    .argument('[name]', 'a file of backtests/optimize, by bare name or by path', 'monthly')
    .option('--strategy <strategy>', 'only this one of its strategies')
    .option('--dry-run', 'decide, and keep nothing but the line in the trial ledger')
    .option('--history', 'what was decided, and what is pending')
    .option('--rollback', 'take back the last swap')
    .option('--schedule', 'decide whenever the schedule of the config says so, until Ctrl-C')
    .option('--workers <n>', 'threads; all cores if not said', wholeNumber(1, 1024))
    .option('--synthetic', 'a dry run on the built-in synthetic market, which needs no candles')
    .option('--json', 'print it as JSON')
    .action(
      frame(
        async (context, name: string, options: OptimizeOptions) =>
          (await import('./optimize.ts')).run(name, options, context),
        'ends',
      ),
    );
}

function addWorkerCommand(program: Command, frame: Frame): void {
  program
    .command('worker')
    .description('work on sweeps that other machines give to a queue, until Ctrl-C')
    .requiredOption('--queue <url>', 'the Redis that they come from: redis://host:6379, or rediss:// with TLS')
    .option('--queue-ca <file>', 'the authority that signed its certificate, if that is your own')
    .option('--workers <n>', 'threads; one for each core, unless said otherwise', wholeNumber(1, 1024))
    .addHelpText('after', '\nA password may be in the URL, or better in CANDOR_REDIS_PASSWORD.')
    .action(
      frame(async (context, options: WorkerOptions) => (await import('./worker.ts')).run(options, context), 'ends'),
    );
}

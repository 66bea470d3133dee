import type { Command } from 'commander';
import { collected, type Frame, wholeNumber } from './command-line.ts';
import type { SweepOptions } from './sweep.ts';
import type { WorkerOptions } from './worker.ts';

/** Searches for params: on this machine, and on many. */
export function addSearchingCommands(program: Command, frame: Frame): void {
  addSweepCommand(program, frame);
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

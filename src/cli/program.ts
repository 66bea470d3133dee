import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS } from '../config/config.ts';
import type { Context, ExitCode, GlobalOptions } from './context.ts';
import type { StudyOptions } from './study.ts';

const USAGE_ERROR = 2;
/** By convention 128 + the number of the signal. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs one command line and sets the exit status. Everything that a command throws ends here and is shown once.
 *
 * A command is a module of this folder that exports `run(argument, options, context)` and returns its exit code. It is
 * imported when it is called, so that `--help` need not wait for what only a study needs.
 */
export async function main(args: readonly string[]): Promise<void> {
  tolerateClosedPipes();
  const program = createProgram((code) => {
    process.exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong; it has a code of its own only for --help and --version, which are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
  }
}

function createProgram(exit: (code: number) => void): Command {
  const program = new Command('candor')
    .description(
      'Honest backtests for Hyperliquid perpetuals: a strategy trades only after it has beaten a coin flip that wore ' +
        'the same stops.',
    )
    .option('--config <file>', 'read this config instead of config/candor.yaml')
    .option('--database <file>', 'use this database instead of the one in the config')
    .addOption(new Option('--log-level <level>', 'how much to log to stderr').choices(LOG_LEVELS))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();

  /** Wires an action to a module's `run`, inside the frame that all commands share. */
  const runs =
    <Given extends unknown[]>(body: (context: Context, ...given: Given) => Promise<ExitCode>) =>
    async (...given: Given): Promise<void> =>
      exit(await execute(program.opts<GlobalOptions>(), (context) => body(context, ...given)));

  program
    .command('study')
    .description('judge strategies on candles, against a coin flip with the same stops (the main job)')
    .argument('[name]', 'a file of backtests/, by bare name or path', 'ninety-days')
    .option('--draws <n>', 'draws of each control', wholeNumber)
    .option('--seed <n>', 'seed of the controls', wholeNumber)
    .option('--synthetic', 'on the built-in synthetic market, which needs no candles')
    .option('--json', 'print the report as JSON instead of tables')
    .action(
      runs(async (context, name: string, options: StudyOptions) =>
        (await import('./study.ts')).run(name, options, context),
      ),
    );
  program
    .command('verify')
    .description('run a report again and compare it to the last digit')
    .argument('<report>', 'the JSON file of a report')
    .action(
      runs(async (context, file: string, options: object) => (await import('./verify.ts')).run(file, options, context)),
    );
  return program;
}

/** Config, log and signals around a command; gives the exit status. */
async function execute(options: GlobalOptions, body: (context: Context) => Promise<ExitCode>): Promise<number> {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    const code = SIGNAL_EXITS[signal as keyof typeof SIGNAL_EXITS];
    // The second time somebody insists.
    if (abort.signal.aborted) process.exit(code);
    process.exitCode = code;
    abort.abort(new Error(`stopped by ${signal}`));
  };
  const signals = Object.keys(SIGNAL_EXITS) as (keyof typeof SIGNAL_EXITS)[];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const { createContext } = await import('./context.ts');
    const code = await body(await createContext(options, abort.signal));
    return abort.signal.aborted ? Number(process.exitCode) : code;
  } catch (error) {
    if (abort.signal.aborted) {
      process.stderr.write('stopped; what was finished is kept, and the next run goes on from there\n');
      return Number(process.exitCode);
    }
    const { renderError } = await import('./output.ts');
    const { UsageError } = await import('../domain/errors.ts');
    process.stderr.write(`${renderError(error, options.logLevel === 'debug')}\n`);
    return error instanceof UsageError ? USAGE_ERROR : 1;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It is not a whole number.');
  return value;
}

/** `candor trials | head` closes the pipe early; that is no error, and the work goes on without a reader. */
function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { LOG_LEVELS } from '../config/config.ts';
import type { Frame, Stop } from './command-line.ts';
import type { Context, ExitCode, GlobalOptions } from './context.ts';
import { addDataCommands } from './data-commands.ts';
import { Interruption } from './interruption.ts';
import { addJudgingCommands } from './judging-commands.ts';
import { addSearchingCommands } from './searching-commands.ts';

const USAGE_ERROR = 2;

/**
 * Runs one command line and sets the exit status. Everything that a command throws ends here and is shown once.
 *
 * A command is a module of this folder that exports `run(argument, options, context)` and returns its exit code. It is
 * imported when it is called, so that `--help` need not wait for what only a study needs.
 */
export async function main(args: readonly string[]): Promise<void> {
  tolerateClosedPipes();
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong; it has a code of its own only for --help, which is no error.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
  }
  endWhenWritten();
}

const END_CHECK_MS = 1_000;

/**
 * A command that is over has nothing left to do but to write. What else keeps a process alive (a library that is still
 * trying to reach a server that is gone) must not keep the user waiting; where nothing does, this does not either.
 */
function endWhenWritten(): void {
  const check = (): void => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
  };
  setInterval(check, END_CHECK_MS).unref();
}

function createProgram(): Command {
  const program = new Command('candor')
    .description(
      'Honest backtests for Hyperliquid perpetuals: a strategy trades only after it has beaten a coin flip that wore ' +
        'the same stops.',
    )
    .version(versionOf(), '--version', 'show the version')
    .option('--config <file>', 'read this config instead of config/candor.yaml')
    .option('--database <file>', 'use this database instead of the one in the config')
    .addOption(new Option('--log-level <level>', 'how much to log to stderr').choices(LOG_LEVELS))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  const frame: Frame =
    (body, stop = 'breaks off') =>
    async (...given) => {
      process.exitCode = await execute(program.opts<GlobalOptions>(), (context) => body(context, ...given), stop);
    };
  addJudgingCommands(program, frame);
  addSearchingCommands(program, frame);
  addDataCommands(program, frame);
  return program;
}

function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Config, log and Ctrl-C around a command; gives the exit status. */
async function execute(
  options: GlobalOptions,
  body: (context: Context) => Promise<ExitCode>,
  stop: Stop,
): Promise<number> {
  const interruption = new Interruption();
  try {
    const { createContext } = await import('./context.ts');
    const code = await body(await createContext(options, interruption));
    return stop === 'ends' ? code : (interruption.exitCode ?? code);
  } catch (error) {
    if (interruption.exitCode === undefined) return await reportFailure(error, options.logLevel === 'debug');
    process.stderr.write('stopped: nothing is left half done, and the same command can be run again\n');
    return interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}

async function reportFailure(error: unknown, withStack: boolean): Promise<number> {
  const [{ renderError }, { UsageError }] = await Promise.all([import('./output.ts'), import('../domain/errors.ts')]);
  process.stderr.write(`${renderError(error, withStack)}\n`);
  return error instanceof UsageError ? USAGE_ERROR : 1;
}

/** `candor trials | head` closes the pipe early; that is no error, and the work goes on without a reader. */
function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

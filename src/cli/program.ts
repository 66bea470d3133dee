import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS } from '../config/config.ts';
import type { Context, ExitCode, GlobalOptions } from './context.ts';
import type { BackupOptions } from './data-backup.ts';
import type { CheckOptions } from './data-check.ts';
import type { StatusOptions } from './data-status.ts';
import type { ExportOptions } from './export.ts';
import type { CandleFrameOptions, SweepFrameOptions, TradeFrameOptions } from './frame.ts';
import type { ImportOptions } from './import.ts';
import type { IngestOptions } from './ingest-request.ts';
import { Interruption } from './interruption.ts';
import type { ProveOptions } from './prove.ts';
import type { StudyOptions } from './study.ts';
import type { SweepOptions } from './sweep.ts';
import type { TrialsOptions } from './trials.ts';
import type { WorkerOptions } from './worker.ts';

const USAGE_ERROR = 2;
const SERIES_KINDS = ['trade', 'mark', 'funding'];

/** Makes the action of a command out of what the command does, inside the frame that all commands share. */
type Frame = <Given extends unknown[]>(
  body: (context: Context, ...given: Given) => Promise<ExitCode>,
  stop?: Stop,
) => (...given: Given) => Promise<void>;

/** What Ctrl-C means to a command: it breaks off what should have been finished, or is the way in which it ends. */
type Stop = 'breaks off' | 'ends';

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
  addStudyCommands(program, frame);
  addWorkerCommand(program, frame);
  addIngestCommand(program, frame);
  addDataCommands(program, frame);
  addStoredDataCommands(program, frame);
  addFrameCommands(program, frame);
  return program;
}

function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function addStudyCommands(program: Command, frame: Frame): void {
  program
    .command('study')
    .description('judge strategies against a coin flip with the same stops: the main job')
    .argument('[name]', 'a study of backtests/, by bare name or by path', 'ninety-days')
    .option('--draws <n>', 'draws of each control', wholeNumber(100, 100_000))
    .option('--seed <n>', 'seed of the controls', wholeNumber(0, 0xffffffff))
    .option('--as-seen', 'on the values first seen of every candle, not the final ones')
    .option('--synthetic', 'on the built-in synthetic market, which needs no candles')
    .option('--json', 'print the report as JSON instead of tables')
    .action(
      frame(async (context, name: string, options: StudyOptions) =>
        (await import('./study.ts')).run(name, options, context),
      ),
    );
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
  program
    .command('verify')
    .description('run a report again and compare it to the last digit')
    .argument('<report>', 'the JSON file of a report')
    .action(
      frame(async (context, file: string, options: object) =>
        (await import('./verify.ts')).run(file, options, context),
      ),
    );
  program
    .command('prove')
    .description('show that a strategy does not look ahead, by taking the future away candle by candle')
    .argument('<strategy>', 'a strategy of strategies/, by bare name or by path')
    .option('--coin <coin>', 'on its stored candles', 'BTC')
    .option('--interval <interval>', 'of these candles', '1h')
    .option('--candles <n>', 'how many of the newest, each of them', wholeNumber(1, 100_000), 300)
    .option('--param <name=value>', 'a param that differs from its default; repeat for more', namedValue)
    .option('--synthetic', 'on the built-in synthetic market, which needs no candles')
    .option('--json', 'print the proof as JSON')
    .action(
      frame(async (context, name: string, options: ProveOptions) =>
        (await import('./prove.ts')).run(name, options, context),
      ),
    );
  program
    .command('trials')
    .description('every study and sweep ever run: the tenth try is judged as a tenth try')
    .option('--json', 'print the ledger as JSON')
    .action(frame(async (context, options: TrialsOptions) => (await import('./trials.ts')).run(options, context)));
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

function addIngestCommand(program: Command, frame: Frame): void {
  program
    .command('ingest')
    .description('record candles and funding of the exchange: what it still has, and what happens')
    .option('--coins <list>', 'of these, the traded ones first: BTC,ETH (those of the config)')
    .option('--intervals <list>', 'candles of these: 1m,30m,1h (those of the config)')
    .option('--since <time>', 'how far back, as far as it is served: 90d, 36h or 2025-07-26', '120d')
    .option('--follow', 'go on with what happens, until Ctrl-C')
    .option('--traded <list>', 'confirm the candles of these within seconds (as many as fit)')
    .option('--weight <n>', 'of the request weight of 1,200 a minute (that of the config)', wholeNumber(120, 1_200))
    .option('--json', 'print it as JSON; with --follow one line for each event')
    .action(
      frame(async (context, options: IngestOptions) => (await import('./ingest.ts')).run(options, context), 'ends'),
    );
}

function addDataCommands(program: Command, frame: Frame): void {
  program
    .command('import')
    .description('bring candles, funding rates or instruments into the database')
    .argument('<file...>', "CSV, Parquet or the exchange's JSON, named like hyperliquid_BTC_1h.csv.gz")
    .option('--coin <coin>', "what the file's name does not say")
    .option('--interval <interval>', 'the same; else that of the rows themselves')
    .option('--source <source>', 'the same')
    .addOption(new Option('--kind <kind>', 'the same: candles of trades or of the mark price').choices(SERIES_KINDS))
    .option('--columns <pairs>', 'which column is what, where it is not guessed: time=Date,open=Open')
    .option('--dry-run', 'read, show and check everything, and store nothing')
    .option('--json', 'print what was imported as JSON')
    .action(
      frame(async (context, files: string[], options: ImportOptions) =>
        (await import('./import.ts')).run(files, options, context),
      ),
    );
  program
    .command('export')
    .description('write a series to a file: CSV, Parquet, or the JSON of the exchange')
    .argument('<file>', ".csv, .csv.gz, .parquet, .json or .json.gz; '-' writes CSV to the screen or a pipe")
    .requiredOption('--coin <coin>', 'of this coin')
    .option('--interval <interval>', 'candles of this interval; funding has none')
    .addOption(new Option('--kind <kind>', 'what is exported').choices(SERIES_KINDS).default('trade'))
    .option('--source <source>', 'where several sources have it; else the one that a study reads')
    .option('--from <date>', 'the first row opens at or after it (UTC)')
    .option('--to <date>', 'the last row closes at or before it (UTC)')
    .option('--as-seen', 'the values first seen of every row, not the final ones')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print what was exported as JSON')
    .action(
      frame(async (context, file: string, options: ExportOptions) =>
        (await import('./export.ts')).run(file, options, context),
      ),
    );
}

function addStoredDataCommands(program: Command, frame: Frame): void {
  const data = program.command('data').description('look at what is stored, and copy it');
  data
    .command('status')
    .description('which series there are, how far they reach, and how far they are behind')
    .option('--json', 'print it as JSON')
    .action(frame(async (context, options: StatusOptions) => (await import('./data-status.ts')).run(options, context)));
  data
    .command('check')
    .description('gaps with their reasons, impossible candles, intervals that disagree')
    .option('--strict', 'exit with status 1 for anything found, not for impossible candles and damage alone')
    .option('--json', 'print it as JSON, every gap and every disagreement')
    .action(frame(async (context, options: CheckOptions) => (await import('./data-check.ts')).run(options, context)));
  data
    .command('backup')
    .description('copy the database to a file, whoever writes to it meanwhile')
    .argument('<file>', 'where to; a file that is there is not replaced')
    .option('--json', 'print what was copied as JSON')
    .action(
      frame(async (context, file: string, options: BackupOptions) =>
        (await import('./data-backup.ts')).run(file, options, context),
      ),
    );
}

function addFrameCommands(program: Command, frame: Frame): void {
  const frames = program
    .command('frame')
    .description('tables for research: candles, trades, sweeps; in groups, as CSV');
  const command = (name: string, description: string): Command => frames.command(name).description(description);
  const withView = (kind: Command): Command =>
    kind
      .option('--by <columns>', 'in groups by these, like coin,month', listed)
      .option('--where <condition>', "only rows that meet it, like 'coin=BTC'; repeat for more", collected)
      .option('--sort <column>', 'by this column, the highest or newest first')
      .option('--ascending', 'the lowest or oldest first')
      .option('--columns <columns>', 'these alone, in this order', listed)
      .option('--top <n>', 'rows to show (20, and of groups all)', wholeNumber(1, 1_000_000_000))
      .option('--csv <file>', "write it as CSV with all rows and columns; '-' to the screen or a pipe")
      .option('--json', 'print it as JSON, with all rows and columns');
  const candles = command('candles', 'stored candles')
    .option('--coin <coins>', 'one or several, like BTC,ETH', listed, ['BTC'])
    .option('--interval <interval>', 'of this length', '1h')
    .addOption(
      new Option('--kind <kind>', 'of trades or of the mark price').choices(['trade', 'mark']).default('trade'),
    )
    .option('--source <source>', 'where several sources have them; else the one that a study reads')
    .option('--from <date>', 'the first candle opens at or after it (UTC)')
    .option('--to <date>', 'the last candle closes at or before it (UTC)')
    .option('--as-seen', 'the values first seen of every candle, not the final ones');
  const trades = command('trades', "every trade of a study's newest report, or of any report").option(
    '--study <name>',
    'a study by name, or the JSON file of a report',
    'ninety-days',
  );
  const sweep = command('sweep', 'every combination of a stored sweep')
    .option('--sweep <name>', 'a sweep by name, or the first letters of its identity', 'breakout-volume')
    .option('--as-seen', 'the one that ran on the values first seen');
  withView(candles).action(
    frame(async (context, options: CandleFrameOptions) => (await import('./frame.ts')).runCandles(options, context)),
  );
  withView(trades).action(
    frame(async (context, options: TradeFrameOptions) => (await import('./frame.ts')).runTrades(options, context)),
  );
  withView(sweep).action(
    frame(async (context, options: SweepFrameOptions) => (await import('./frame.ts')).runSweep(options, context)),
  );
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

function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It is not a whole number from ${from} to ${to}.`);
  };
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** `BTC,ETH` */
function listed(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Write it like one,two.');
}

/**
 * `lookback=30` and what was named before it; numbers are numbers, everything else is left to the strategy's params.
 */
function namedValue(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as name=value.');
  return { ...before, [name]: Number.isNaN(Number(value)) ? value : Number(value) };
}

/** `candor trials | head` closes the pipe early; that is no error, and the work goes on without a reader. */
function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

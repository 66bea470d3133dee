import { type Command, Option } from 'commander';
import { collected, type Frame, listed, wholeNumber } from './command-line.ts';
import type { BackupOptions } from './data-backup.ts';
import type { CheckOptions } from './data-check.ts';
import type { StatusOptions } from './data-status.ts';
import type { ExportOptions } from './export.ts';
import type { CandleFrameOptions, SweepFrameOptions, TradeFrameOptions } from './frame.ts';
import type { ImportOptions } from './import.ts';
import type { IngestOptions } from './ingest-request.ts';

const SERIES_KINDS = ['trade', 'mark', 'funding'];

/** What is recorded, brought in, looked at and taken out. */
export function addDataCommands(program: Command, frame: Frame): void {
  addIngestCommand(program, frame);
  addFileCommands(program, frame);
  addStoredDataCommands(program, frame);
  addFrameCommands(program, frame);
}

function addIngestCommand(program: Command, frame: Frame): void {
  program
    .command('ingest')
    .description('record candles and funding of the exchange: what it still has, and what happens')
    .option('--coins <list>', 'of these, the traded ones first: BTC,ETH (those of the config)')
    .option('--intervals <list>', 'candles of these: 1m,30m,1h (those of the config)')
    .option('--since <time>', 'how far back, as far as it is served: 90d, 36h or 2025-07-26', '120d')
    .option('--again', 'read again what is stored, as far as it is served: late corrections, and holes')
    .option('--follow', 'go on with what happens, until Ctrl-C')
    .option('--traded <list>', 'confirm the candles of these within seconds (as many as fit)')
    .option('--weight <n>', 'of the request weight of 1,200 a minute (that of the config)', wholeNumber(120, 1_200))
    .option('--json', 'print it as JSON; with --follow one line for each event')
    .action(
      frame(async (context, options: IngestOptions) => (await import('./ingest.ts')).run(options, context), 'ends'),
    );
}

function addFileCommands(program: Command, frame: Frame): void {
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

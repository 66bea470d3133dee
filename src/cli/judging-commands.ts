import type { Command } from 'commander';
import type { CalibrateOptions } from './calibrate.ts';
import { type Frame, listed, namedValue, wholeNumber } from './command-line.ts';
import type { ProveOptions } from './prove.ts';
import type { SealOptions } from './seal.ts';
import type { StudyOptions } from './study.ts';
import type { TrialsOptions } from './trials.ts';
import type { UnsealOptions } from './unseal.ts';
import type { VerdictsOptions } from './verdicts.ts';

/** Studies, their proofs, and what is on record of them. */
export function addJudgingCommands(program: Command, frame: Frame): void {
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
    .command('calibrate')
    .description('judge the judge: how often it keeps luck, and how often it finds an edge, on made-up markets')
    .argument('[name]', 'a study of backtests/, by bare name or by path', 'calibration')
    .option('--markets <n>', 'markets of each world (1000)', wholeNumber(1, 100_000))
    .option('--quick', '100 of each, and none of real candles')
    .option('--seed <n>', 'seed of the markets and of all that is drawn', wholeNumber(0, 0xffffffff))
    .option('--workers <n>', 'threads; all cores if not said', wholeNumber(1, 1024))
    .option('--resume', 'go on with what an earlier run has stored')
    .option('--pictures <folder>', 'draw power and gates as SVG into this folder')
    .option('--json', 'print it as JSON')
    .action(
      frame(async (context, name: string, options: CalibrateOptions) =>
        (await import('./calibrate.ts')).run(name, options, context),
      ),
    );
  addRecordCommands(program, frame);
  addSealCommands(program, frame);
}

/** What is on record of everything that was tried. */
function addRecordCommands(program: Command, frame: Frame): void {
  program
    .command('trials')
    .description('every study, sweep and optimisation ever run: the tenth try is judged as a tenth try')
    .option('--json', 'print the ledger as JSON')
    .action(frame(async (context, options: TrialsOptions) => (await import('./trials.ts')).run(options, context)));
  program
    .command('verdicts')
    .description('every strategy ever judged, its latest verdict and why; of one strategy, its whole history')
    .argument('[strategy]', 'this one alone, by bare name')
    .option('--json', 'print it as JSON')
    .action(
      frame(async (context, name: string | undefined, options: VerdictsOptions) =>
        (await import('./verdicts.ts')).run(name, options, context),
      ),
    );
}

/** The holdout, and how it is spent. */
function addSealCommands(program: Command, frame: Frame): void {
  program
    .command('seal')
    .description(
      'seal what follows a date, so that one last study can ask it: nothing that looks for strategies sees it',
    )
    .requiredOption('--from <date>', 'candles that close after it, and funding settled after it (UTC)')
    .option('--coins <coins>', 'of these alone, like BTC,ETH; without it, of every coin', listed)
    .option('--yes', 'do not ask')
    .option('--json', 'print the line of the ledger as JSON')
    .action(frame(async (context, options: SealOptions) => (await import('./seal.ts')).run(options, context)));
  program
    .command('unseal')
    .description('spend a seal: freeze strategies of a study on record, then run exactly these on it, once')
    .argument('<strategies...>', 'strategies of the study, with their params there')
    .requiredOption('--study <name>', 'a study of backtests/, by bare name or by path')
    .option('--yes', 'do not ask')
    .option('--json', 'print the report as JSON instead of tables')
    .action(
      frame(async (context, strategies: string[], options: UnsealOptions) =>
        (await import('./unseal.ts')).run(strategies, options, context),
      ),
    );
}

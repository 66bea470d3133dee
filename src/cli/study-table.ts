import { formatDate, formatTime } from '../domain/time.ts';
import { formatP, formatR, formatSignedPercent } from '../report/format.ts';
import { revisionWarnings } from '../report/revisions.ts';
import type { FailedStrategy, JudgedStrategy, Report, ReportedTrials, StrategyReport } from '../report/schema.ts';
import { count, counted } from './database.ts';
import type { Output, Paint } from './output.ts';

const PAINTS: Readonly<Record<StrategyReport['verdict']['word'], Paint>> = {
  KEEP: 'green',
  KILL: 'red',
  'NO VERDICT': 'yellow',
};

export interface ShownReport {
  readonly report: Report;
  /** What a reader must know that is no part of the result. */
  readonly notes: readonly string[];
  readonly htmlPath: string;
  readonly jsonPath: string;
}

/** What a study found, for 80 columns: what it ran on, the verdicts, why, and where the whole report is. */
export function showReport({ report, notes, htmlPath, jsonPath }: ShownReport, out: Output): void {
  const { study, data, strategies } = report;
  const synthetic = data.isSynthetic ? out.paint('yellow', 'SYNTHETIC MARKET, made up: ') : '';
  out.line();
  out.line(`${synthetic}${out.paint('bold', study.name)}: ${study.coins.join(', ')} on ${study.interval}`);
  out.line(`${formatTime(data.fromMs)} to ${formatTime(data.toMs)}, candles from ${data.source}`);
  out.line(costsIncluded(report));
  if (report.trials !== undefined) out.line(triedBefore(report.trials));
  for (const note of [...revisionWarnings(report), ...report.warnings, ...notes]) out.caution(note);
  out.line();
  showVerdicts(strategies, out);
  out.line();
  out.line(out.paint('bold', 'why'));
  for (const { name, verdict } of strategies) out.line(`  ${name.padEnd(longestName(strategies))}  ${verdict.line}`);
  showChoices(strategies, out);
  for (const strategy of strategies) if (strategy.status === 'failed') showFailure(strategy, out);
  out.line();
  out.line(conclusion(report));
  out.line();
  out.line(`report   ${htmlPath}`);
  out.line(`as data  ${jsonPath}`);
}

/** What the luck of everything that was tried here asks of a Sharpe ratio. */
function triedBefore({ trials, clusters, hurdleSharpe }: ReportedTrials): string {
  const tried = `${counted(trials, 'trial')} here so far, ${count(clusters)} different`;
  return `${tried}: luck alone makes ${hurdleSharpe.toFixed(2)} Sharpe a day`;
}

/** Only those that trades did pay. */
function costsIncluded({ config, study, data }: Report): string {
  const missing = data.series
    .filter(({ coin, interval }) => interval === study.interval && study.coins.includes(coin))
    .some(({ missingFundingHours }) => missingFundingHours > 0);
  const isPaid = {
    fees: config.fees.taker > 0 && config.fees.maker > 0,
    slippage: config.slippageBps > 0,
    funding: !missing,
  };
  const named = (paid: boolean): string =>
    Object.entries(isPaid)
      .flatMap(([cost, is]) => (is === paid ? [cost] : []))
      .join(', ')
      .replace(/, (\w+)$/, ' and $1');
  const left = named(false);
  return [named(true) && `${named(true)} included`, left && `${left} not, or not all`].filter(Boolean).join('; ');
}

/** What was chosen on these candles, and from how many: the controls made the same choice in every draw. */
function showChoices(strategies: readonly StrategyReport[], out: Output): void {
  const chosen = strategies.flatMap((strategy) => {
    if (strategy.status === 'failed' || strategy.choice === undefined) return [];
    const { lists, combinations } = strategy.choice;
    const params = Object.keys(lists).map((name) => `${name} ${strategy.params[name]}`);
    return [`  ${strategy.name.padEnd(longestName(strategies))}  ${params.join(', ')}, of ${combinations.length}`];
  });
  if (chosen.length === 0) return;
  out.line();
  out.line(out.paint('bold', 'chosen on these candles, and anew in every draw of the controls'));
  for (const line of chosen) out.line(line);
}

/** The table has room for one line; what has to be mended is said in full. */
function showFailure({ name, error }: FailedStrategy, out: Output): void {
  out.line();
  out.line(`${out.paint('bold', name)} could not be run: ${error.message}`);
  for (const detail of error.details) out.line(`  ${detail}`);
  if (error.hint !== null) out.line(`  ${error.hint}`);
}

function showVerdicts(strategies: readonly StrategyReport[], out: Output): void {
  const shown = (cell: (judged: JudgedStrategy) => string) => (strategy: StrategyReport) =>
    strategy.status === 'judged' ? cell(strategy) : '–';
  out.table<StrategyReport>(
    [
      { title: 'strategy', cell: ({ name }) => name, align: 'left' },
      { title: 'verdict', cell: ({ verdict }) => out.paint(PAINTS[verdict.word], verdict.word), align: 'left' },
      { title: 'trades', cell: shown(({ trades }) => `${trades.length}`), align: 'right' },
      { title: 'a trade', cell: shown(({ metrics }) => formatR(metrics.expectancyR ?? null)), align: 'right' },
      {
        title: 'net',
        cell: shown(({ metrics }) => formatSignedPercent(metrics.netReturnFraction ?? null)),
        align: 'right',
      },
      { title: 'p', cell: shown(({ pValues }) => shortP(pValues.family)), align: 'right' },
      { title: 'beats flips', cell: shown(flipsBeaten), align: 'right' },
    ],
    strategies,
  );
}

/** Of the rotation, corrected for all strategies of the study: the p-value that decides. */
function shortP(p: number | null): string {
  return p !== null && p < 0.001 ? '<.001' : formatP(p);
}

/** What people understand first: how many of the coin flips it did better than. */
function flipsBeaten({ controls }: JudgedStrategy): string {
  const flips = controls.find(({ kind }) => kind === 'coin-flip');
  return flips === undefined ? 'n/a' : `${flips.draws - flips.asGood} / ${flips.draws}`;
}

function conclusion({ strategies, data, study }: Report): string {
  const kept = strategies.filter(({ verdict }) => verdict.word === 'KEEP').map(({ name }) => name);
  const market = data.isSynthetic
    ? 'on a made-up market, which proves nothing'
    : `on these candles, ${formatDate(data.fromMs)} to ${formatDate(data.toMs)}`;
  const [only, ...others] = study.strategies;
  if (kept.length === 0 && only !== undefined && others.length === 0) return `${only.name} may not trade, ${market}.`;
  if (kept.length === 0) return `None of ${study.strategies.length} strategies may trade, ${market}.`;
  return `May trade: ${kept.join(', ')}; ${market}.`;
}

function longestName(strategies: readonly StrategyReport[]): number {
  return Math.max(...strategies.map(({ name }) => name.length));
}

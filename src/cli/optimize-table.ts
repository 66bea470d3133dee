import { DAY_MS, formatDate, formatTime } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { type FoldResult, INCUMBENT, type RankedCandidate } from '../optimize/comparison.ts';
import { type Condition, type DecisionWord, signed } from '../optimize/decision.ts';
import type { Days } from '../optimize/forward-plan.ts';
import type { OptimizationReport } from '../optimize/optimize.ts';
import { FRESH_MS } from '../optimize/optimize-plan.ts';
import type { ParamValues } from '../strategy/params.ts';
import { count, counted } from './database.ts';
import { COLUMNS, type Column, type Output, type Paint, wrapped } from './output.ts';

const PAINTS: Readonly<Record<DecisionWord, Paint>> = {
  kept: 'green',
  swapped: 'yellow',
  'stood down': 'red',
  resumed: 'green',
};

/** The first of them, beside the incumbent and its neighbours. */
const SHOWN = 5;

interface Circumstances {
  readonly isDryRun: boolean;
  readonly nowMs: EpochMs;
}

/** A decision and all that it rests on, for 80 columns; the last lines say it in two sentences. */
export function showDecision(report: OptimizationReport, { isDryRun, nowMs }: Circumstances, out: Output): void {
  const { job, strategy, coins, interval, fromMs, toMs, data, decision } = report;
  const synthetic = data.isSynthetic ? out.paint('yellow', 'SYNTHETIC MARKET, made up: ') : '';
  out.line();
  out.line(`${synthetic}${out.paint('bold', `${job}: ${strategy.name}`)} on ${coins.join(', ')} ${interval}`);
  out.line(`${formatTime(fromMs)} to ${formatTime(toMs)}, candles from ${data.source}`);
  for (const line of wrapped(setup(report))) out.line(line);
  const ageDays = Math.floor((nowMs - toMs) / DAY_MS);
  if (!data.isSynthetic && data.sealedFromMs === undefined && nowMs - toMs > FRESH_MS) {
    out.caution(`the newest day is ${counted(ageDays, 'day')} old: 'candor ingest' first`);
  }
  for (const warning of report.warnings) out.caution(warning);
  showRanking(report, out);
  showFolds(report, out);
  out.line();
  out.line(out.paint('bold', 'a swap takes'));
  for (const condition of decision.conditions) showCondition(condition, out);
  out.line();
  for (const line of wrapped(decision.story)) out.line(out.paint(PAINTS[decision.word], line));
  for (const line of wrapped(decision.reason)) out.line(line);
  out.line();
  for (const line of wrapped(whatFollows(report, isDryRun))) out.line(line);
}

/** A hanging indent, so that the answers stand in a column. */
function showCondition({ holds, sentence }: Condition, out: Output): void {
  for (const [i, line] of wrapped(sentence, COLUMNS - 6).entries()) {
    out.line(`  ${i === 0 ? out.paint(holds ? 'green' : 'red', holds ? 'yes' : 'no ') : '   '} ${line}`);
  }
}

function setup({ candidates, sets, windows, replays }: OptimizationReport): string {
  const { folds, embargoDays } = windows;
  const [{ train, test }] = folds as [OptimizationReport['windows']['folds'][number]];
  const drawn =
    candidates.drawn === 'grid'
      ? 'every combination of its params'
      : `spread evenly over ${counted(candidates.combinations, 'combination')}`;
  return (
    `${counted(sets.length, 'candidate')}, ${drawn}; ${folds.length} folds: train ${train.to - train.from} days, ` +
    `leave out ${embargoDays}, test ${test.to - test.from}; ${count(replays)} runs repeated by the reference engine`
  );
}

function showRanking(report: OptimizationReport, out: Output): void {
  const { comparison, sets, windows } = report;
  const { ranking, chosen } = comparison;
  const at = ranking.findIndex(({ candidate }) => candidate === INCUMBENT);
  const chosenAt = ranking.findIndex(({ candidate }) => candidate === chosen);
  const isShown = (place: number): boolean => place < SHOWN || Math.abs(place - at) <= 1 || place === chosenAt;
  const rows = ranking.flatMap((ranked, i) => (isShown(i) ? [{ ...ranked, place: i + 1 }] : []));
  type Row = RankedCandidate & { readonly place: number };
  out.line();
  out.line(`${out.paint('bold', 'ranking')} on the newest training window, ${datesOf(report, windows.newest)}`);
  out.table<Row>(
    [
      { title: 'place', align: 'right', cell: ({ place }) => count(place) },
      ...paramColumns(sets),
      { title: 'a day', align: 'right', cell: ({ score }) => signed(score) },
      { title: 'trades', align: 'right', cell: ({ trades }) => count(trades) },
      { title: '', cell: ({ candidate }) => nameOf(candidate, chosen) },
    ],
    rows,
  );
}

/** As many params as there is room for; the others are in --json. */
const MOST_PARAMS = 4;

function paramColumns(sets: readonly ParamValues[]): Column<RankedCandidate>[] {
  const names = Object.keys(sets[0] ?? {});
  const varied = names.filter((name) => new Set(sets.map((set) => set[name])).size > 1);
  return varied.slice(0, MOST_PARAMS).map((name) => ({
    title: name,
    align: 'right',
    cell: ({ candidate }) => `${sets[candidate]?.[name]}`,
  }));
}

function nameOf(candidate: number, chosen: number): string {
  const names = [candidate === chosen ? 'best' : '', candidate === INCUMBENT ? 'incumbent' : ''];
  return names.filter((name) => name !== '').join(', ');
}

function showFolds(report: OptimizationReport, out: Output): void {
  const { comparison, windows, sets } = report;
  const { folds, outOfSample, benchmark } = comparison;
  const { days, procedure } = outOfSample;
  type Row = { readonly when: string; readonly chosen: string } & Pick<FoldResult, 'test' | 'benchmark'>;
  const rows: Row[] = folds.map((fold, i) => ({
    when: datesOf(report, (windows.folds[i] as { test: Days }).test),
    chosen: paramsText(sets[fold.candidate] ?? {}, sets),
    ...{ test: fold.test, benchmark: fold.benchmark },
  }));
  rows.push({ when: `joined, ${days} days`, chosen: '', test: procedure, benchmark: outOfSample.benchmark });
  out.line();
  out.line(`${out.paint('bold', 'out of sample')}: chosen on the days before, tested on days that it had not seen`);
  out.table<Row>(
    [
      { title: 'test days', cell: ({ when }) => when },
      { title: 'chosen', cell: ({ chosen }) => chosen, wrapAt: 30 },
      { title: 'a day', align: 'right', cell: ({ test }) => signed(test) },
      { title: benchmark, align: 'right', cell: (row) => signed(row.benchmark) },
    ],
    rows,
  );
}

/** What varies, by name: `lookback 35, surge 2`. */
function paramsText(params: ParamValues, sets: readonly ParamValues[]): string {
  return Object.entries(params)
    .filter(([name]) => new Set(sets.map((set) => set[name])).size > 1)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** `2025-03-18 … 2025-04-07`, the day after the last not included. */
function datesOf({ fromMs }: OptimizationReport, { from, to }: Days): string {
  return `${formatDate(fromMs + from * DAY_MS)} … ${formatDate(fromMs + (to - 1) * DAY_MS)}`;
}

function whatFollows({ decision, coins, chosen, data }: OptimizationReport, isDryRun: boolean): string {
  if (data.isSynthetic) return 'Invented candles decide nothing: nothing was kept but its line in the trial ledger.';
  if (isDryRun) return 'A dry run: nothing was kept but its line in the trial ledger.';
  const legs = coins.join(', ');
  switch (decision.word) {
    case 'kept':
      return 'Nothing changes.';
    case 'swapped': {
      const params = Object.entries(chosen.params).map(([name, value]) => `${name} ${value}`);
      return `Pending: ${params.join(', ')}; ${legs} each take it when flat. candor optimize --rollback takes it back.`;
    }
    case 'stood down':
      return `No entries any more on ${legs}; what is open is managed to its end.`;
    case 'resumed':
      return `Entries again on ${legs}.`;
  }
}

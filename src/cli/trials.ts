import type { GateThresholds } from '../domain/study.ts';
import { formatDate } from '../domain/time.ts';
import { everTried, type KnownLedger } from '../evidence/known-ledger.ts';
import { countMarket, type MarketCount } from '../evidence/trial-count.ts';
import { isTrial, TRIALS_FILE } from '../evidence/trial-ledger.ts';
import type { LedgerLine, RecordedTrial } from '../evidence/trial-lines.ts';
import { countTrials, trialsTouching } from '../evidence/trials.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted } from './database.ts';
import { ledgerOf, lostNote } from './keeping.ts';
import type { Column } from './output.ts';
import { coinsIn } from './seal.ts';
import { storedReturns } from './stored-returns.ts';

export interface TrialsOptions {
  readonly json?: true;
}

const COLUMNS: readonly Column<LedgerLine>[] = [
  { title: '#', align: 'right', cell: ({ sequence }) => count(sequence) },
  { title: 'on', cell: ({ recordedAtMs }) => formatDate(recordedAtMs) },
  { title: 'what', cell: nameOf, wrapAt: 15 },
  { title: 'candles', cell: candlesOf, wrapAt: 12 },
  { title: 'of', cell: spanOf, wrapAt: 13 },
  { title: 'tried', align: 'right', cell: tried },
  { title: 'clusters', align: 'right', cell: clustersOf },
];

function nameOf(line: LedgerLine): string {
  switch (line.kind) {
    case 'study':
      return line.unseal === undefined ? line.study : `${line.study} (holdout)`;
    case 'sweep':
      return line.sweep;
    case 'optimization':
      return line.optimization;
    case 'gates':
      return 'other gates';
    case 'seal':
      return 'sealed';
    case 'unseal':
      return `unsealed for ${line.study}`;
  }
}

function candlesOf(line: LedgerLine): string {
  if (line.kind === 'gates') return '–';
  if (line.kind === 'seal') return coinsIn(line.coins);
  return `${line.coins.join(' ')} ${line.kind === 'sweep' ? line.intervals.join(' ') : line.interval}`;
}

function spanOf(line: LedgerLine): string {
  if (line.kind === 'gates') return gatesIn(line.gates);
  if (line.kind === 'seal' || line.kind === 'unseal') return `${formatDate(line.fromMs)} …`;
  if (line.isSynthetic) return 'synthetic market';
  return `${formatDate(line.fromMs)} … ${formatDate(line.toMs)}${line.asSeen ? '\nas first seen' : ''}`;
}

/** Thresholds, as short as they can be said. */
function gatesIn({ alpha, targetEdgeR, minTrades, minWeeks }: GateThresholds): string {
  return `${Number((alpha * 100).toPrecision(6))} %, ${targetEdgeR} R, ${minTrades} trades, ${minWeeks} weeks`;
}

/** Strategies of a study, combinations of a sweep, candidates of an optimisation. */
function tried(line: LedgerLine): string {
  if (!isTrial(line)) return '–';
  return count(line.kind === 'study' ? line.strategies.length : line.combinations);
}

/** How many different things these were; lines that are older than the count do not say. */
function clustersOf(line: LedgerLine): string {
  if (!isTrial(line) || line.clusters === undefined) return '–';
  return count(line.clusters.count);
}

/** What the next study would face on the candles of the last run. */
interface NextStudy {
  readonly coins: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** The study with one new strategy included. */
  readonly count: MarketCount;
}

/**
 * Every study, sweep, optimisation and seal on record, whether the record is whole, and what the next study would face.
 * The exit status is 1 when it is not whole.
 */
export async function run(options: TrialsOptions, context: Context): Promise<ExitCode> {
  const ledger = ledgerOf(context);
  const { lines, trials, state, lost } = ledger;
  const real = countTrials(trials.filter(({ isSynthetic }) => !isSynthetic));
  const synthetic = countTrials(trials.filter(({ isSynthetic }) => isSynthetic));
  const next = await nextStudy(everTried(ledger), context);
  if (options.json) {
    const seals = lines.filter(({ kind }) => kind === 'seal' || kind === 'unseal');
    context.out.json({ trials, seals, state, lost, real, synthetic, next: next ?? null });
  } else {
    if (lines.length > 0) context.out.table(COLUMNS, lines);
    context.out.line(
      `${counted(trials.length, 'run')} on record; real candles: ${counted(real.trials, 'distinct trial')} ` +
        `(${count(real.combinations)} with the heat maps)`,
    );
    if (next !== undefined) showNext(next, context);
    showState(ledger, context);
  }
  return state.intact && lost.length === 0 ? 0 : 1;
}

function nextStudy(trials: readonly RecordedTrial[], context: Context): Promise<NextStudy | undefined> {
  const last = trials.findLast(({ isSynthetic }) => !isSynthetic);
  if (last === undefined) return Promise.resolve(undefined);
  const { coins, fromMs, toMs } = last;
  const touching = trialsTouching(trials, { coins, fromMs, toMs, isSynthetic: false });
  return storedReturns(context, (returnsOf) => ({
    ...{ coins, fromMs, toMs },
    count: countMarket(touching, returnsOf, [{ key: 'a new strategy' }], { fromMs, toMs }),
  }));
}

function showNext({ coins, fromMs, toMs, count: faced }: NextStudy, { out }: Context): void {
  out.line(`one more strategy on ${coins.join(', ')}, ${formatDate(fromMs)} … ${formatDate(toMs)}, would be`);
  const others = faced.unknown - 1;
  const unknown = others > 0 ? ` (${count(others)} counted without their returns)` : '';
  out.line(`  trial ${count(faced.trials)}, in ${counted(faced.clusters, 'cluster')}${unknown};`);
  out.line(`  the best of so many shows a Sharpe ratio of ${faced.hurdleSharpe.toFixed(2)} a day by luck alone`);
}

function showState({ state, lost }: KnownLedger, { out }: Context): void {
  if (lost.length > 0) {
    out.line(`${out.paint('red', 'lines are missing')}: ${lostNote(lost.length)}`);
    out.note("Restore it from git ('git log -p' shows its lines), or go back to the branch that has them.");
  }
  if (state.intact) {
    out.line(`the chain is intact (${TRIALS_FILE})`);
    if (lost.length === 0) out.line('lines cut off its end show here alone, and in git log -p: commit it');
    return;
  }
  out.line(`${out.paint('red', 'the chain is broken')}: ${TRIALS_FILE}, line ${state.brokenAtLine}: ${state.reason}`);
  out.note(state.hint);
}

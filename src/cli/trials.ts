import { join } from 'node:path';
import { formatDate } from '../domain/time.ts';
import { type ChainState, readTrials, TRIALS_FILE } from '../evidence/trial-ledger.ts';
import type { RecordedTrial } from '../evidence/trial-lines.ts';
import { countTrials } from '../evidence/trials.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted } from './database.ts';
import type { Column } from './output.ts';

export interface TrialsOptions {
  readonly json?: true;
}

const COLUMNS: readonly Column<RecordedTrial>[] = [
  { title: '#', align: 'right', cell: ({ sequence }) => count(sequence) },
  { title: 'run on', cell: ({ recordedAtMs }) => formatDate(recordedAtMs) },
  { title: 'name', cell: nameOf, wrapAt: 16 },
  { title: 'candles', cell: (trial) => `${trial.coins.join(' ')} ${intervalsOf(trial)}`, wrapAt: 17 },
  {
    title: 'of',
    cell: ({ isSynthetic, asSeen, fromMs, toMs }) =>
      isSynthetic
        ? 'the synthetic market'
        : `${formatDate(fromMs)} … ${formatDate(toMs)}${asSeen ? ' as first seen' : ''}`,
    wrapAt: 23,
  },
  { title: 'tried', align: 'right', cell: (trial) => count(tried(trial)) },
];

function nameOf(trial: RecordedTrial): string {
  switch (trial.kind) {
    case 'study':
      return trial.study;
    case 'sweep':
      return trial.sweep;
    case 'optimization':
      return trial.optimization;
  }
}

function intervalsOf(trial: RecordedTrial): string {
  return trial.kind === 'sweep' ? trial.intervals.join(' ') : trial.interval;
}

/** Strategies of a study, combinations of a sweep, candidates of an optimisation. */
function tried(trial: RecordedTrial): number {
  return trial.kind === 'study' ? trial.strategies.length : trial.combinations;
}

/**
 * Every study, sweep and optimisation ever run, and whether the record of them is whole. The exit status is 1 when it
 * is not.
 */
export async function run(options: TrialsOptions, context: Context): Promise<ExitCode> {
  const { trials, state } = readTrials(join(context.root, TRIALS_FILE));
  const real = countTrials(trials.filter(({ isSynthetic }) => !isSynthetic));
  const synthetic = countTrials(trials.filter(({ isSynthetic }) => isSynthetic));
  if (options.json) {
    context.out.json({ trials, state, real, synthetic });
  } else {
    show(trials, state, real, context);
  }
  return state.intact ? 0 : 1;
}

function show(
  trials: readonly RecordedTrial[],
  state: ChainState,
  real: ReturnType<typeof countTrials>,
  { out }: Context,
): void {
  if (trials.length > 0) out.table(COLUMNS, trials);
  out.line(
    `${counted(trials.length, 'run')} on record; real candles: ${counted(real.trials, 'distinct trial')} ` +
      `(${count(real.combinations)} with the heat maps)`,
  );
  if (state.intact) {
    out.line(`the chain is intact (${TRIALS_FILE})`);
    out.line('lines cut off its end would not show in the file itself: git log -p shows them');
    return;
  }
  out.line(`${out.paint('red', 'the chain is broken')}: ${TRIALS_FILE}, line ${state.brokenAtLine}: ${state.reason}`);
  out.note(state.hint);
}

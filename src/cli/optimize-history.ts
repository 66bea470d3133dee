import { UsageError } from '../domain/errors.ts';
import { formatDate } from '../domain/time.ts';
import type { MarketDatabase } from '../market/database.ts';
import {
  type Change,
  listChanges,
  listPending,
  listSwapped,
  rollBack,
  type Setting,
  type StrategyOnInterval,
} from '../optimize/incumbent.ts';
import { listOptimizations, type StoredOptimization } from '../optimize/optimization-store.ts';
import type { Context, ExitCode } from './context.ts';
import { withDatabase, withStoredDatabase } from './database.ts';
import { claimOptimizing } from './optimize-claim.ts';
import type { OptimizeOptions } from './optimize-options.ts';

/** Every run, the newest first, with the line that tells it; then what waits for a coin to be flat. */
export function showHistory({ strategy, json }: OptimizeOptions, context: Context): Promise<ExitCode> {
  return withStoredDatabase(context, (db) => {
    const isWanted = (name: string): boolean => strategy === undefined || name === strategy;
    const runs = listOptimizations(db).filter(({ report }) => isWanted(report.strategy.name));
    const changes = listChanges(db).filter((change) => isWanted(change.strategy));
    const pending = listPending(db).filter((leg) => isWanted(leg.strategy));
    if (json) context.out.json({ runs, changes, pending });
    else show(runs, changes, pending, context);
    return 0;
  });
}

/** One row of the history: a run, or a rollback between two of them. */
interface Row {
  readonly decidedMs: number;
  readonly strategy: string;
  readonly story: string;
}

function show(
  runs: readonly StoredOptimization[],
  changes: readonly Change[],
  pending: ReturnType<typeof listPending>,
  { out }: Context,
): void {
  const rows: Row[] = [
    ...runs.map(({ decidedMs, report }) => ({
      ...{ decidedMs, strategy: `${report.strategy.name} ${report.interval}` },
      story: report.decision.story,
    })),
    ...changes
      .filter(({ kind }) => kind === 'rollback')
      .map((change) => ({
        ...{ decidedMs: change.decidedMs, strategy: `${change.strategy} ${change.interval}` },
        story: `rolled back to ${settingInWords(change)}`,
      })),
  ].sort((a, b) => b.decidedMs - a.decidedMs);
  if (rows.length === 0) {
    out.line("nothing was decided yet: 'candor optimize' decides");
    return;
  }
  out.table<Row>(
    [
      { title: 'decided', cell: ({ decidedMs }) => formatDate(decidedMs) },
      { title: 'strategy', cell: ({ strategy }) => strategy, wrapAt: 20 },
      { title: 'what came of it', cell: ({ story }) => story, wrapAt: 46 },
    ],
    rows,
  );
  out.line();
  if (pending.length === 0) out.line('nothing is pending');
  for (const leg of pending) {
    out.line(`pending: ${leg.coin} ${leg.strategy} ${leg.interval}, when flat: ${settingInWords(leg.pending)}`);
  }
}

function settingInWords({ params, isTrading }: Setting): string {
  const values = Object.entries(params ?? {}).map(([name, value]) => `${name} ${value}`);
  return `${params === null ? 'its defaults' : values.join(', ')}${isTrading ? '' : ', not trading'}`;
}

/**
 * Takes back the last swap.
 *
 * @throws UsageError where none was made, and where it does not say of which of several strategies; CandorError while
 *   an optimiser is at work
 */
export function rollBackSwap({ strategy, json }: OptimizeOptions, context: Context): Promise<ExitCode> {
  return withDatabase(context, (db) => {
    const rollback = rolledBack(db, strategy, context);
    if (json) context.out.json(rollback);
    else {
      const { interval, takesBack } = rollback;
      context.out.line(`${rollback.strategy} ${interval}: swap ${takesBack} is taken back, on record`);
      context.out.line(`pending for each coin, when flat: ${settingInWords(rollback)}`);
      context.out.line('what was tried stays counted');
    }
    return 0;
  });
}

function rolledBack(db: MarketDatabase, strategy: string | undefined, context: Context): Change {
  const claim = claimOptimizing(db, context);
  try {
    return rollBack(db, swappedOf(db, strategy), context.clock);
  } finally {
    claim.release();
  }
}

function swappedOf(db: MarketDatabase, strategy: string | undefined): StrategyOnInterval {
  const swapped = listSwapped(db).filter((one) => strategy === undefined || one.strategy === strategy);
  const [only, ...others] = swapped;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined) {
    throw new UsageError(`there is no swap ${strategy === undefined ? '' : `of '${strategy}' `}to take back`, {
      hint:
        "'candor optimize --history' shows what was decided. What was stood down trades again when its next " +
        "'candor optimize' passes the gates.",
    });
  }
  throw new UsageError(`${swapped.length} strategies were swapped`, {
    details: swapped.map((one) => `${one.strategy} ${one.interval}`),
    hint: `Say which: candor optimize --rollback --strategy ${only.strategy}`,
  });
}

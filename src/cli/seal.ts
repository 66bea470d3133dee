import { UsageError } from '../domain/errors.ts';
import { formatTime, parseTime } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { everTried } from '../evidence/known-ledger.ts';
import { covers, firstUnseenMs, sealsIn, seenBeyond } from '../evidence/seal.ts';
import { appendTrial, TRIALS_FILE } from '../evidence/trial-ledger.ts';
import type { LedgerLine, RecordedSeal, SealEntry } from '../evidence/trial-lines.ts';
import { findInstrument, loadInstruments } from '../market/instrument-store.ts';
import { keepLine } from '../market/trial-store.ts';
import { confirmed } from './confirmation.ts';
import type { Context, ExitCode } from './context.ts';
import { counted, withDatabase, withScratchDatabase } from './database.ts';
import { ledgerOf, ledgerPathOf } from './keeping.ts';

export interface SealOptions {
  readonly from: string;
  readonly coins?: readonly string[];
  readonly yes?: true;
  readonly json?: true;
}

/**
 * Seals what follows a date: from now on nothing that looks for strategies sees it, in this clone and in every other,
 * until one last study spends it.
 *
 * @throws UsageError for a coin that nobody knows (its name would seal nothing), and for what is sealed already
 */
export async function run(options: SealOptions, context: Context): Promise<ExitCode> {
  const { out } = context;
  const fromMs = parseTime(options.from);
  const coins = options.coins === undefined ? undefined : [...new Set(options.coins)].sort();
  await withScratchDatabase(context, (db) => {
    const instruments = loadInstruments(db);
    for (const coin of coins ?? []) findInstrument(instruments, coin);
  });
  requireUnsealed(ledgerOf(context).lines, fromMs, coins);
  const seen = seenBeyond(everTried(ledgerOf(context)), { fromMs, coins });
  if (seen.length > 0) {
    const unseenMs = firstUnseenMs(seen, coins) as EpochMs;
    out.note(`${counted(seen.length, 'run')} on record had seen candles of after ${formatTime(fromMs)}, and that`);
    out.note(`stays so; from ${formatTime(unseenMs)} on none has`);
  }
  const what = `Seal ${coinsIn(coins)} from ${formatTime(fromMs)} on?`;
  const question = `${what} It ends with one study, and cannot be taken back.`;
  if (!options.yes && !(await confirmed(question, 'Seal it with --yes.', context))) return 1;
  const line = appendTrial(
    ledgerPathOf(context),
    (lines): SealEntry => {
      requireUnsealed(lines, fromMs, coins);
      const seenBy = seenBeyond(everTried(ledgerOf(context)), { fromMs, coins }).length;
      return { kind: 'seal', fromMs, ...(coins && { coins }), seenBy };
    },
    context.clock,
  );
  await withDatabase(context, (db) => keepLine(db, { hash: line.hash, text: JSON.stringify(line) }));
  if (options.json) out.json(line);
  else show(line, context);
  return 0;
}

function show({ fromMs, coins, sequence }: RecordedSeal, { out }: Context): void {
  out.line(`sealed: ${coinsIn(coins)} from ${formatTime(fromMs)} on, every interval and every source`);
  out.line(`line ${sequence} of ${TRIALS_FILE}: commit it, and every clone is sealed`);
  out.line("'candor unseal STRATEGY… --study NAME' spends it, once; recording goes on");
}

/** @throws UsageError */
function requireUnsealed(lines: readonly LedgerLine[], fromMs: number, coins: readonly string[] | undefined): void {
  const wider = sealsIn(lines).find(
    ({ state, line }) =>
      state !== 'spent' &&
      line.fromMs <= fromMs &&
      (coins === undefined ? line.coins === undefined : coins.every((coin) => covers(line, coin))),
  );
  if (wider === undefined) return;
  throw new UsageError(
    `that is sealed already: ${coinsIn(wider.line.coins)} from ${formatTime(wider.line.fromMs)} on`,
    {
      details: [`line ${wider.line.sequence} of ${TRIALS_FILE}`],
      hint: 'Nothing has to be done.',
    },
  );
}

/** `every coin`, `BTC and ETH` */
export function coinsIn(coins: readonly string[] | undefined): string {
  return coins === undefined ? 'every coin' : coins.join(' and ');
}

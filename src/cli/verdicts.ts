import { join } from 'node:path';
import { didYouMean, UsageError } from '../domain/errors.ts';
import { formatDate } from '../domain/time.ts';
import { type JudgedFile, judgedFiles, type PastVerdict } from '../evidence/verdict-history.ts';
import { formatR } from '../report/format.ts';
import { fileSha256Of } from '../strategy/load.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted } from './database.ts';
import { chainNote, ledgerOf } from './keeping.ts';
import type { Column } from './output.ts';

export interface VerdictsOptions {
  readonly json?: true;
}

/** What is on record of a file, and whether it is still the one of that name. */
interface Judged extends JudgedFile {
  readonly now: 'the same' | 'another file' | 'gone';
}

const LATEST: readonly Column<Judged>[] = [
  { title: 'strategy', cell: ({ name, now }) => (now === 'the same' ? name : `${name} *`) },
  { title: 'verdict', cell: ({ latest }) => wordOf(latest) },
  { title: 'on', cell: ({ latest }) => formatDate(latest.judgedAtMs) },
  { title: 'trades', align: 'right', cell: ({ latest }) => tradesOf(latest) },
  { title: 'a trade', align: 'right', cell: ({ latest }) => resultOf(latest) },
  { title: 'times', align: 'right', cell: ({ verdicts }) => count(verdicts.length) },
];

const HISTORY: readonly Column<PastVerdict>[] = [
  { title: '#', align: 'right', cell: ({ line }) => count(line) },
  { title: 'on', cell: ({ judgedAtMs }) => formatDate(judgedAtMs) },
  { title: 'verdict', cell: wordOf },
  { title: 'study', cell: ({ study, isHoldout }) => (isHoldout ? `${study} (holdout)` : study), wrapAt: 16 },
  { title: 'of', cell: ({ fromMs, toMs }) => `${formatDate(fromMs)} … ${formatDate(toMs)}`, wrapAt: 12 },
  { title: 'trades', align: 'right', cell: tradesOf },
  { title: 'a trade', align: 'right', cell: resultOf },
];

function wordOf({ outcome }: PastVerdict): string {
  return outcome?.word ?? 'not told';
}

function tradesOf({ outcome }: PastVerdict): string {
  return outcome === null ? '–' : count(outcome.trades);
}

function resultOf({ outcome }: PastVerdict): string {
  return outcome === null || outcome.expectancyR === null ? '–' : formatR(outcome.expectancyR);
}

/** Every strategy that was ever judged, from the ledger alone; of one strategy, its whole history. */
export async function run(name: string | undefined, options: VerdictsOptions, context: Context): Promise<ExitCode> {
  const { out } = context;
  const all = judgedFiles(ledgerOf(context).lines);
  const wanted = name === undefined ? all : all.filter((one) => one.name === name);
  if (name !== undefined && wanted.length === 0) {
    throw new UsageError(`no strategy '${name}' was ever judged here`, {
      hint: didYouMean(name, new Set(all.map((one) => one.name))),
    });
  }
  const judged = wanted.map((one): Judged => ({ ...one, now: stateOf(one, context) }));
  if (options.json) {
    out.json({ strategies: judged });
    return 0;
  }
  if (judged.length === 0) out.line("No strategy was judged here yet: 'candor study' judges some.");
  else if (name === undefined) showLatest(judged, context);
  else for (const [i, one] of judged.entries()) showHistory(one, i > 0, context);
  const chain = chainNote(context);
  if (chain !== undefined) out.caution(chain);
  return 0;
}

function stateOf({ name, fileSha256 }: JudgedFile, { root }: Context): Judged['now'] {
  const now = fileSha256Of(name, join(root, 'strategies'));
  if (now === undefined) return 'gone';
  return now === fileSha256 ? 'the same' : 'another file';
}

function showLatest(judged: readonly Judged[], { out }: Context): void {
  out.table(LATEST, judged);
  for (const [title, word] of [
    ['kept', 'KEEP'],
    ['graveyard', 'KILL'],
    ['without a verdict', 'NO VERDICT'],
  ] as const) {
    const group = judged.filter(({ latest }) => latest.outcome?.word === word);
    if (group.length === 0) continue;
    const width = Math.max(...group.map(({ name }) => name.length));
    out.line(`\n${out.paint('bold', title)}`);
    for (const { name, latest } of group) out.line(`  ${name.padEnd(width)}  ${latest.outcome?.line}`);
  }
  const changed = judged.filter(({ now }) => now !== 'the same').length;
  if (changed > 0) {
    out.line(
      `\n* ${counted(changed, 'file')} that ${changed === 1 ? 'is' : 'are'} no more as judged: another strategy now`,
    );
  }
  if (judged.some(({ latest }) => latest.outcome === null)) {
    out.line("\n'not told': lines that are older than outcomes; the study says them when it is run again");
  }
}

function showHistory({ name, fileSha256, verdicts, now }: Judged, follows: boolean, { out }: Context): void {
  if (follows) out.line();
  const state = {
    'the same': 'the file of today',
    'another file': 'another strategy than the file of today',
    gone: 'its file is not there any more',
  }[now];
  out.line(`${out.paint('bold', name)}, file ${fileSha256.slice(0, 12)}: ${state}`);
  out.table(HISTORY, verdicts);
  for (const { line, outcome } of verdicts) if (outcome !== null) out.line(`  #${line}: ${outcome.line}`);
}

import type { StoredSweep } from '../market/sweep-store.ts';
import type { SweepResult } from '../optimize/result.ts';
import { revisionWarnings } from '../report/revisions.ts';
import { fragilityInWords, fragilityOf } from '../report/sweep/fragility.ts';
import type { Context } from './context.ts';
import { count, shownPath } from './database.ts';
import type { PlannedSweep } from './sweep-plan.ts';
import { combinationsAsJson, type SweepView, showSweep } from './sweep-table.ts';

const DEFAULT_TOP = 10;

export interface ShowOptions {
  readonly top?: number;
  readonly json?: true;
}

export interface ShownSweep {
  readonly planned: PlannedSweep;
  readonly result: SweepResult;
  /** What a reader must know that is no part of the result. */
  readonly notes: readonly string[];
  readonly htmlPath: string;
  readonly jsonPath: string;
}

/** What a sweep found, and where it is kept. */
export function showResult(shown: ShownSweep, options: ShowOptions, context: Context): void {
  const { planned, result, notes } = shown;
  const { out } = context;
  const { columns, ranking, data, revised, silent, replays, identity, resultHash, sweep } = result;
  const view: SweepView = { plan: planned.plan, columns, ranking, data, silent };
  if (options.json) {
    const { costs, strategies, warnings, versions, commit, timings } = result;
    const facts = { name: sweep.name, identity, resultHash, sweep, costs, strategies, data, revised, replays };
    showJson(view, { ...facts, silent, warnings, versions, commit, timings }, options, out);
    for (const note of notes) out.note(note);
    return;
  }
  const inTable = showSweep(view, options.top ?? DEFAULT_TOP, out);
  const [best] = result.best;
  if (best !== undefined) for (const words of fragilityInWords(fragilityOf(best.trades))) out.line(words);
  showReplays(replays, inTable, out);
  const revisions = revisionWarnings({ data, made: { revised } });
  for (const note of [...revisions, ...result.warnings, ...notes]) out.caution(note);
  out.line();
  out.line(`report   ${shownPath(context, shown.htmlPath)}`);
  out.line(`as data  ${shownPath(context, shown.jsonPath)}`);
  const again = `candor sweep ${sweep.name} --show${data.asSeen ? ' --as-seen' : ''}`;
  out.line(`stored   ${identity.slice(0, 12)}: '${again}' reads it again`);
}

/** Which of the numbers the reference engine has found too. */
function showReplays({ best, sampled }: SweepResult['replays'], inTable: number, out: Context['out']): void {
  const drawn = `${count(sampled)} drawn at random`;
  const which = best === 0 ? drawn : `the ${count(best)} best, and on ${drawn}`;
  out.line(`The reference engine agrees on ${which}.`);
  if (inTable > best) out.line(`The table's other ${count(inTable - best)} were not replayed, unless drawn.`);
}

/** A sweep that was read from the database. */
export function showStored(view: SweepView, stored: StoredSweep, options: ShowOptions, { out }: Context): void {
  if (options.json) {
    const { name, identity, provenMs, fingerprint } = stored;
    const data = { ...view.data, fingerprint };
    showJson(view, { name, identity, provenMs, sweep: view.plan.sweep, data }, options, out);
  } else {
    showSweep(view, options.top ?? DEFAULT_TOP, out);
    out.line('Read from the database, not replayed: the reference engine ran only the ten');
    out.line('that were the best when the sweep was run, and those drawn at random.');
  }
}

function showJson(view: SweepView, facts: object, { top }: ShowOptions, out: Context['out']): void {
  const { metric, order, where, places } = view.ranking;
  const ranking = { metric, order, where, matching: places.length };
  const all = { ...facts, count: view.plan.count, ranking };
  out.jsonWithList(all, 'combinations', combinationsAsJson(view, top));
}

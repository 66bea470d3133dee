import { didYouMean, UsageError } from '../domain/errors.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { MarketDatabase } from '../market/database.ts';
import { listSweeps, readResults, type StoredSweep } from '../market/sweep-store.ts';
import { SWEEP_METRICS, type SweepWork } from './contract.ts';

/** As many letters of an identity as are shown. */
const IDENTITY_LETTERS = 12;

/** What is kept of a sweep beside its results: enough to read them, and to know it again. */
export interface SweepSpecification {
  readonly asked: {
    readonly sweep: Sweep;
    readonly costs: Costs;
    readonly strategies: SweepWork['strategies'];
  };
  readonly isSynthetic: boolean;
  readonly asSeen?: true;
  readonly source: string;
}

export function specificationOf({ sweep, costs, strategies, data }: SweepWork): string {
  const { isSynthetic, asSeen, source } = data;
  const market = { isSynthetic, ...(asSeen && { asSeen }), source };
  const specification: SweepSpecification = { asked: { sweep, costs, strategies }, ...market };
  return JSON.stringify(specification);
}

export function readSpecification({ spec }: Pick<StoredSweep, 'spec'>): SweepSpecification {
  return JSON.parse(spec) as SweepSpecification;
}

/** Results that are stored, as rows, and a 1 for each combination that has one. */
export interface StoredRows {
  readonly rows: Float64Array;
  readonly isDone: Uint8Array;
}

export function noRows(combinations: number): StoredRows {
  return { rows: new Float64Array(combinations * SWEEP_METRICS.length), isDone: new Uint8Array(combinations) };
}

export function storedRows(db: MarketDatabase, { id, combinations }: StoredSweep): StoredRows {
  const { rows, isDone } = noRows(combinations);
  readResults(db, id, (combination, values) => {
    rows.set(values, combination * SWEEP_METRICS.length);
    isDone[combination] = 1;
  });
  return { rows, isDone };
}

/**
 * The sweep of that name that was run last, on final values or on first ones as asked for, or the one whose identity
 * begins so.
 *
 * @throws UsageError for one that is not stored, with the nearest names, for first letters that several identities
 *   have, and for one that is not finished
 */
export function findStored(db: MarketDatabase, named: string, { asSeen }: { readonly asSeen: boolean }): StoredSweep {
  const all = listSweeps(db);
  const ofName = all.filter(({ name }) => name === named);
  const isNamed = ofName.filter((sweep) => isOnFirstValues(sweep) === asSeen);
  if (ofName.length > 0 && isNamed.length === 0) throw onOtherValues(named, asSeen);
  const known = isNamed.length > 0 ? isNamed : all.filter(({ identity }) => isStartOf(named, identity));
  if (isNamed.length === 0 && known.length > 1) {
    throw new UsageError(`the identities of ${known.length} stored sweeps begin with '${named}'`, {
      details: known.map(({ name, identity }) => `${identity.slice(0, IDENTITY_LETTERS)}  ${name}`),
      hint: 'Write as many letters as it takes to tell them apart.',
    });
  }
  const found = known.find((sweep) => sweep.provenMs !== null) ?? known[0];
  if (found === undefined) {
    const names = new Set(all.map(({ name }) => name));
    throw new UsageError(`no sweep '${named}' is stored`, {
      details: ['a stored sweep is called by its name, or by the first letters of its identity: at least 4'],
      hint: didYouMean(named, names),
    });
  }
  if (found.provenMs === null) throw unfinished(found, named);
  return found;
}

function isOnFirstValues(sweep: StoredSweep): boolean {
  return readSpecification(sweep).asSeen === true;
}

function unfinished(found: StoredSweep, named: string): UsageError {
  const { name, done, combinations } = found;
  const asSeen = isOnFirstValues(found) ? ' --as-seen' : '';
  const count = (value: number): string => value.toLocaleString('en-US');
  return new UsageError(`the sweep '${named}' is not finished`, {
    details: [`${count(done)} of ${count(combinations)} combinations are stored`],
    hint: `'npx candor sweep ${name} --resume${asSeen}' goes on with the others.`,
  });
}

function onOtherValues(named: string, asSeen: boolean): UsageError {
  return asSeen
    ? new UsageError(`the sweep '${named}' is stored on final values alone`, {
        hint: 'Leave out --as-seen to show that one, or --show to run it on the values first seen.',
      })
    : new UsageError(`the sweep '${named}' is stored on the values first seen alone`, {
        hint: 'Show that one with --as-seen, or leave out --show to run it on the final values.',
      });
}

function isStartOf(named: string, identity: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(named) && identity.startsWith(named);
}

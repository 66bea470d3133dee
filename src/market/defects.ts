import { DataError } from '../domain/errors.ts';

/** What can be wrong with a line of a file, in the words that are shown. */
export type DefectKind = string;

interface Defect {
  count: number;
  readonly line: number;
  readonly what: string;
}

/** For lines that are no rows at all; of rows that are wrong, their values say more. */
export const UNREADABLE_LINES_HINT = 'Repair these lines or fetch the file again.';

/** Counts the bad lines of a file by kind and keeps the first of each, so that one report tells all of it. */
export class DefectLog {
  readonly #byKind = new Map<DefectKind, Defect>();
  readonly #place: 'line' | 'row';
  #badLines = 0;
  #lastLine = 0;

  /** @param place what a position in the file counts */
  constructor(place: 'line' | 'row' = 'line') {
    this.#place = place;
  }

  /** @param what the value that is wrong, as a phrase; made only for the first of its kind */
  add(kind: DefectKind, line: number, what: () => string): void {
    if (line !== this.#lastLine) this.#badLines++;
    this.#lastLine = line;
    const known = this.#byKind.get(kind);
    if (known === undefined) this.#byKind.set(kind, { count: 1, line, what: what() });
    else known.count++;
  }

  get badLines(): number {
    return this.#badLines;
  }

  count(kind: DefectKind): number {
    return this.#byKind.get(kind)?.count ?? 0;
  }

  /**
   * @param hint the likely cause, and what to do
   * @throws DataError that counts the bad lines and names the first of each kind
   */
  throwIfAny(file: string, lines: number, hint: string): void {
    if (this.#badLines === 0) return;
    const details = [...this.#byKind]
      .sort(([, a], [, b]) => a.line - b.line)
      .map(([kind, { count, line, what }]) => {
        const more = count === 1 ? '' : ` (the first of ${grouped(count)} such ${this.#place}s)`;
        return `${this.#place} ${grouped(line)}: ${kind}: ${what}${more}`;
      });
    throw new DataError(
      `${file}: ${grouped(this.#badLines)} of ${grouped(lines)} ${this.#place}s are bad; nothing was imported`,
      {
        details,
        hint,
      },
    );
  }
}

/** 21602 → '21,602' */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

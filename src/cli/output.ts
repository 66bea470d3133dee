import { styleText } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Clock } from '../domain/clock.ts';
import { CandorError } from '../domain/errors.ts';
import { SECOND_MS } from '../domain/time.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand right, so that their digits line up; 'left' where it is not said. */
  readonly align?: 'left' | 'right';
  /** Wrap the text at this many characters. */
  readonly wrapAt?: number;
}

export type Paint = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

export interface Progress {
  /**
   * @param done of the total that was announced; may also fall, when a new estimate says so
   * @param note what there is to say beside it
   */
  update(done: number, note?: string): void;
  /** Idempotent; takes the bar away. */
  stop(): void;
}

/** A stream as far as it is needed here; process.stdout is one, and so is a collector in a test. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** What people and pipes read: results to stdout, everything about them (notes, progress) to stderr. */
export class Output {
  readonly #stdout: Sink;
  readonly #stderr: Sink;

  constructor(stdout: Sink, stderr: Sink) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** One line of the result. */
  line(text = ''): void {
    writeLine(this.#stdout, text);
  }

  /** What a reader must know beside the result, and that belongs to it. */
  caution(text: string): void {
    for (const [i, line] of wrapped(`note: ${text}`).entries()) {
      this.line(i === 0 ? line.replace('note', this.paint('yellow', 'note')) : line);
    }
  }

  /** A sentence for the person who waits; not part of the result, so that it never ends up in a pipe. */
  note(text: string): void {
    writeLine(this.#stderr, text);
  }

  /** An error that does not end the command. */
  error(error: CandorError): void {
    this.note(renderError(error, false));
  }

  /** The machine's form of a result: one JSON document. A command prints either this or its tables. */
  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** The same on one line, for what is printed as it happens: each of its lines can be read alone. */
  jsonLine(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** The same with a list that may be too long for one string: each of its items on a line of its own. */
  jsonWithList(value: object, name: string, items: Iterable<object>): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2).slice(0, -2)},\n  ${JSON.stringify(name)}: [`);
    let separator = '\n    ';
    for (const item of items) {
      this.#stdout.write(`${separator}${JSON.stringify(item)}`);
      separator = ',\n    ';
    }
    this.#stdout.write('\n  ]\n}\n');
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    this.line(renderTable(columns, rows, (title) => this.paint('bold', title)));
  }

  /** Colour on a terminal, plain text elsewhere and where NO_COLOR is set. */
  paint(style: Paint, text: string): string {
    return this.#stdout.isTTY === true ? styleText(style, text, { stream: process.stdout }) : text;
  }

  /**
   * A bar on a terminal; nothing elsewhere, where it would only fill a log.
   *
   * @param clock for what takes so long that a log should have a line of it now and then
   */
  progress(label: string, total: number, clock?: Clock): Progress {
    if (this.#stderr.isTTY !== true)
      return clock === undefined ? NO_PROGRESS : this.#spokenProgress(label, total, clock);
    const bar = new SingleBar(
      {
        format: `${label}  {bar} {percentage} %  {eta_formatted} left{note}`,
        barsize: BAR_COLUMNS,
        clearOnComplete: true,
        hideCursor: null,
        stream: process.stderr,
        etaBuffer: 50,
      },
      Presets.shades_classic,
    );
    bar.start(total, 0, { note: '' });
    return { update: (done, note = '') => bar.update(done, { note: note && `  ${note}` }), stop: () => bar.stop() };
  }

  #spokenProgress(label: string, total: number, clock: Clock): Progress {
    let dueMs = clock.nowMs() + SPOKEN_EVERY_MS;
    const update = (done: number, note = ''): void => {
      if (clock.nowMs() < dueMs) return;
      dueMs = clock.nowMs() + SPOKEN_EVERY_MS;
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      this.note(`${label}: ${percent} %${note && `, ${note}`}`);
    };
    return { update, stop: () => {} };
  }
}

/** Of a terminal that nobody has widened. */
export const COLUMNS = 80;

/** Whole words, at most so many columns. */
export function wrapped(text: string, width = COLUMNS): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const NO_PROGRESS: Progress = { update: () => {}, stop: () => {} };
const SPOKEN_EVERY_MS = 15_000;

/** Spaces that do not break are for a reader at a terminal; in a file nobody could search for `+0.31 R`. */
function writeLine(to: Sink, text: string): void {
  to.write(`${to.isTTY === true ? text : text.replaceAll(/[\u00a0\u202f]/g, ' ')}\n`);
}

/** What a bar says while it stands still: the exchange allows so much a minute, and that much has been asked. */
export function waitingNote(waitMs: number): string {
  return `waits ${Math.ceil(waitMs / SECOND_MS)} s for request weight`;
}

/** Leaves room for a label and a note in a line of 80. */
const BAR_COLUMNS = 20;

const NO_LINES = { top: '', bottom: '', left: '', right: '', mid: '', middle: '  ' } as const;
const NO_CROSSINGS = {
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  'left-mid': '',
  'mid-mid': '',
  'right-mid': '',
} as const;

/** Columns two spaces apart, without a frame: it reads well at 80 characters, and `cut` and `awk` can read it too. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paintTitle: (title: string) => string = (title) => title,
): string {
  const lines = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widest = (i: number): number => Math.max(...lines.map((cells) => cells[i]?.length ?? 0));
  const table = new Table({
    head: columns.map(({ title }) => paintTitle(title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: columns.map(({ wrapAt }, i) => (wrapAt !== undefined && widest(i) > wrapAt ? wrapAt : null)),
    wordWrap: true,
    chars: { ...NO_LINES, ...NO_CROSSINGS },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(...lines);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Faults of the machine that every command can meet; what the market says about its own database is more precise. */
const MACHINE_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. Free some space and run the command again; what was stored before is intact.',
  EDQUOT: 'The disk quota is used up. Free some space and run the command again.',
  EACCES: 'The file or its folder may not be read or written by this user.',
  EROFS: 'The file system is read-only.',
  ENOENT: 'The file or folder does not exist.',
};

/**
 * An error as a person reads it: what is wrong, where, what to do. Called once, at the edge.
 *
 * @param withStack also where in the code it was thrown, and what caused it
 */
export function renderError(error: unknown, withStack: boolean): string {
  const known = error instanceof CandorError;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const hint = known ? error.hint : (MACHINE_FAULTS[code] ?? unexpectedHint(withStack));
  const lines = [
    `error: ${error instanceof Error ? error.message : String(error)}`,
    ...(known ? error.details.map((detail) => `  ${detail}`) : []),
    ...(hint === undefined ? [] : [hint]),
    ...(withStack ? stackOf(error) : []),
  ];
  return lines.join('\n');
}

function unexpectedHint(withStack: boolean): string {
  return withStack
    ? 'This is a fault in Candor: please report it with the lines below.'
    : 'This is a fault in Candor. Run the command again with --log-level debug to see where it happened.';
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = error.stack ?? '';
  return error.cause === undefined ? [own] : [own, 'caused by:', ...stackOf(error.cause)];
}

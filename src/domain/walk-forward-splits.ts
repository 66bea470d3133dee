import { UsageError } from './errors.ts';

/** Rows from … to − 1 of a time grid. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** One fold: what is chosen on `train` is tried on `test`, which lies behind it. */
export interface WalkForwardSplit {
  readonly train: RowRange;
  readonly test: RowRange;
}

export interface WalkForwardOptions {
  /** Rows of the grid. */
  readonly rows: number;
  /** Rows to choose on; of an anchored walk, those of its first fold. */
  readonly trainRows: number;
  readonly testRows: number;
  /** Rows between the two, that neither uses: at least the longest holding, so that no trade lies in both. */
  readonly embargoRows: number;
  /** Training windows of one length that move along, or that all begin at the first row. */
  readonly kind: 'rolling' | 'anchored';
}

/**
 * Walk-forward folds, oldest first (Pardo 1992, *Design, Testing, and Optimization of Trading Systems*). Their test
 * windows join without gap or overlap and end with the last row, so that the newest rows are always tested; the oldest
 * rows that do not fill a fold are left out of a rolling walk, and are trained on in an anchored one.
 *
 * @throws UsageError where the rows do not hold a single fold, RangeError where a length is no count of rows.
 */
export function walkForwardSplits(options: WalkForwardOptions): WalkForwardSplit[] {
  const { rows, trainRows, testRows, embargoRows, kind } = options;
  requireCount('rows', rows, 0);
  requireCount('training rows', trainRows, 1);
  requireCount('test rows', testRows, 1);
  requireCount('rows of embargo', embargoRows, 0);
  const folds = Math.floor((rows - trainRows - embargoRows) / testRows);
  if (folds < 1) {
    throw new UsageError(`${rows} candles do not hold a fold`, {
      details: [`${trainRows} to choose on, ${embargoRows} of embargo and ${testRows} to test on`],
      hint: 'Take a longer span, or shorter windows.',
    });
  }
  return Array.from({ length: folds }, (_, fold) => {
    const from = rows - (folds - fold) * testRows;
    const trainTo = from - embargoRows;
    const train = { from: kind === 'rolling' ? trainTo - trainRows : 0, to: trainTo };
    return { train, test: { from, to: from + testRows } };
  });
}

function requireCount(name: string, value: number, least: number): void {
  if (!isCount(value, least)) throw new RangeError(`${value} is no number of ${name}`);
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}

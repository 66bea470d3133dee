import type { Optimization } from '../domain/optimizer.ts';

export interface OptimizeOptions {
  readonly strategy?: string;
  readonly dryRun?: true;
  readonly history?: true;
  readonly rollback?: true;
  readonly schedule?: true;
  readonly synthetic?: true;
  readonly workers?: number;
  readonly json?: true;
}

/** A file that is going to be run, and how. */
export interface OptimizeSession {
  readonly optimization: Optimization;
  /** Nothing is kept but the line in the trial ledger: it was looked at. */
  readonly isDryRun: boolean;
  readonly isSynthetic: boolean;
  readonly isJson: boolean;
  readonly workers: number;
}

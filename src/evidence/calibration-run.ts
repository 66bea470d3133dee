import { openPool } from '../backtest/pool.ts';
import type { CalibrationSetting, MarketSpec } from './calibration-plan.ts';
import type { MarketRecord } from './calibration-worker.ts';

export interface CalibrationRun {
  readonly setting: CalibrationSetting;
  readonly specs: readonly MarketSpec[];
  /** One for each core, unless said otherwise. */
  readonly threads: number | undefined;
  readonly signal: AbortSignal;
  /** Called with each market as soon as it is judged, in whatever order. */
  readonly onMarket: (record: MarketRecord) => void;
}

/**
 * Judges markets on all cores, one market a task. Rejects with the signal's reason when it is stopped, and with the
 * first error of a market; those that were judged before have been handed over.
 */
export async function runCalibration({ setting, specs, threads, signal, onMarket }: CalibrationRun): Promise<void> {
  const pool = await openPool({
    entry: new URL('./calibration-worker.ts', import.meta.url),
    workerData: setting,
    ...(threads === undefined ? {} : { threads }),
  });
  const waiting = specs.values();
  const lane = async (): Promise<void> => {
    for (const spec of waiting) onMarket(await pool.run<MarketRecord>(spec, { signal }));
  };
  try {
    await Promise.all(Array.from({ length: pool.threads }, lane));
  } finally {
    await pool.close();
  }
}

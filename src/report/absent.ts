import { METRICS, type Metrics, whyNotAvailable } from '../backtest/metrics.ts';
import type { ReportedMetrics } from './schema.ts';

/** Turns numbers that do not exist into null and keeps, by path, why: JSON has no NaN, and silence is no reason. */
export class Absent {
  readonly reasons: Record<string, string> = {};

  number(path: string, value: number, reason: string): number | null {
    if (Number.isFinite(value)) return value;
    this.reasons[path] = reason;
    return null;
  }

  metrics(path: string, metrics: Metrics): ReportedMetrics {
    const fields = METRICS.map((name) => {
      const reason = whyNotAvailable(name, metrics) ?? 'not a finite number';
      return [name, this.number(`${path}.${name}`, metrics[name], reason)];
    });
    return Object.fromEntries(fields) as ReportedMetrics;
  }
}

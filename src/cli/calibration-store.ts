import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CalibrationSetting } from '../evidence/calibration-plan.ts';
import { marketKey } from '../evidence/calibration-plan.ts';
import type { MarketRecord } from '../evidence/calibration-worker.ts';
import { codeHash } from '../optimize/program.ts';

/** What bears on a market's verdicts. */
const JUDGING = 'src/{*.ts,{backtest,core,domain,evidence,market,series,strategy}/**/*.ts}';

/**
 * sha256 of all that the verdicts of a calibration depend on: code, Node, study, costs, thresholds, strategies, seed,
 * and the real candles, where there are any. How many markets there are is none of it: more begin with the same ones.
 */
export function identityOf({ terms, seed, days }: CalibrationSetting, realFingerprint: string | undefined): string {
  const { study, costs, thresholds, settlings, fileSha256 } = terms;
  const program = { code: codeHash(JUDGING), node: process.versions.node };
  const facts = { program, study, costs, thresholds, settlings, files: [...fileSha256], seed, days, realFingerprint };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/** Markets that were judged, a line each, in a file of their own for everything else that they depend on. */
export class CalibrationStore {
  readonly path: string;
  readonly #records = new Map<string, MarketRecord>();

  /** @param isResumed whether what an earlier run has left is taken over; else it is begun anew */
  constructor(root: string, study: string, identity: string, isResumed: boolean) {
    this.path = join(root, 'data', 'calibration', `${study}-${identity.slice(0, 16)}.jsonl`);
    mkdirSync(dirname(this.path), { recursive: true });
    if (!isResumed) rmSync(this.path, { force: true });
    for (const record of recordsIn(this.path)) this.#records.set(marketKey(record), record);
    // A line that was torn by a crash is gone with this, and the next one begins on its own.
    if (this.#records.size > 0) writeFileSync(this.path, [...this.#records.values()].map(lineOf).join(''));
  }

  get(market: Pick<MarketRecord, 'world' | 'index'>): MarketRecord | undefined {
    return this.#records.get(marketKey(market));
  }

  add(record: MarketRecord): void {
    this.#records.set(marketKey(record), record);
    appendFileSync(this.path, lineOf(record));
  }
}

function lineOf(record: MarketRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function recordsIn(path: string): MarketRecord[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as MarketRecord];
      } catch {
        return [];
      }
    });
}

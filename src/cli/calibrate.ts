import { resolve } from 'node:path';
import { settlingsOf } from '../backtest/settling.ts';
import { costsOf } from '../config/config.ts';
import { loadStudy } from '../config/study-file.ts';
import { CandorError, UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, intervalMs } from '../domain/time.ts';
import {
  type CalibrationSetting,
  type MarketSpec,
  marketSpecs,
  PLANTED_STRATEGY,
  type World,
} from '../evidence/calibration-plan.ts';
import { runCalibration } from '../evidence/calibration-run.ts';
import { summarise } from '../evidence/calibration-summary.ts';
import type { MarketRecord } from '../evidence/calibration-worker.ts';
import { realMarket } from './calibrate-real.ts';
import { type ShownCalibration, showCalibration } from './calibrate-table.ts';
import { CalibrationStore, identityOf } from './calibration-store.ts';
import type { Context, ExitCode } from './context.ts';
import { type Lineup, lineUp, strategiesOf } from './study-run.ts';

export interface CalibrateOptions {
  readonly markets?: number;
  readonly seed?: number;
  readonly workers?: number;
  readonly quick?: true;
  readonly resume?: true;
  readonly pictures?: string;
  readonly json?: true;
}

const MARKETS = 1000;
const QUICK_MARKETS = 100;

/**
 * The judge is judged: whole studies on markets without any edge, where it may keep something as often as it claims,
 * and on markets with one of known size, where it should find it. The exit status is 1 when the claim does not hold.
 */
export async function run(name: string, options: CalibrateOptions, context: Context): Promise<ExitCode> {
  const { root, workingDirectory, config, out, clock } = context;
  const seed = options.seed ?? config.seed;
  const study = judgeable(loadStudy(name, { root, workingDirectory, seed }));
  const lineup = await lineUp(study, context);
  for (const { name: failed, error } of lineup.failures.values()) {
    throw new CandorError(`'${failed}' cannot be run: ${error.message}`, { details: error.details });
  }
  const base = settingOf(study, lineup, seed, context);
  const real = options.quick ? undefined : await realMarket(study, base.days, context);
  const setting: CalibrationSetting = { ...base, ...(real && { real: real.market }) };
  const markets = options.markets ?? (options.quick ? QUICK_MARKETS : MARKETS);
  const specs = marketSpecs(worldsOf(setting), markets);
  const identity = identityOf(setting, real?.fingerprint);
  const store = new CalibrationStore(root, study.name, identity, options.resume === true);
  const startedMs = clock.nowMs();
  await judgeAll({ setting, specs, store, options }, context);

  const records = specs.map((spec) => store.get(spec)).filter((record): record is MarketRecord => record !== undefined);
  const summary = summarise(records, config.gates.alpha);
  const facts = { study: study.name, seed, markets, identity, tookMs: clock.nowMs() - startedMs };
  if (options.pictures !== undefined) {
    const { writeCalibrationPictures } = await import('../report/calibration-pictures.ts');
    for (const file of writeCalibrationPictures(resolve(workingDirectory, options.pictures), summary)) {
      out.note(`drawn: ${file}`);
    }
  }
  if (options.json) out.json({ ...facts, ...summary });
  else showCalibration({ ...facts, judged: study, summary } satisfies ShownCalibration, out);
  return summary.falseKeeps.every(({ isWithinClaim }) => isWithinClaim) ? 0 : 1;
}

/** @throws UsageError for a study that cannot be run on markets that are made up */
function judgeable(study: Study): Study {
  if (!('days' in study.span)) {
    throw new UsageError(`the study '${study.name}' asks for certain dates, and made-up markets have none`, {
      hint: 'Give it a span in days.',
    });
  }
  if (!study.strategies.some((strategy) => strategy.name === PLANTED_STRATEGY)) {
    throw new UsageError(`the study '${study.name}' does not judge ${PLANTED_STRATEGY}`, {
      hint: 'The edge of the synthetic market is planted for it; without it nothing can be found there.',
    });
  }
  return study;
}

function settingOf(study: Study, lineup: Lineup, seed: number, context: Context): CalibrationSetting {
  const { config } = context;
  const settlings = settlingsOf(study, lineup.chosen);
  const settleMs = Math.max(...settlings.map(({ interval, candles }) => candles * intervalMs(interval)));
  const spanDays = 'days' in study.span ? study.span.days : 0;
  return {
    terms: {
      study,
      costs: costsOf(config),
      strategiesDirectory: strategiesOf(context),
      thresholds: config.gates,
      settlings,
      fileSha256: new Map(lineup.chosen.map(({ loaded: { strategy, sha256 } }) => [strategy.name, sha256])),
    },
    seed,
    days: spanDays + Math.ceil(settleMs / DAY_MS),
  };
}

function worldsOf({ real }: CalibrationSetting): World[] {
  return real === undefined ? ['no-edge', 'planted'] : ['no-edge', 'planted', 'shuffled'];
}

interface Job {
  readonly setting: CalibrationSetting;
  readonly specs: readonly MarketSpec[];
  readonly store: CalibrationStore;
  readonly options: CalibrateOptions;
}

/** Judges what is not stored yet. Ctrl-C keeps what is done, and says how to go on. */
async function judgeAll({ setting, specs, store, options }: Job, context: Context): Promise<void> {
  const left = specs.filter((spec) => store.get(spec) === undefined);
  let done = specs.length - left.length;
  const bar = context.out.progress('markets', specs.length, context.clock);
  bar.update(done);
  try {
    await runCalibration({
      setting,
      specs: left,
      threads: options.workers,
      signal: context.signal,
      onMarket: (record) => {
        store.add(record);
        bar.update(++done, `${done} of ${specs.length}`);
      },
    });
  } catch (error) {
    if (context.signal.aborted) {
      context.out.note(
        `${done} of ${specs.length} markets are stored; the same command with --resume goes on from there`,
      );
    }
    throw error;
  } finally {
    bar.stop();
  }
}

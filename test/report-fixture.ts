import { coinFlipLegs, coinFlipSignals, coinFlipStream } from '../src/backtest/coin-flip.ts';
import { DrawRecorder, drawTable, fanRows } from '../src/backtest/draws.ts';
import { bitsOfFlags } from '../src/backtest/fast/bits.ts';
import { type FundingColumns, fundingColumns } from '../src/backtest/funding.ts';
import { type Metrics, metricsOf } from '../src/backtest/metrics.ts';
import type { DrawTable, StrategyOutcome, StudyOutcome } from '../src/backtest/outcome.ts';
import { runReference } from '../src/backtest/reference.ts';
import { flagsOfBits } from '../src/backtest/replay.ts';
import { rotate, rotationPlans } from '../src/backtest/rotation.ts';
import type { RunResult, RunSpec } from '../src/backtest/run.ts';
import type { StudyData } from '../src/backtest/study-data.ts';
import { type CandleColumns, emptyColumns, openTimeAt } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import { Prng } from '../src/domain/prng.ts';
import type { RiskRules } from '../src/domain/risk-rules.ts';
import { LONG, SHORT } from '../src/domain/signal.ts';
import type { GateThresholds, RiskCell, Study } from '../src/domain/study.ts';
import { DAY_MS, HOUR_MS, parseTime } from '../src/domain/time.ts';
import { epochMs, fromUsd } from '../src/domain/units.ts';
import { judgeStudy } from '../src/evidence/judge.ts';
import { buildReport, type ReportInput } from '../src/report/build.ts';
import type { Report } from '../src/report/schema.ts';
import type { SignalBits } from '../src/strategy/signal-bits.ts';
import { diceProbes } from './dice-probes.ts';
import { PLAIN_RULES } from './plain-rules.ts';

/**
 * A study on invented candles whose strategies are dice: some of them loaded, because they peek at the next day.
 * Everything after the signals is real: engine, controls, metrics, verdicts. So a report with every kind of verdict
 * needs neither strategies nor data.
 */
export interface FixtureOptions {
  readonly draws?: number;
  readonly days?: number;
  readonly isSynthetic?: boolean;
}

const FROM_MS = parseTime('2025-04-20');
const WARM_UP_ROWS = 48;
const PRICES: Readonly<Record<string, number>> = { BTC: 94_000, ETH: 1_800, SOL: 148 };
const COSTS = { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 };
const THRESHOLDS: GateThresholds = { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 };
const CELL: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 3 };

/** How often a die is thrown, how often it peeks, which way it errs, and on which coins. */
interface Die {
  readonly name: string;
  readonly rate: number;
  readonly peeks: number;
  readonly longShare: number;
}

const DICE: readonly Die[] = [
  { name: 'planted-edge', rate: 0.035, peeks: 0.55, longShare: 0.5 },
  { name: 'fair-die', rate: 0.025, peeks: 0, longShare: 0.5 },
  { name: 'hopeful-long', rate: 0.02, peeks: 0.08, longShare: 1 },
  { name: 'fades-everything', rate: 0.05, peeks: -0.5, longShare: 0.4 },
  { name: 'rare-bird', rate: 0.002, peeks: 0.3, longShare: 0.6 },
  { name: 'never-fires', rate: 0, peeks: 0, longShare: 0.5 },
  { name: 'busy-die', rate: 0.12, peeks: 0.03, longShare: 0.45 },
];

export function fixtureInput({ draws = 120, days = 90, isSynthetic = true }: FixtureOptions = {}): ReportInput {
  const data = fixtureData(days, isSynthetic);
  const study = fixtureStudy(draws);
  const bench = new DiceBench(data, study);
  const outcome: StudyOutcome = {
    fromMs: data.fromMs,
    toMs: data.toMs,
    fanTimesMs: Float64Array.from(bench.fanRows, (row) => data.fromMs + (row + 1) * HOUR_MS),
    strategies: [
      ...DICE.map((die) => bench.outcomeOf(die)),
      {
        name: 'throws-midway',
        error: {
          message: 'out of luck at 2025-05-03T04:00Z',
          details: ['strategies/throws-midway.ts'],
          hint: 'Fix it.',
        },
      },
    ],
  };
  return {
    outcome,
    verdicts: judgeStudy(outcome, study, THRESHOLDS, 1),
    study,
    config: { source: 'hyperliquid', fees: { taker: 0.00045, maker: 0.00015 }, slippageBps: 2, gates: THRESHOLDS },
    data,
    revised: [],
    seed: 1,
    warnings: [],
    versions: { candor: '0.1.0', node: '24.21.0' },
    commit: { sha: '0123456789abcdef0123456789abcdef01234567', isModified: false },
    createdAtMs: parseTime('2025-07-26T04:00'),
    durationsMs: { strategies: 1_200, controls: 8_400 },
  };
}

export function fixtureReport(options: FixtureOptions = {}): { report: Report; candles: readonly CandleColumns[] } {
  const input = fixtureInput(options);
  return { report: buildReport(input), candles: [...input.data.grids[0].candles.values()] };
}

function fixtureStudy(draws: number): Study {
  const grid = ['1 %', '1.5 %', '2 %', '3 %'].flatMap((stop): RiskCell[] =>
    [1, 2, 3].map((target) => ({
      at: { stop, target: `${target} R` },
      rules: { ...CELL, stop: { fraction: Number.parseFloat(stop) / 100 }, target },
    })),
  );
  return {
    name: 'fixture',
    coins: Object.keys(PRICES),
    interval: '1h',
    confirm: ['30m'],
    span: { days: 90 },
    strategies: [...DICE, { name: 'throws-midway' }].map(({ name }) => ({ name, params: {} })),
    cell: CELL,
    grid,
    controls: { draws, seed: 7 },
    depositUsd: fromUsd(10_000),
  };
}

function fixtureData(days: number, isSynthetic: boolean): StudyData {
  const rows = WARM_UP_ROWS + days * 24;
  const candles = new Map(Object.keys(PRICES).map((coin) => [coin, walk(coin, rows)]));
  return {
    isSynthetic,
    source: isSynthetic ? 'synthetic' : 'hyperliquid',
    fingerprint: 'f1c7'.repeat(16),
    fromMs: FROM_MS,
    toMs: epochMs(FROM_MS + days * DAY_MS),
    instruments: new Map(BUILT_IN_INSTRUMENTS.map((instrument) => [instrument.coin, instrument])),
    funding: new Map(),
    grids: [{ interval: '1h', candles, from: WARM_UP_ROWS, to: rows }],
  };
}

/** Volatility that comes in waves, and two candles that are missing. */
function walk(coin: string, rows: number): CandleColumns {
  const rng = new Prng(11).fork(coin);
  const columns = emptyColumns(coin, '1h', epochMs(FROM_MS - WARM_UP_ROWS * HOUR_MS), rows);
  const digits = (PRICES[coin] as number) > 10_000 ? 0 : 2;
  let price = PRICES[coin] as number;
  let spread = 0.005;
  for (let row = 0; row < rows; row++) {
    const open = price;
    spread = 0.0025 + 0.9 * (spread - 0.0025) + 0.0008 * Math.abs(rng.normal());
    price = Number((open * Math.exp(spread * rng.normal() + 0.00005)).toFixed(digits));
    if (row === 700 || row === 701) continue;
    columns.open[row] = open;
    columns.close[row] = price;
    columns.high[row] = Math.max(open, price) * (1 + 0.5 * spread * rng.uniform());
    columns.low[row] = Math.min(open, price) * (1 - 0.5 * spread * rng.uniform());
    columns.volume[row] = 10 * rng.uniform();
  }
  return columns;
}

class DiceBench {
  readonly fanRows: readonly number[];
  readonly #data: StudyData;
  readonly #study: Study;
  readonly #funding: ReadonlyMap<string, FundingColumns>;
  readonly #rng = new Prng(3);

  constructor(data: StudyData, study: Study) {
    const [{ from, to }] = data.grids;
    this.#data = data;
    this.#study = study;
    this.#funding = new Map(study.coins.map((coin) => [coin, fundingColumns(this.#columns(coin), 0, undefined)]));
    this.fanRows = fanRows(to - from);
  }

  outcomeOf(die: Die): StrategyOutcome {
    const signals = this.#study.coins.map((coin) => this.#throws(die, coin));
    const run = this.#run(signals, CELL);
    const upper = this.#run(signals, CELL, 'target');
    const metrics = this.#metrics(run);
    return {
      name: die.name,
      thesis: die.peeks < 0 ? 'reversal' : 'continuation',
      summary: `A die that is thrown at every close, for ${die.rate} entries a candle & coin.`,
      params: { rate: die.rate, side: die.longShare === 1 ? 'long' : 'both' },
      fileSha256: 'ab12cd34'.repeat(8),
      lookAhead: { kind: 'replayed', candles: 6_480 },
      backtest: { ...run, metrics, missingFundingHours: 0, entriesWithoutVolume: 0 },
      upperBound: this.#metrics(upper),
      grid: this.#study.grid.map(({ at, rules }) => ({
        at,
        isVerdictCell: at['stop'] === '2 %' && at['target'] === '2 R',
        metrics: this.#metrics(this.#run(signals, rules)),
      })),
      finer: (['fills', 'equal-clock', 'same-count'] as const).map((kind) => ({ interval: '30m', kind, metrics })),
      coinFlip: this.#coinFlips(die, signals, run),
      rotation: this.#rotations(signals),
      probes: diceProbes(metrics),
      claims: [
        { side: 'long', condition: 'lucky', bet: 'continuation', fires: 412, excessReturn: 0.0021, horizonCandles: 48 },
        { side: 'short', condition: 'quiet', bet: 'filter', fires: 0, excessReturn: Number.NaN, horizonCandles: 48 },
      ],
    };
  }

  /** A loaded die looks at the close of the next day. */
  #throws(die: Die, coin: string): Uint8Array {
    const columns = this.#columns(coin);
    const rng = this.#rng.fork(`${die.name}/${coin}`);
    return Uint8Array.from({ length: columns.length }, (_, row) => {
      if (rng.uniform() >= die.rate) return 0;
      const ahead = (columns.close[Math.min(row + 24, columns.length - 1)] as number) > (columns.close[row] as number);
      const isLong = rng.uniform() < Math.abs(die.peeks) ? ahead === die.peeks > 0 : rng.uniform() < die.longShare;
      return isLong ? LONG : SHORT;
    });
  }

  #coinFlips(die: Die, signals: readonly Uint8Array[], run: RunResult): DrawTable {
    const [{ from, to }] = this.#data.grids;
    const legs = coinFlipLegs(signals.map(bitsOfFlags), run.trades, { from, to, intervalMs: HOUR_MS });
    return this.#control('coin-flip', this.#study.controls.draws, (draw) =>
      legs.map((leg, i) =>
        coinFlipSignals(leg, from, to, coinFlipStream(this.#rng, die.name, this.#study.coins[i] as string, draw)),
      ),
    );
  }

  #rotations(signals: readonly Uint8Array[]): DrawTable {
    const [{ from, to }] = this.#data.grids;
    const span = { rows: to - from, rowsPerDay: 24, longestHoldRows: 48 };
    const plans = rotationPlans(span, this.#study.controls.draws, this.#rng.fork('rotation'));
    const schedules = signals.map(bitsOfFlags);
    return this.#control('rotation', plans.length, (draw) => {
      const plan = plans[draw];
      if (plan === undefined) throw new RangeError(`there is no plan ${draw}`);
      return schedules.map((schedule) => rotate(schedule, from, to, plan));
    });
  }

  #control(kind: DrawTable['kind'], draws: number, scheduleOf: (draw: number) => SignalBits[]): DrawTable {
    const recorder = new DrawRecorder(0, draws, this.fanRows);
    const rows = this.#study.coins.map((coin) => this.#columns(coin).length);
    for (let draw = 0; draw < draws; draw++) {
      const flags = scheduleOf(draw).map((bits, i) => flagsOfBits(bits, rows[i] as number));
      const run = this.#run(flags, CELL);
      recorder.record(this.#metrics(run), run.equityUsd);
    }
    return drawTable(kind, [recorder.chunk()]);
  }

  #run(signals: readonly Uint8Array[], rules: RiskRules, bothTouched: 'stop' | 'target' = 'stop'): RunResult {
    const [{ from, to }] = this.#data.grids;
    const legs = this.#study.coins.map((coin, i): RunSpec['legs'][number] => {
      const candles = this.#columns(coin);
      const instrument = this.#data.instruments.get(coin) as Instrument;
      const funding = this.#funding.get(coin) as FundingColumns;
      return { coin, instrument, candles, funding, decisionIntervalMs: HOUR_MS, signals: signals[i] as Uint8Array };
    });
    const { depositUsd } = this.#study;
    return runReference({ legs, rules, costs: COSTS, depositUsd, from, to, bothTouched });
  }

  #metrics(run: RunResult): Metrics {
    const [{ from }] = this.#data.grids;
    const firstOpenMs = openTimeAt(this.#columns('BTC'), from);
    const legs = this.#study.coins.length;
    return metricsOf(run, { depositUsd: this.#study.depositUsd, firstOpenMs, intervalMs: HOUR_MS, legs });
  }

  #columns(coin: string): CandleColumns {
    return this.#data.grids[0].candles.get(coin) as CandleColumns;
  }
}

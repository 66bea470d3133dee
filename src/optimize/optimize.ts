import { assembleStudyData, type CandleSource } from '../backtest/candle-source.ts';
import { hasRun } from '../backtest/outcome.ts';
import { planSpan, rowsOf, type SeriesSpan, type StudyData } from '../backtest/study-data.ts';
import { runStudy } from '../backtest/study-runner.ts';
import { sliceColumns } from '../domain/candle.ts';
import type { OptimizedCell, OptimizerSettings } from '../domain/optimizer.ts';
import { Prng } from '../domain/prng.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { GateThresholds } from '../domain/study.ts';
import { DAY_MS, type Interval } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { Gate } from '../evidence/gates.ts';
import { judgeStudy } from '../evidence/judge.ts';
import type { ParamValues } from '../strategy/params.ts';
import { type Comparison, type ComparisonTerms, compare, INCUMBENT } from './comparison.ts';
import { type Decision, decide, type GateAnswer } from './decision.ts';
import { walkForward } from './forward.ts';
import type { ForwardReplay, ForwardWork } from './forward-bench.ts';
import { type Days, type ForwardPlan, windowsOf } from './forward-plan.ts';
import type { ForwardTable } from './forward-table.ts';
import { hashOfColumns } from './identity.ts';
import { luckOf } from './luck.ts';
import { type PlannedOptimization, requireDays, spanRequestOf, spansOf, studyOf } from './optimize-plan.ts';
import { sampleOf } from './replay.ts';

/** What the pipeline of studies says of one set of params. */
export interface JudgedParams extends GateAnswer {
  readonly sentence: string;
  readonly gates: readonly Gate[];
  readonly trades: number;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** All of one run for one strategy, as it is stored; plain data. */
export interface OptimizationReport {
  readonly job: string;
  readonly strategy: { readonly name: string; readonly fileSha256: string };
  readonly coins: readonly string[];
  readonly interval: Interval;
  readonly cell: OptimizedCell;
  readonly costs: Costs;
  readonly settings: OptimizerTerms;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly windows: ForwardPlan;
  readonly candidates: { readonly drawn: 'grid' | 'sobol'; readonly combinations: number };
  readonly sets: readonly ParamValues[];
  readonly incumbent: {
    readonly params: ParamValues;
    readonly isTrading: boolean;
    readonly isDefault: boolean;
    readonly verdict: JudgedParams;
  };
  readonly chosen: { readonly params: ParamValues; readonly verdict: JudgedParams | null };
  readonly comparison: Comparison;
  readonly decision: Decision;
  readonly data: {
    readonly source: string;
    readonly fingerprint: string;
    readonly isSynthetic: boolean;
    /** What follows is sealed, and was not looked at. */
    readonly sealedFromMs?: EpochMs;
  };
  /** Runs that the reference engine repeated, each the same to the last bit. */
  readonly replays: number;
  readonly resultSha256: string;
  /** What makes results look better than they are. */
  readonly warnings: readonly string[];
  readonly provenance: Provenance;
}

/** What computed it. */
export interface Provenance {
  readonly commit: { readonly sha: string; readonly isModified: boolean } | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** What a decision is measured by. */
export interface OptimizerTerms extends Pick<OptimizerSettings, 'threshold' | 'floorR'> {
  readonly gates: GateThresholds;
  /** Of the bootstrap behind a verdict and of the sample that is replayed. */
  readonly seed: number;
}

export interface OptimizationRun {
  readonly planned: PlannedOptimization;
  readonly source: CandleSource;
  readonly costs: Costs;
  readonly terms: OptimizerTerms;
  readonly strategiesDirectory: string;
  readonly provenance: Provenance;
  readonly warningsOf: (data: StudyData) => readonly string[];
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (what: 'candidates' | 'verdicts', done: number, total: number) => void;
}

/** From candles to a decision, for one strategy. Nothing is stored. */
export async function optimize(run: OptimizationRun): Promise<OptimizationReport> {
  const { planned, source, costs, terms } = run;
  const { optimization, loaded, incumbent, candidates, forward, coins, settlings } = planned;
  const { interval, confirm, cell } = optimization;
  const intervals = [interval, ...confirm];
  const spans = spansOf(planned, source);
  const span = requireDays(planned, spans);
  const spanPlan = planSpan({ ...spanRequestOf(planned), span }, settlings, spans);
  const data = assembleStudyData({ coins, intervals }, spanPlan, source);
  const strategy = { name: loaded.strategy.name, fileSha256: loaded.sha256 };
  const work: ForwardWork = {
    ...{ strategy, sets: candidates.sets, coins: optimization.coins, interval, cell, costs, data },
    depositUsd: optimization.depositUsd,
    windows: windowsOf(forward),
  };
  const {
    table,
    conclusion: comparison,
    replays,
  } = await walkForward({
    work,
    strategiesDirectory: run.strategiesDirectory,
    ...{ workers: run.workers, signal: run.signal },
    conclude: (rows) => {
      const conclusion = compare(rows, forward, comparisonTerms(run));
      return { conclusion, replays: replaysOf(rows, forward, conclusion, terms.seed) };
    },
    onProgress: (done, total) => run.onProgress('candidates', done, total),
  });
  const verdicts = await judgeBoth(run, data, comparison);
  const current = candidates.sets[INCUMBENT];
  return {
    ...{ job: optimization.name, strategy, coins: optimization.coins, interval, cell, costs, settings: terms },
    ...span,
    windows: forward,
    candidates: { drawn: candidates.drawn, combinations: candidates.combinations },
    sets: candidates.sets,
    incumbent: {
      params: current,
      ...{ isTrading: incumbent.isTrading, isDefault: incumbent.params === null },
      verdict: verdicts.incumbent,
    },
    chosen: { params: candidates.sets[comparison.chosen] ?? current, verdict: verdicts.chosen ?? null },
    comparison,
    decision: decide(comparison, verdicts, terms.gates.alpha),
    data: {
      ...{ source: data.source, fingerprint: data.fingerprint, isSynthetic: data.isSynthetic },
      ...sealOf(spans),
    },
    replays: replays.length,
    resultSha256: hashOfColumns([table.rows]),
    warnings: [...fileWarnings(planned), ...run.warningsOf(data)],
    provenance: run.provenance,
  };
}

function fileWarnings({ incumbent, loaded }: PlannedOptimization): string[] {
  const { fileSha256 } = incumbent;
  return fileSha256 === null || fileSha256 === loaded.sha256
    ? []
    : ["the strategy's file has changed since the params that it trades with were chosen"];
}

/** Where the newest candles of one of the series are sealed, the earliest seal: the windows end before it. */
function sealOf(spans: readonly SeriesSpan[]): { readonly sealedFromMs?: EpochMs } {
  const seals = spans.map(({ sealedFromMs }) => sealedFromMs).filter((timeMs) => timeMs !== undefined);
  return seals.length === 0 ? {} : { sealedFromMs: epochMs(Math.min(...seals)) };
}

function comparisonTerms({ planned, terms }: OptimizationRun): ComparisonTerms {
  const { optimization, incumbent, forward } = planned;
  return {
    ...{ threshold: terms.threshold, floorR: terms.floorR, minTrades: terms.gates.minTrades },
    riskFraction: optimization.cell.sizing.riskFraction,
    isTrading: incumbent.isTrading,
    luckOf: (differences) => luckOf(differences, forward.embargoDays, new Prng(terms.seed).fork('luck')),
  };
}

/** All runs that a number of the answer rests on by name, and 1 % of the others. */
function replaysOf(table: ForwardTable, { folds }: ForwardPlan, comparison: Comparison, seed: number): ForwardReplay[] {
  const windows = table.windows.length;
  const newest = windows - 1;
  const placeOf = ({ candidate, window }: ForwardReplay): number => candidate * windows + window;
  const winners = [
    ...folds.flatMap((_, fold) => {
      const candidate = comparison.folds[fold]?.candidate ?? INCUMBENT;
      return [2 * fold, 2 * fold + 1].flatMap((window) => [
        { candidate, window },
        { candidate: INCUMBENT, window },
      ]);
    }),
    { candidate: INCUMBENT, window: newest },
    { candidate: comparison.chosen, window: newest },
  ];
  const places = [...new Set(winners.map(placeOf))];
  const sample = sampleOf(table.candidates * windows, new Prng(seed).fork('optimizer').below(2 ** 32), places);
  return [...places, ...sample].map((place) => ({
    candidate: Math.floor(place / windows),
    window: place % windows,
  }));
}

interface BothJudged {
  readonly incumbent: JudgedParams;
  readonly chosen?: JudgedParams;
}

/**
 * The incumbent on all days. What was chosen, on those that did not choose it: its controls do not repeat the choice,
 * and on the days of the choice it would be flattered (rule 25).
 */
async function judgeBoth(run: OptimizationRun, data: StudyData, comparison: Comparison): Promise<BothJudged> {
  const { candidates, forward } = run.planned;
  const tasks = comparison.chosen === INCUMBENT ? 1 : 2;
  const judged = async (candidate: number, days: Days, before: number): Promise<JudgedParams> =>
    judge(run, data, candidates.sets[candidate] as ParamValues, days, (share) =>
      run.onProgress('verdicts', before + share, tasks),
    );
  const incumbent = await judged(INCUMBENT, { from: 0, to: forward.days }, 0);
  if (tasks === 1) return { incumbent };
  return { incumbent, chosen: await judged(comparison.chosen, forward.unseen, 1) };
}

async function judge(
  { planned, costs, terms, strategiesDirectory, signal }: OptimizationRun,
  data: StudyData,
  params: ParamValues,
  days: Days,
  onShare: (share: number) => void,
): Promise<JudgedParams> {
  const { strategy, sha256 } = planned.loaded;
  const study = studyOf(planned.optimization, strategy.name, params);
  const part = partOf(data, days);
  const outcome = await runStudy({
    ...{ study, data: part, costs, strategiesDirectory, signal, isBrief: true },
    fileSha256: new Map([[strategy.name, sha256]]),
    failures: new Map(),
    onProgress: (done, total) => onShare(done / total),
  });
  const [verdict] = judgeStudy(outcome, study, terms.gates, terms.seed).strategies;
  const [one] = outcome.strategies;
  if (verdict === undefined || one === undefined) throw new RangeError('a study of one strategy has one verdict');
  const { word, line, sentence } = verdict.verdict;
  return {
    ...{ word, line, sentence, gates: verdict.gates },
    trades: hasRun(one) ? one.backtest.trades.length : 0,
    ...{ fromMs: part.fromMs, toMs: part.toMs },
  };
}

/** Some days of the data, settling included; nothing of what comes after them. */
function partOf(data: StudyData, days: Days): StudyData {
  const fromMs = epochMs(data.fromMs + days.from * DAY_MS);
  const toMs = epochMs(data.fromMs + days.to * DAY_MS);
  const grids = data.grids.map((grid) => {
    const [first] = grid.candles.values();
    if (first === undefined) throw new RangeError('there are no candles');
    const rows = rowsOf(first, fromMs, toMs);
    const candles = new Map([...grid.candles].map(([coin, columns]) => [coin, sliceColumns(columns, 0, rows.to)]));
    return { interval: grid.interval, candles, ...rows };
  });
  const [firstGrid, ...others] = grids as [(typeof grids)[number], ...typeof grids];
  return { ...data, fromMs, toMs, grids: [firstGrid, ...others] };
}

import { assembleStudyData, type CandleSource } from '../backtest/candle-source.ts';
import { openBenches, type StudyTerms } from '../backtest/choice.ts';
import { type DrawChunk, drawTable } from '../backtest/draws.ts';
import { MarketRoom } from '../backtest/market-room.ts';
import type { Choice, StrategyOutcome } from '../backtest/outcome.ts';
import { rotationPlans } from '../backtest/rotation.ts';
import type { StrategyBench } from '../backtest/strategy-bench.ts';
import { planSpan, type Settling, type StudyData, spanRequestOf } from '../backtest/study-data.ts';
import { coinFlipTask, type Judged, judgeTask, rotationTask } from '../backtest/study-tasks.ts';
import { Prng } from '../domain/prng.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import { DAY_MS, intervalMs } from '../domain/time.ts';
import { isFamilySettled } from './family-stopping.ts';
import type { Gate } from './gates.ts';
import { judgeStudy, type StrategyVerdict } from './judge.ts';
import type { VerdictWord } from './verdict.ts';

/** What is the same on all markets of a calibration. */
export interface CalibrationTerms extends StudyTerms {
  readonly thresholds: GateThresholds;
  readonly settlings: readonly Settling[];
  /** Of each strategy's file as it was checked, by name. */
  readonly fileSha256: ReadonlyMap<string, string>;
}

/** One strategy on one market. */
export interface StrategyJudged {
  readonly name: string;
  readonly verdict: VerdictWord;
  readonly trades: number;
  /** Of what was chosen; null without a trade. */
  readonly expectancyR: number | null;
  readonly familyP: number | null;
  /** By `gateKey`. */
  readonly gates: Readonly<Record<string, Gate['status']>>;
  /** Gates that decide. */
  readonly deciding: readonly string[];
  /** Trades and mean R with the strategy's first combination, which nobody chose: what there was to be found. */
  readonly unchosen: { readonly trades: number; readonly expectancyR: number | null };
}

export interface MarketJudged {
  readonly strategies: readonly StrategyJudged[];
  /** Rotations that it took. */
  readonly draws: number;
}

/** Names a gate: `fills 30m`. */
export function gateKey({ id, interval }: Pick<Gate, 'id' | 'interval'>): string {
  return interval === null ? id : `${id} ${interval}`;
}

/** Rotations that are drawn before anybody looks whether there are enough, and coin flips in all. */
const CHUNK_DRAWS = 40;
/**
 * Coin flips only tell how much R scatters, from which the number of trades follows that a verdict takes: 40 of them
 * have thousands of trades.
 */
const FLIPS = 40;

/**
 * A whole study on one market by the functions of `candor study`: choice, verdict cell, finer candles, controls, gates,
 * verdicts. Only the number of draws differs: `isFamilySettled` says when there are enough.
 *
 * @param seed of the controls, and of the bootstrap
 */
export async function judgeMarket(source: CandleSource, terms: CalibrationTerms, seed: number): Promise<MarketJudged> {
  const study: Study = { ...terms.study, controls: { ...terms.study.controls, seed } };
  const data = dataOf(source, terms, study);
  const room = new MarketRoom(data);
  const contestants: Contestant[] = [];
  for (const strategy of study.strategies) {
    const sha256 = terms.fileSha256.get(strategy.name);
    if (sha256 === undefined) throw new RangeError(`'${strategy.name}' was not loaded`);
    const benches = await openBenches(room, { ...terms, study }, strategy, sha256);
    contestants.push({ benches, judged: await judgeTask(benches, 'guessed', true), chunks: [] });
  }
  drawRotations(contestants, study, data, terms.thresholds.alpha);
  const strategies = contestants.map(({ benches, judged, chunks }): StrategyOutcome => {
    const flips = coinFlipTask(benches, 0, FLIPS, judged.coinFlip, []);
    return { ...judged.outcome, coinFlip: drawTable('coin-flip', [flips]), rotation: drawTable('rotation', chunks) };
  });
  const { fromMs, toMs } = data;
  const outcome = { fromMs, toMs, fanTimesMs: new Float64Array(), strategies };
  const verdicts = judgeStudy(outcome, study, terms.thresholds, seed);
  return {
    strategies: verdicts.strategies.map((verdict, i) => judgedOf(strategies[i] as StrategyOutcome, verdict)),
    draws: strategies[0]?.rotation.draws ?? 0,
  };
}

interface Contestant {
  readonly benches: readonly StrategyBench[];
  readonly judged: Judged;
  readonly chunks: DrawChunk[];
}

function dataOf(source: CandleSource, { settlings }: CalibrationTerms, study: Study): StudyData {
  const { coins, interval, confirm } = study;
  const spans = coins.flatMap((coin) => settlings.map((settling) => source.span(coin, settling.interval)));
  const plan = planSpan(spanRequestOf(study), settlings, spans);
  return assembleStudyData({ coins, intervals: [interval, ...confirm] }, plan, source);
}

/** The same rotations for all strategies, until it is settled whether any of them can pass. */
function drawRotations(contestants: readonly Contestant[], study: Study, data: StudyData, alpha: number): void {
  const [{ from, to }] = data.grids;
  const { draws, seed } = study.controls;
  const longestHoldRows = Math.max(...contestants.map(({ judged }) => judged.longestHoldRows));
  const span = { rows: to - from, rowsPerDay: DAY_MS / intervalMs(study.interval), longestHoldRows };
  const plans = rotationPlans(span, draws, new Prng(seed).fork('rotation'));
  for (let first = 0; first < plans.length; first += CHUNK_DRAWS) {
    const chunk = plans.slice(first, first + CHUNK_DRAWS);
    for (const { benches, chunks } of contestants) chunks.push(rotationTask(benches, first, chunk, []));
    const members = contestants.map(({ judged, chunks }) => ({
      observed: judged.outcome.backtest.metrics.expectancyR,
      draws: drawTable('rotation', chunks).metrics.expectancyR,
    }));
    if (isFamilySettled(members, plans.length, alpha)) return;
  }
}

function judgedOf(
  { choice, backtest }: StrategyOutcome,
  { name, verdict, gates, pValues }: StrategyVerdict,
): StrategyJudged {
  const { trades, expectancyR } = backtest.metrics;
  return {
    name,
    verdict: verdict.word,
    trades,
    expectancyR: orNull(expectancyR),
    familyP: pValues.family,
    gates: Object.fromEntries(gates.map((gate) => [gateKey(gate), gate.status])),
    deciding: gates.filter(({ decides }) => decides).map(gateKey),
    unchosen: unchosenOf(choice) ?? { trades, expectancyR: orNull(expectancyR) },
  };
}

function unchosenOf(choice: Choice | undefined): StrategyJudged['unchosen'] | undefined {
  const first = choice?.combinations[0];
  return first && { trades: first.trades, expectancyR: orNull(first.expectancyR) };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

import { fileURLToPath } from 'node:url';
import { assembleStudyData, type CandleSource } from '../src/backtest/candle-source.ts';
import { combinationsOf } from '../src/backtest/choice.ts';
import type { StudyOutcome } from '../src/backtest/outcome.ts';
import { settlingsOf } from '../src/backtest/settling.ts';
import { planSpan, spanRequestOf } from '../src/backtest/study-data.ts';
import { runStudy } from '../src/backtest/study-runner.ts';
import type { Costs } from '../src/domain/risk-rules.ts';
import type { Study } from '../src/domain/study.ts';
import { fromUsd } from '../src/domain/units.ts';
import type { Gate, GateId } from '../src/evidence/gates.ts';
import { judgeStudy, type StrategyVerdict } from '../src/evidence/judge.ts';
import { loadStrategy } from '../src/strategy/load.ts';
import { THRESHOLDS } from './outcomes.ts';
import { PLAIN_RULES } from './plain-rules.ts';

export const COSTS: Costs = { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 };
export const CANARIES = fileURLToPath(new URL('./canaries/', import.meta.url));

/** Ninety days of hours, of the coins of the synthetic market, with a stop of 2 % and a target of 2 R. */
export function canaryStudy(parts: Partial<Study> & Pick<Study, 'strategies'>): Study {
  return {
    name: 'canaries',
    coins: ['BTC', 'ETH', 'SOL'],
    interval: '1h',
    confirm: [],
    span: { days: 90 },
    cell: { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 3 },
    grid: [],
    controls: { draws: 200, seed: 1 },
    depositUsd: fromUsd(10_000),
    ...parts,
  };
}

export interface Judged {
  readonly outcome: StudyOutcome;
  readonly verdicts: readonly StrategyVerdict[];
}

/** What `candor study` does between candles and report: load, run on all cores, judge. */
export async function judged(
  study: Study,
  source: CandleSource,
  { directory = CANARIES, costs = COSTS } = {},
): Promise<Judged> {
  const loaded = await Promise.all(study.strategies.map(({ name }) => loadStrategy(name, directory)));
  const chosen = loaded.flatMap((one, i) =>
    combinationsOf(study.strategies[i] as Study['strategies'][number]).map((params) => {
      return { loaded: one, built: one.strategy.build(params) };
    }),
  );
  const settlings = settlingsOf(study, chosen);
  const spans = study.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
  const plan = planSpan(spanRequestOf(study), settlings, spans);
  const data = assembleStudyData({ coins: study.coins, intervals: [study.interval, ...study.confirm] }, plan, source);
  const outcome = await runStudy({
    study,
    costs,
    strategiesDirectory: directory,
    data,
    fileSha256: new Map(loaded.map(({ strategy, sha256 }) => [strategy.name, sha256])),
    failures: new Map(),
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  return { outcome, verdicts: judgeStudy(outcome, study, THRESHOLDS, 1).strategies };
}

/** Ids of the gates that decide and did not pass. */
export function stoppedBy({ gates }: StrategyVerdict): GateId[] {
  return gates.filter(({ decides, status }) => decides && status === 'failed').map(({ id }: Gate) => id);
}

import { type ActiveRun, sideBySide } from '../backtest/fast/active-run.ts';
import { FastEngine } from '../backtest/fast/engine.ts';
import { SweepTally } from '../backtest/fast/metrics.ts';
import type { FastLeg, FastRun, FastSpec } from '../backtest/fast/spec.ts';
import { TradeTable } from '../backtest/fast/trade-table.ts';
import { hasOwnCode } from '../backtest/look-ahead.ts';
import { MarketRoom } from '../backtest/market-room.ts';
import type { RunSpec } from '../backtest/run.ts';
import { CandorError } from '../domain/errors.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { BuiltStrategy, Strategy } from '../strategy/define.ts';
import { loadCheckedStrategy } from '../strategy/load.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalBits, signalFlags } from '../strategy/signals.ts';
import { type Chunk, type ChunkResult, SWEEP_METRICS, type SweepWork } from './contract.ts';
import { bitmapBytesOfSet, CHUNK_BITMAP_BYTES, type SweepBlock, SweepPlan, setsHeardAtOnce } from './plan.ts';

/** What one set of params says, coin by coin, and on how many rows of the span it wants to enter. */
interface Speech {
  readonly bits: readonly SignalBits[];
  readonly signals: number;
}

/** The evaluation of one coin, and how many sets it holds bitmaps of. */
interface Held {
  readonly evaluation: ReturnType<MarketRoom['evaluation']>;
  sets: number;
}

/** One combination on its way. */
interface OpenCombination {
  readonly index: number;
  readonly run: ActiveRun;
  readonly signals: number;
  readonly tally: SweepTally;
}

/** Cells whose runs go through the candles side by side: of more, remembered exits would take too much memory. */
const CELLS_AT_ONCE = 16;

/**
 * Works out chunks of a sweep, one after the other, in any order: the same chunk gives the same bits, whatever was
 * done before it. What combinations share is kept between them as long as they are about the same candles.
 */
export class ChunkEvaluator {
  readonly work: SweepWork;
  readonly plan: SweepPlan;
  readonly room: MarketRoom;
  readonly #strategies: readonly Strategy[];
  /** What sets from a place on said. */
  #heard: { readonly block: SweepBlock; readonly from: number; readonly speeches: readonly Speech[] } | undefined;
  /** What `#engine` and `#held` are about. */
  #candles = '';
  #engine = new FastEngine();
  /** Of the stretch that the run at hand goes through. */
  readonly #trades = new TradeTable();
  readonly #held = new Map<string, Held>();

  private constructor(work: SweepWork, strategies: readonly Strategy[]) {
    this.work = work;
    this.plan = new SweepPlan(work.sweep);
    this.#strategies = strategies;
    this.room = new MarketRoom(work.data);
  }

  /** @throws StrategyError where a strategy cannot be loaded, or is not the file that the work is about */
  static async open(work: SweepWork, strategiesDirectory: string): Promise<ChunkEvaluator> {
    const loaded = await Promise.all(
      work.strategies.map(({ name, fileSha256 }) => loadCheckedStrategy(name, strategiesDirectory, fileSha256)),
    );
    return new ChunkEvaluator(
      work,
      loaded.map(({ strategy }) => strategy),
    );
  }

  /** Whether a strategy has code of its own, with the first of its params. */
  hasOwnCode(): boolean {
    return this.#strategies.some((strategy, i) => hasOwnCode(strategy.build(this.plan.paramsAt(i, 0))));
  }

  /**
   * @param expected the first combination that will not be asked for soon: signals are found for some sets at once
   * @throws StrategyError when code of a strategy fails on these candles, or a combination cannot be built
   */
  evaluate({ first, count }: Chunk, expected = first + count): ChunkResult {
    const result = new Float64Array(count * SWEEP_METRICS.length);
    let index = first;
    while (index < first + count) {
      const block = this.plan.blockAt(index);
      const end = Math.min(first + count, block.first + block.sets * block.cells);
      this.#evaluatePart(block, index - block.first, end - block.first, result, index - first, expected - block.first);
      index = end;
    }
    return result;
  }

  /** One combination on the fast engine, as `evaluate` runs it. */
  runFast(index: number): FastRun {
    const { block, cell } = this.plan.combinationAt(index);
    const set = Math.floor((index - block.first) / block.cells);
    const [speech] = this.#listen(block, set, set + 1) as [Speech];
    return this.#engine.run(this.#spec(block, speech.bits, cell.rules));
  }

  /** The same for the reference engine, from signals that are made anew. */
  referenceSpec(index: number): RunSpec {
    const { block, cell, params } = this.plan.combinationAt(index);
    const { interval, coins } = block;
    const { from, to } = this.room.grid(interval);
    const built = this.#build(block, params);
    const legs = coins.map((coin) => {
      const signals = new Uint8Array(this.room.candles(interval, coin).length);
      signals.set(signalFlags(built, this.room.evaluation(interval, coin), from, to), from);
      return { ...this.#ground(interval, coin, cell.rules), signals };
    });
    return { ...this.#terms(interval, cell.rules), legs };
  }

  /** Combinations `from` … `to` − 1 of a block. */
  #evaluatePart(block: SweepBlock, from: number, to: number, into: ChunkResult, row: number, expected: number): void {
    const firstSet = Math.floor(from / block.cells);
    const endSet = Math.ceil(to / block.cells);
    const speeches = this.#remember(block, firstSet, endSet, Math.ceil(expected / block.cells));
    const isAsked = (combination: number): boolean => combination >= from && combination < to;
    for (let cell = 0; cell < block.cells; cell += CELLS_AT_ONCE) {
      const open = this.#open(block, firstSet, speeches, cell).filter(({ index }) => isAsked(index - block.first));
      this.#run(open);
      for (const { index, run, signals, tally } of open) {
        tally.write(run.outcome(), signals, into, (row + index - block.first - from) * SWEEP_METRICS.length);
      }
    }
  }

  /** Combinations of some sets with some cells. */
  #open(block: SweepBlock, firstSet: number, speeches: readonly Speech[], firstCell: number): OpenCombination[] {
    const { grid, depositUsd } = this.work.sweep;
    return grid.slice(firstCell, firstCell + CELLS_AT_ONCE).flatMap(({ rules }, cell) =>
      speeches.map(({ bits, signals }, set) => ({
        index: block.first + (firstSet + set) * block.cells + firstCell + cell,
        run: this.#engine.open(this.#spec(block, bits, rules), this.#trades),
        signals,
        tally: new SweepTally(depositUsd),
      })),
    );
  }

  /** @throws CandorError that names the combination, where its money outgrows what is counted exactly */
  #run(open: readonly OpenCombination[]): void {
    const runs = open.map(({ run }) => run);
    sideBySide(runs, (i, until) => {
      const { index, run, tally } = open[i] as OpenCombination;
      try {
        run.advance(until);
      } catch (error) {
        throw error instanceof RangeError ? this.#uncountable(index, error) : error;
      }
      tally.take(this.#trades);
    });
  }

  #uncountable(index: number, error: RangeError): CandorError {
    this.#trades.clear();
    const { block, params, cell } = this.plan.combinationAt(index);
    const values = Object.entries({ ...params, ...cell.at }).map(([name, value]) => `${name} ${value}`);
    return new CandorError(`combination ${index + 1} cannot be counted: ${error.message}`, {
      details: [`${block.coins.join(', ')} on ${block.interval}: ${values.join(', ')}`],
      hint: 'Give the account a smaller deposit, or the rules less leverage.',
      cause: error,
    });
  }

  /** The same as `#listen`, with what sets up to `expected` say listened to in the same go. */
  #remember(block: SweepBlock, from: number, to: number, expected: number): readonly Speech[] {
    let heard = this.#heard;
    if (heard?.block !== block || from < heard.from || to > heard.from + heard.speeches.length) {
      const most = setsHeardAtOnce(block, this.room.grid(block.interval).to);
      const end = Math.max(to, Math.min(expected, block.sets, from + most));
      heard = { block, from, speeches: this.#listen(block, from, end) };
      this.#heard = heard;
    }
    return heard.speeches.slice(from - heard.from, to - heard.from);
  }

  /** What the sets `from` … `to` − 1 of a block say: all of them at once, so that what they share is computed once. */
  #listen(block: SweepBlock, from: number, to: number): Speech[] {
    const { interval, coins } = block;
    this.#lookAt(interval, coins);
    const builds: BuiltStrategy[] = [];
    for (let set = from; set < to; set++) {
      builds.push(this.#build(block, this.plan.paramsAt(block.strategy, set)));
    }
    const grid = this.room.grid(interval);
    const byCoin = coins.map((coin) => signalBits(builds, this.#evaluation(interval, coin, builds.length), grid.to));
    return builds.map((_, i) => {
      const bits = byCoin.map((said) => said[i] as SignalBits);
      const signals = bits.reduce((sum, one) => sum + countEntries(one, grid.from, grid.to), 0);
      return { bits, signals };
    });
  }

  #build({ strategy }: SweepBlock, params: unknown): BuiltStrategy {
    const chosen = this.#strategies[strategy];
    if (chosen === undefined) throw new RangeError(`the sweep has no strategy ${strategy}`);
    return chosen.build(params);
  }

  /** What was remembered about other candles is of no use any more. */
  #lookAt(interval: Interval, coins: readonly string[]): void {
    const candles = [interval, ...coins].join(' ');
    if (candles === this.#candles) return;
    this.#candles = candles;
    this.#engine = new FastEngine();
    this.#held.clear();
  }

  #evaluation(interval: Interval, coin: string, sets: number): Held['evaluation'] {
    const bytes = bitmapBytesOfSet(this.room.candles(interval, coin).length);
    let held = this.#held.get(coin);
    if (held === undefined || (held.sets + sets) * bytes > CHUNK_BITMAP_BYTES) {
      held = { evaluation: this.room.evaluation(interval, coin), sets: 0 };
      this.#held.set(coin, held);
    }
    held.sets += sets;
    return held.evaluation;
  }

  #spec({ interval, coins }: SweepBlock, bits: readonly SignalBits[], rules: RiskRules): FastSpec {
    const legs = coins.map(
      (coin, i): FastLeg => ({ ...this.#ground(interval, coin, rules), bits: bits[i] as SignalBits }),
    );
    return { ...this.#terms(interval, rules), legs };
  }

  /** A leg without what the strategy says. */
  #ground(interval: Interval, coin: string, rules: RiskRules): Omit<FastLeg, 'bits'> {
    const stopAtr = this.room.atr(interval, coin, rules.stop);
    const trailAtr = this.room.atr(interval, coin, rules.trail?.distance);
    return {
      coin,
      instrument: this.room.instrument(coin),
      candles: this.room.candles(interval, coin),
      funding: this.room.funding(interval, coin),
      decisionIntervalMs: intervalMs(interval),
      ...(stopAtr === undefined ? {} : { stopAtr }),
      ...(trailAtr === undefined ? {} : { trailAtr }),
    };
  }

  #terms(interval: Interval, rules: RiskRules): Omit<RunSpec, 'legs'> {
    const { from, to } = this.room.grid(interval);
    const { costs, sweep } = this.work;
    return { rules, costs, depositUsd: sweep.depositUsd, from, to };
  }
}

/** Rows from … to − 1 on which a side wants to enter; both at once are one. */
function countEntries({ long, short }: SignalBits, from: number, to: number): number {
  let entries = 0;
  for (let word = from >>> 5; word << 5 < to; word++) {
    let bits = (long === undefined ? 0 : (long[word] as number)) | (short === undefined ? 0 : (short[word] as number));
    const start = word << 5;
    if (start < from) bits &= -1 << (from - start);
    if (start + 32 > to) bits &= ~(-1 << (to - start));
    entries += bitCount(bits);
  }
  return entries;
}

/** Ones of a 32-bit word (Hacker's Delight, figure 5-2). */
function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

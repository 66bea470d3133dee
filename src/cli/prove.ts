import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CandleSource, storedCandles } from '../backtest/candle-source.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import { alignColumns } from '../domain/candle.ts';
import { UsageError } from '../domain/errors.ts';
import { DAY_MS, formatTime, type Interval, intervalMs, parseInterval } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import type { MarketDatabase } from '../market/database.ts';
import { denseFundingRate } from '../market/funding-rates.ts';
import { listSeries } from '../market/series-store.ts';
import type { MarketData } from '../series/evaluation.ts';
import { settleOf } from '../strategy/define.ts';
import { loadStrategy } from '../strategy/load.ts';
import { describeDifference, type Proof, proveStrategy } from '../strategy/prove.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, shownPath, withStoredDatabase } from './database.ts';
import { noteSealed, sealedFrom } from './sealed.ts';

export interface ProveOptions {
  readonly coin: string;
  readonly interval: string;
  readonly candles: number;
  /** What differs from the defaults; as typed, so that the strategy's own params say what is wrong. */
  readonly param?: Readonly<Record<string, unknown>>;
  readonly synthetic?: true;
  readonly json?: true;
}

/** More than any experiment needs beside the stretch itself and what the strategy takes to settle. */
const CANDLES_BESIDE = 200;

/**
 * Replays a strategy on every candle of a stretch as if the candles after it had not happened. The exit status is 1
 * when it says something else then: it looks ahead.
 */
export async function run(nameOrFile: string, options: ProveOptions, context: Context): Promise<ExitCode> {
  const { coin, candles, param: params = {} } = options;
  const interval = parseInterval(options.interval);
  const loaded = await loadStrategy(nameOrFile, join(context.root, 'strategies'));
  const built = loaded.strategy.build(params);
  const coins = [...new Set([coin, ...built.coins])];
  const prove = (source: CandleSource): Promise<Proof> =>
    proveStrategy({ loaded, params, coin, interval, candles, markets: marketsOf(source, coins, interval) });
  let proof: Proof;
  if (options.synthetic || !existsSync(context.databasePath)) {
    context.out.note('on the built-in synthetic market');
    const days = Math.ceil(((candles + settleOf(built, interval) + CANDLES_BESIDE) * intervalMs(interval)) / DAY_MS);
    proof = await prove(syntheticCandles({ coins, intervals: [interval], days, seed: context.config.seed }));
  } else {
    proof = await withStoredDatabase(context, (db) => {
      const source = candlesOf(db, context);
      noteSealed(
        coins.map((one) => source.span(one, interval)),
        context,
      );
      return prove(source);
    });
  }
  if (options.json) context.out.json({ clean: proof.difference === undefined, ...proof });
  else show(proof, coin, interval, context);
  return proof.difference === undefined ? 0 : 1;
}

/** @throws UsageError where nothing is stored at all, which no other name of a coin would help */
function candlesOf(db: MarketDatabase, context: Context): CandleSource {
  if (listSeries(db).some(({ kind }) => kind === 'trade'))
    return storedCandles(db, context.config.source, sealedFrom(context));
  throw new UsageError(`there are no candles in ${shownPath(context, context.databasePath)}`, {
    hint: 'Import candles (candor import FILE…), or add --synthetic.',
  });
}

/** The coins over the time that all of them have, on one grid. */
function marketsOf(source: CandleSource, coins: readonly string[], interval: Interval): Map<string, MarketData> {
  const spans = coins.map((coin) => source.span(coin, interval));
  const fromMs = epochMs(Math.max(...spans.map(({ firstOpenMs }) => firstOpenMs)));
  const toMs = epochMs(Math.min(...spans.map(({ lastCloseMs }) => lastCloseMs)));
  const length = Math.max(0, toMs - fromMs) / intervalMs(interval);
  return new Map(
    coins.map((coin) => {
      const candles = alignColumns(source.candles(coin, interval, fromMs, toMs), fromMs, length);
      return [coin, { candles, fundingRate: denseFundingRate(candles, source.funding(coin)) }];
    }),
  );
}

function show(proof: Proof, coin: string, interval: Interval, { out }: Context): void {
  const { strategy, params, difference, absolutePrices, signals, knifeEdges } = proof;
  const chosen = Object.entries(params).map(([name, value]) => `${name} ${value}`);
  const stretch = `${formatTime(proof.firstOpenMs)} to ${formatTime(proof.lastOpenMs)}`;
  out.line(`${out.paint('bold', strategy)} on ${coin} ${interval}${chosen.length > 0 ? `, ${chosen.join(', ')}` : ''}`);
  const until = difference === undefined ? '' : ' until the first difference';
  out.line(`  ${counted(proof.candles, 'candle')}, ${stretch} (${counted(proof.replays, 'evaluation')}${until})`);
  const spoken = Object.entries(signals).filter(([, times]) => times > 0);
  out.line(
    spoken.length > 0
      ? `  signals: ${spoken.map(([side, times]) => `${side} ${count(times)}`).join(', ')}`
      : '  no signal at all on this stretch: silence proves little; try more --candles',
  );
  if (knifeEdges.length > 0) {
    out.line(`  ${counted(knifeEdges.length, 'comparison')} closer than 1e-9, where another start of the data decides`);
  }
  if (absolutePrices !== undefined) {
    out.line(`  ${out.paint('yellow', 'it depends on absolute prices')}: ${describeDifference(absolutePrices)};`);
    out.line('  a strategy may believe in a price level, but one that knows prices by heart looks the same');
  }
  if (difference === undefined) {
    out.line(`${out.paint('green', 'no look-ahead')}: nothing changes when later candles are cut off or invented`);
  } else {
    out.line(`${out.paint('red', 'it looks ahead')}: ${describeDifference(difference)}`);
  }
}

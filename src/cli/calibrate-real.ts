import { existsSync } from 'node:fs';
import { storedCandles } from '../backtest/candle-source.ts';
import type { MadeUpMarket } from '../backtest/synthetic-source.ts';
import { alignColumns, sliceFunding } from '../domain/candle.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, intervalMs } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { openDatabase } from '../market/database.ts';
import { fingerprintOf } from '../market/fingerprint.ts';
import type { Context } from './context.ts';
import { sealedFrom } from './sealed.ts';

export interface RealMarket {
  readonly market: MadeUpMarket;
  readonly fingerprint: string;
}

/**
 * The newest stored candles of the study's coins, to be put in another order, in the finest interval of the study.
 * Where they are not there, a note says so, and the calibration does without: nothing is downloaded for it.
 */
export async function realMarket(study: Study, days: number, context: Context): Promise<RealMarket | undefined> {
  const without = (reason: string): undefined => {
    context.out.note(`real candles are left out: ${reason}`);
    return undefined;
  };
  if (!existsSync(context.databasePath)) return without('none are stored');
  const db = openDatabase(context.databasePath, { readonly: true });
  try {
    const source = storedCandles(db, context.config.source, sealedFrom(context));
    const [interval = study.interval] = [study.interval, ...study.confirm].sort(
      (a, b) => intervalMs(a) - intervalMs(b),
    );
    const spans = study.coins.map((coin) => source.span(coin, interval));
    const stepMs = intervalMs(study.interval);
    const toMs = epochMs(Math.floor(Math.min(...spans.map(({ lastCloseMs }) => lastCloseMs)) / stepMs) * stepMs);
    const fromMs = epochMs(toMs - days * DAY_MS);
    const late = spans.find(({ firstOpenMs }) => firstOpenMs > fromMs);
    if (late !== undefined) return without(`${late.coin} ${interval} is not stored for ${days} days`);
    const length = (toMs - fromMs) / intervalMs(interval);
    const candles = study.coins.map((coin) =>
      alignColumns(source.candles(coin, interval, fromMs, toMs), fromMs, length),
    );
    const funding = study.coins.map((coin) => sliceFunding(source.funding(coin), fromMs, toMs));
    return {
      market: {
        interval,
        candles: new Map(candles.map((columns) => [columns.coin, columns])),
        funding: new Map(funding.map((rates) => [rates.coin, rates])),
        instruments: study.coins.map((coin) => source.instrument(coin)),
      },
      fingerprint: fingerprintOf({ candles, funding }),
    };
  } catch (error) {
    if (error instanceof UsageError || error instanceof DataError) return without(error.message);
    throw error;
  } finally {
    db.close();
  }
}

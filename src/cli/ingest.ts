import { DataError, ExchangeUnreachableError } from '../domain/errors.ts';
import { formatDate, MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import { HyperliquidInfo } from '../exchange/info.ts';
import type { MarketDatabase } from '../market/database.ts';
import { backfill } from '../market/ingest/backfill.ts';
import { claimIngestion } from '../market/ingest/claim.ts';
import type { BackfillNotice, BackfillProgress, BackfillReport } from '../market/ingest/contract.ts';
import { sharedBudget } from '../market/request-weight.ts';
import { formatSeconds } from '../report/format.ts';
import type { Context, ExitCode } from './context.ts';
import { count, shownPath, withDatabase } from './database.ts';
import { ingestedOf, showIngested } from './ingest-report.ts';
import { type IngestOptions, type IngestRequest, requestOf, reserveOf } from './ingest-request.ts';
import type { Progress } from './output.ts';

/**
 * Fetches what the exchange still has, and with `--follow` goes on with what happens. What is stored stays, wherever it
 * is broken off: the same command goes on from there.
 */
export async function run(options: IngestOptions, context: Context): Promise<ExitCode> {
  const request = requestOf(options, context);
  const isJson = options.json === true;
  const { plan } = request;
  // The stream takes a while to load: only who follows waits for it.
  const following = plan === undefined ? undefined : await import('./ingest-follow.ts');
  if (plan !== undefined && !isJson) following?.showPlan(plan, context.out);
  return withDatabase(context, async (db): Promise<ExitCode> => {
    const claim = claimIngestion(db, context.clock);
    try {
      const exchange = exchangeOf(request, context);
      await fetchMissing(db, exchange, request, isJson, context);
      if (plan !== undefined) await following?.followExchange(db, exchange, plan, isJson, context);
      return 0;
    } finally {
      claim.release();
    }
  });
}

function exchangeOf(request: IngestRequest, { config, clock, log }: Context): HyperliquidInfo {
  const { apiUrl } = config.exchange;
  const onWarning = (message: string): void => log.warn(message);
  const budget = sharedBudget({ apiUrl, timer: clock, reserve: reserveOf(request), onWarning });
  return new HyperliquidInfo({ apiUrl, timer: clock, budget });
}

async function fetchMissing(
  db: MarketDatabase,
  exchange: HyperliquidInfo,
  { coins, intervals, fromMs, plan }: IngestRequest,
  isJson: boolean,
  context: Context,
): Promise<void> {
  const { out, clock: timer, signal } = context;
  let notices: BackfillNotice[] = [];
  const fetched = async (): Promise<BackfillReport> => {
    const progress = new BackfillBar(context);
    notices = [];
    try {
      return await backfill(db, exchange, {
        ...{ coins, intervals, fromMs, timer, signal },
        onProgress: (at) => progress.update(at),
        onNotice: (notice) => notices.push(notice),
      });
    } catch (error) {
      const isCutShort = error instanceof ExchangeUnreachableError && progress.hasBegun;
      if (isCutShort) out.note('What was fetched is stored; the same command goes on from there.');
      throw error;
    } finally {
      progress.stop();
    }
  };
  const report = plan === undefined ? await fetched() : await untilFetched(fetched, context);
  const database = shownPath(context, context.databasePath);
  const series = ingestedOf(db, report);
  if (!isJson) showIngested(series, notices, database, out);
  // Who follows prints line after line, and this is the first of them.
  else if (plan !== undefined) out.jsonLine({ kind: 'fetched', database, series, notices });
  else out.json({ database, series, notices });
}

const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

/** Who follows was started to run for months, perhaps before the network was: no outage ends it, this one neither. */
async function untilFetched<T>(fetch: () => Promise<T>, { clock, log, signal }: Context): Promise<T> {
  for (let pauseMs = SECOND_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await fetch();
    } catch (error) {
      if (!(error instanceof ExchangeUnreachableError || error instanceof DataError)) throw error;
      log.warn(`${error.message}; again in ${formatSeconds(pauseMs)}`);
    }
    await clock.sleep(pauseMs, signal);
  }
}

/** Which series it is at, which time, how fast, how long still. */
class BackfillBar {
  readonly #context: Context;
  readonly #startedMs: number;
  #bar: Progress | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#startedMs = context.clock.nowMs();
  }

  /** Whether the exchange has answered. */
  get hasBegun(): boolean {
    return this.#bar !== undefined;
  }

  update({ coin, what, fromMs, done, total }: BackfillProgress): void {
    const { out, clock } = this.#context;
    this.#bar ??= out.progress('ingest', total, clock);
    const seconds = Math.max(1, clock.nowMs() - this.#startedMs) / 1_000;
    this.#bar.update(done, `${coin} ${what} ${formatDate(fromMs)} ${count(Math.round(done / seconds))}/s`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

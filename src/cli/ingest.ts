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
import { type Progress, waitingNote } from './output.ts';
import { keepHeapSmall } from './small-heap.ts';

/**
 * Fetches what the exchange still has, and with `--follow` goes on with what happens. What is stored stays, wherever it
 * is broken off: the same command goes on from there.
 */
export async function run(options: IngestOptions, context: Context): Promise<ExitCode> {
  keepHeapSmall();
  const request = requestOf(options, context);
  const isJson = options.json === true;
  const { plan } = request;
  // The stream takes a while to load: only who follows waits for it.
  const following = plan === undefined ? undefined : await import('./ingest-follow.ts');
  if (plan !== undefined && !isJson) following?.showPlan(plan, context.out);
  const record = async (db: MarketDatabase): Promise<ExitCode> => {
    // Who only reads again may do so beside one that follows: neither writes over what the other has just stored.
    const claim = options.again && plan === undefined ? undefined : claimIngestion(db, context.clock);
    try {
      const waiting: Waiting = { tell: () => {} };
      const exchange = exchangeOf(request, waiting, context);
      await fetchMissing(db, exchange, { ...request, again: options.again === true, waiting }, isJson, context);
      if (plan !== undefined) await following?.followExchange(db, exchange, plan, isJson, context);
      return 0;
    } finally {
      claim?.release();
    }
  };
  return withDatabase(context, record, { cacheMb: CACHE_MB });
}

/** A recorder writes at the ends of hundreds of series and hardly reads. */
const CACHE_MB = 2;

/** Whoever shows what goes on is told how long a request has to wait. */
interface Waiting {
  tell: (waitMs: number) => void;
}

function exchangeOf(request: IngestRequest, waiting: Waiting, { config, clock, log }: Context): HyperliquidInfo {
  const { apiUrl } = config.exchange;
  const onWarning = (message: string): void => log.warn(message);
  const onWait = (waitMs: number): void => waiting.tell(waitMs);
  const budget = sharedBudget({ apiUrl, timer: clock, reserve: reserveOf(request), onWait, onWarning });
  return new HyperliquidInfo({ apiUrl, timer: clock, budget });
}

interface FetchRequest extends IngestRequest {
  readonly again: boolean;
  readonly waiting: Waiting;
}

async function fetchMissing(
  db: MarketDatabase,
  exchange: HyperliquidInfo,
  { coins, intervals, fromMs, again, waiting, plan }: FetchRequest,
  isJson: boolean,
  context: Context,
): Promise<void> {
  const { out, clock: timer, signal } = context;
  let notices: BackfillNotice[] = [];
  const fetched = async (): Promise<BackfillReport> => {
    const progress = new BackfillBar(context);
    waiting.tell = (waitMs) => progress.wait(waitMs);
    notices = [];
    try {
      return await backfill(db, exchange, {
        ...{ coins, intervals, fromMs, again, timer, signal },
        onProgress: (at) => progress.update(at),
        onNotice: (notice) => notices.push(notice),
      });
    } catch (error) {
      const isCutShort = error instanceof ExchangeUnreachableError && progress.hasBegun;
      if (isCutShort) out.note('What was fetched is stored; the same command goes on from there.');
      throw error;
    } finally {
      waiting.tell = () => {};
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

const LONG_WAIT_MS = 3 * SECOND_MS;

/** Which series it is at, which time, how fast, how long still. */
class BackfillBar {
  readonly #context: Context;
  readonly #startedMs: number;
  #bar: Progress | undefined;
  #done = 0;

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
    this.#done = done;
    const seconds = Math.max(1, clock.nowMs() - this.#startedMs) / 1_000;
    this.#bar.update(done, `${coin} ${what} ${formatDate(fromMs)} ${count(Math.round(done / seconds))}/s`);
  }

  /** It stands still, and says why; so does the time before the first answer, when there is no bar yet. */
  wait(waitMs: number): void {
    if (this.#bar !== undefined) this.#bar.update(this.#done, waitingNote(waitMs));
    else if (waitMs >= LONG_WAIT_MS) this.#context.out.note(`ingest: ${waitingNote(waitMs)}`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

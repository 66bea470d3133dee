import { HyperliquidFeed } from '../src/exchange/feed.ts';
import { HyperliquidInfo } from '../src/exchange/info.ts';
import { openDatabase } from '../src/market/database.ts';
import { claimIngestion } from '../src/market/ingest/claim.ts';
import { follow } from '../src/market/ingest/follow.ts';
import { type FollowRequest, planFollow } from '../src/market/ingest/plan.ts';
import { type ClockScale, ScaledClock } from '../src/simulator/scaled-clock.ts';

/** What an ingester in a process of its own does. */
export interface IngestTask {
  readonly database: string;
  readonly apiUrl: string;
  readonly scale: ClockScale;
  readonly plan: FollowRequest;
}

/** Follows an exchange until it is killed, or until its input ends. */
if (import.meta.main) {
  const { database, apiUrl, scale, plan }: IngestTask = JSON.parse(process.argv[2] as string);
  const timer = new ScaledClock(scale);
  const db = openDatabase(database);
  const claim = claimIngestion(db, timer);
  const exchange = new HyperliquidInfo({ apiUrl, timer });
  const stop = new AbortController();
  process.stdin.resume().once('end', () => stop.abort(new Error('stopped')));
  process.stdout.write('following\n');
  await follow(db, { exchange, feed: new HyperliquidFeed({ apiUrl, timer }) }, planFollow(plan), {
    timer,
    signal: stop.signal,
  });
  claim.release();
  db.close();
}

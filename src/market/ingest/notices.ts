import type { Instrument } from '../../domain/instrument.ts';
import { intervalMs } from '../../domain/time.ts';
import type { MarketDatabase } from '../database.ts';
import type { GapReason } from '../gap-store.ts';
import { listSeries, type SeriesSpan } from '../series-store.ts';
import { type BackfillNotice, seriesOf } from './contract.ts';
import type { CallSubject } from './schedule.ts';

/** What a person should know about series that do not reach as far as was asked for, read from what is stored. */
export function noticesOf(
  db: MarketDatabase,
  instruments: readonly Instrument[],
  subjects: readonly CallSubject[],
  fromMs: number,
): BackfillNotice[] {
  const stored = listSeries(db);
  const reach = subjects
    .filter(({ what }) => what !== 'funding')
    .map((subject) => ({ subject, span: find(stored, subject) }));
  return instruments.flatMap(({ coin, isDelisted }): BackfillNotice[] => {
    const ofCoin = reach.filter(({ subject }) => subject.coin === coin);
    const listedMs = ofCoin
      .map(({ span }) => span && gapBefore(db, span, 'before-listing', fromMs))
      .filter((timeMs) => timeMs !== undefined);
    const ends = ofCoin.map(({ span }) => (span === undefined ? 0 : span.lastOpenMs + intervalMs(span.interval)));
    const sinceMs = Math.max(0, ...ends) || undefined;
    const unserved = ofCoin.filter(
      ({ span }) => span === undefined || gapBefore(db, span, 'not-served', fromMs) !== undefined,
    );
    return [
      ...(isDelisted ? [{ kind: 'delisted', coin, sinceMs } as const] : []),
      ...(listedMs.length > 0 ? [{ kind: 'listed', coin, listedMs: Math.min(...listedMs) } as const] : []),
      ...unserved.map(
        ({ subject, span }) => ({ kind: 'not-served', ...subject, servedFromMs: span?.firstOpenMs }) as const,
      ),
    ];
  });
}

function find(stored: readonly SeriesSpan[], subject: CallSubject): SeriesSpan | undefined {
  const key = seriesOf(subject);
  return stored.find(
    (span) =>
      span.source === key.source && span.coin === key.coin && span.interval === key.interval && span.kind === key.kind,
  );
}

/** Where a gap before the first row ends that reaches into what was asked for. */
function gapBefore(db: MarketDatabase, span: SeriesSpan, reason: GapReason, fromMs: number): number | undefined {
  const endMs = db
    .prepare('SELECT max(to_ms) FROM gaps WHERE series = ? AND reason = ? AND to_ms > ? AND to_ms <= ?')
    .pluck()
    .get(span.id, reason, fromMs, span.firstOpenMs) as number | null;
  return endMs ?? undefined;
}

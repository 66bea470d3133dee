/** What a file's name says of its content. */
export interface NamedContent {
  readonly source?: string;
  readonly coin?: string;
  /** `funding`, or what looks like an interval, and may be none. */
  readonly content?: string;
  /** Candles of the mark price. */
  readonly isMark?: boolean;
}

const NAME = /^([^_]+)_([^_]+)_(?:(funding)|(\d+[a-z])(-mark)?)(_.*)?$/i;

/**
 * `hyperliquid_BTC_1h.csv.gz` → source, coin, interval; `hyperliquid_BTC_1h-mark.csv` → the same of the mark price;
 * `hyperliquid_BTC_funding.csv.gz` → source, coin, funding. What follows after another underscore is a remark. A name
 * of another form says nothing.
 */
export function readFileName(file: string): NamedContent {
  const stem = file.replace(/\.gz$/i, '').replace(/\.[a-z]+$/i, '');
  const [, source, coin, funding, interval, mark] = NAME.exec(stem) ?? [];
  const content = funding ?? interval;
  if (source === undefined || coin === undefined || content === undefined) return {};
  return { source, coin, content, isMark: mark !== undefined };
}

/** The name that `readFileName` understands, without its extension. */
export function fileNameOf(series: {
  readonly source: string;
  readonly coin: string;
  readonly interval: string;
  readonly kind: 'trade' | 'mark' | 'funding';
}): string {
  const content = { trade: series.interval, mark: `${series.interval}-mark`, funding: 'funding' }[series.kind];
  return `${series.source}_${series.coin}_${content}`;
}

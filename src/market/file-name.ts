/** What a file's name says of its content. */
export interface NamedContent {
  readonly source?: string;
  readonly coin?: string;
  /** `funding`, or what looks like an interval, and may be none. */
  readonly content?: string;
}

const NAME = /^([^_]+)_([^_]+)_(funding|\d+[a-z])(_.*)?$/i;

/**
 * `hyperliquid_BTC_1h.csv.gz` → source, coin, interval; `hyperliquid_BTC_funding.csv.gz` → source, coin, funding. What
 * follows after another underscore is a remark. A name of another form says nothing.
 */
export function readFileName(file: string): NamedContent {
  const stem = file.replace(/\.gz$/i, '').replace(/\.[a-z]+$/i, '');
  const [, source, coin, content] = NAME.exec(stem) ?? [];
  return source === undefined || coin === undefined || content === undefined ? {} : { source, coin, content };
}

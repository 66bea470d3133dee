import { distance } from 'fastest-levenshtein';
import { nearestNames, UsageError } from '../domain/errors.ts';
import type { MarketDatabase } from './database.ts';
import type { NamedContent } from './file-name.ts';
import { loadInstruments } from './instrument-store.ts';

type Word = 'coin' | 'interval' | 'source' | 'kind';

/**
 * What the option and the file's name say of it, where one of them does.
 *
 * @throws UsageError where they do not say the same
 */
export function said(
  what: Word,
  asked: string | undefined,
  named: string | undefined,
  file: string,
): string | undefined {
  if (asked !== undefined && named !== undefined && asked !== named) {
    throw new UsageError(`--${what} ${asked} contradicts the name '${file}', which says ${named}`, {
      hint: `Leave --${what} away; or, if the name is wrong, rename the file.`,
    });
  }
  return asked ?? named;
}

/** @throws UsageError for what nothing says */
export function unsaid(what: Word, example: string, file: string): UsageError {
  return new UsageError(`the name '${file}' does not say its ${what}`, {
    hint: `Say it with --${what} ${example}, or name the file like hyperliquid_BTC_1h.csv.gz.`,
  });
}

/** @throws UsageError where neither says it, or they do not say the same */
export function sourceOf(file: string, named: NamedContent, asked: string | undefined): string {
  const source = said('source', asked, named.source, file);
  if (source === undefined) throw unsaid('source', 'binance-spot', file);
  return source;
}

/**
 * The coin of a file. One whose rules are not known may be stored, but not one that is a known coin in other letters,
 * nor one that was typed with a single wrong letter: that series would be looked for in vain.
 *
 * @throws UsageError
 */
export function coinOf(db: MarketDatabase, file: string, named: NamedContent, asked: string | undefined): string {
  const coin = isPairOf(asked, named.coin) ? asked : said('coin', asked, named.coin, file);
  if (coin === undefined) throw unsaid('coin', 'BTC', file);
  const instruments = loadInstruments(db);
  if (instruments.has(coin)) return coin;
  const [nearest] = nearestNames(coin, instruments.keys(), 1);
  if (nearest === undefined) return coin;
  if (nearest.toLowerCase() === coin.toLowerCase()) {
    throw new UsageError(`${file}: there is no coin '${coin}', but there is ${nearest}`, {
      hint: `Letters count: ${named.coin === undefined ? `say --coin ${nearest}` : 'rename the file'}.`,
    });
  }
  if (named.coin === undefined && distance(coin.toLowerCase(), nearest.toLowerCase()) === 1) {
    throw new UsageError(`${file}: the coin '${coin}' is not known, and almost ${nearest}`, {
      hint: `Did you mean ${nearest}? If not, name the file like hyperliquid_${coin}_1h.csv.gz and leave --coin away.`,
    });
  }
  return coin;
}

/** `BTCUSDT` and `BTC-USD` are how others name a market of BTC: no contradiction to `--coin BTC`. */
function isPairOf(coin: string | undefined, pair: string | undefined): boolean {
  const [, base] = /^(.+?)-?(?:USDT|USDC|BUSD|USD|PERP)$/i.exec(pair ?? '') ?? [];
  return coin !== undefined && base?.toLowerCase() === coin.toLowerCase();
}

/** @throws UsageError where a file that says itself what it is was announced as something else */
export function agree(what: 'coin' | 'interval', asked: string | undefined, found: string, file: string): void {
  if (asked === undefined || asked === found) return;
  throw new UsageError(`${file} holds the ${what} ${found}, not ${asked}`, { hint: `Leave --${what} away.` });
}

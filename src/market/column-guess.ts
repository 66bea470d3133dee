import { DataError, didYouMean, UsageError } from '../domain/errors.ts';
import { isEmpty, numberOf, shown, type Table } from './table.ts';
import { recogniseTimes } from './time-form.ts';

export const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume', 'trades', 'rate'] as const;
/** What a column can be. */
export type Field = (typeof FIELDS)[number];

export const CANDLE_FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const satisfies readonly Field[];
export const FUNDING_FIELDS = ['time', 'rate'] as const satisfies readonly Field[];

export interface ColumnGuess {
  readonly content: 'candles' | 'funding';
  /** The position of each column that is read. */
  readonly places: ReadonlyMap<Field, number>;
  /** The column of times says by its name that they are closes. */
  readonly isCloseTime: boolean;
}

export interface GuessOptions {
  /** Where it is known, the coin tells its own volume from that of dollars. */
  readonly coin?: string | undefined;
  readonly content?: 'candles' | 'funding' | undefined;
  /** Field → name of a column: what the user says goes before what is guessed. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
}

/** Names as the usual sources write them, without spaces, underscores and capitals. */
const NAMES: Readonly<Record<Field, ReadonlySet<string>>> = {
  time: names(
    't ts time timestamp date datetime unix unixtime unixtimestamp epoch utc timems timestampms timestamputc timeutc ' +
      'dateutc datetimeutc opentime opentimems opentimestamp opents starttime start begin candlebegintime timeopen',
  ),
  open: names('o open openprice priceopen'),
  high: names('h high highprice pricehigh max'),
  low: names('l low lowprice pricelow min'),
  close: names('c close closeprice priceclose'),
  volume: names('v vol volume basevolume volumebase basevol baseassetvolume volccy volumefrom'),
  trades: names('n count trades tradecount tradescount numberoftrades numtrades nooftrades'),
  rate: names('rate fundingrate lastfundingrate'),
};
const CLOSE_TIMES = names('closetime closetimems closetimestamp endtime end timeclose');
const FUNDING_TIMES = names('fundingtime fundingtimestamp calctime');
/** What pandas makes of an index: a first column without a name, or this. */
const INDEX_NAMES = names('1 index indexlevel0');
/** What volume is counted in when it is not counted in coins. */
const QUOTES = names('quote usd usdt usdc usde busd tusd fdusd dai eur gbp jpy krw try ust notional to');

function names(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/**
 * Which column of a table is what, by the names that the usual sources give them; or, where there are none, by the
 * shape of Binance's twelve columns.
 *
 * @throws DataError where a needed column is not found, or two could be the same
 * @throws UsageError for `columns` that name what is not there
 */
export function guessColumns(table: Table, options: GuessOptions): ColumnGuess {
  const said = saidColumns(table, options.columns ?? {});
  if (!table.hasHeader && said.size === 0) return { ...guessByShape(table), isCloseTime: false };
  const content = options.content ?? (isFunding(table, said) ? 'funding' : 'candles');
  const wanted: readonly Field[] = content === 'funding' ? FUNDING_FIELDS : [...CANDLE_FIELDS, 'trades'];
  const places = new Map<Field, number>();
  for (const field of wanted) {
    const place = said.get(field) ?? (table.hasHeader ? guessField(table, field, options.coin) : undefined);
    if (place !== undefined) places.set(field, place);
  }
  const missing = wanted.filter((field) => field !== 'trades' && !places.has(field));
  if (missing.length > 0) throw missingColumns(table, missing);
  const time = table.header[places.get('time') as number] as string;
  return { content, places, isCloseTime: CLOSE_TIMES.has(plain(time)) };
}

function saidColumns(table: Table, columns: Readonly<Record<string, string>>): Map<Field, number> {
  const said = new Map<Field, number>();
  for (const [field, name] of Object.entries(columns)) {
    const known = FIELDS.find((one) => one === field);
    if (known === undefined) {
      throw new UsageError(`--columns: there is no field '${field}'`, { hint: didYouMean(field, FIELDS) });
    }
    const exact = table.header.indexOf(name);
    const place = exact === -1 ? table.header.findIndex((one) => plain(one) === plain(name)) : exact;
    if (place === -1) {
      throw new UsageError(`--columns: ${table.file} has no column '${name}'`, {
        hint: didYouMean(name, table.header),
      });
    }
    said.set(known, place);
  }
  return said;
}

function isFunding({ header }: Table, said: ReadonlyMap<Field, number>): boolean {
  if (said.has('rate') || said.has('open')) return said.has('rate');
  const has = (field: Field): boolean => header.some((name) => NAMES[field].has(plain(name)));
  return has('rate') && !(has('open') && has('close'));
}

function guessField(table: Table, field: Field, coin: string | undefined): number | undefined {
  const candidates = candidatesOf(table, field, coin);
  if (candidates.length < 2) return candidates[0];
  const same = field === 'time' ? sameInstants(table, candidates) : undefined;
  if (same !== undefined) return same;
  const [first, second] = candidates.map((place) => describe(table, place)) as [string, string];
  throw new DataError(`${table.file}: two columns could be the ${field}: ${first} and ${second}`, {
    hint: `Say which: --columns ${field}=${table.header[candidates[0] as number]}`,
  });
}

/** Two columns of one name are told apart by their position. */
function describe({ header }: Table, place: number): string {
  const name = header[place] as string;
  return header.indexOf(name) === header.lastIndexOf(name) ? `'${name}'` : `'${name}' (column ${place + 1})`;
}

function candidatesOf({ header }: Table, field: Field, coin: string | undefined): number[] {
  const where = (isIt: (name: string) => boolean): number[] =>
    header.flatMap((name, place) => (isIt(plain(name)) ? [place] : []));
  const named = where((name) => NAMES[field].has(name));
  if (field === 'time' && named.length === 0) {
    const others = [FUNDING_TIMES, CLOSE_TIMES, INDEX_NAMES].map((names) => where((name) => names.has(name)));
    return others.find((places) => places.length > 0) ?? [];
  }
  if (field !== 'volume') return named;
  const inCoins = where((name) => coin !== undefined && name === `volume${plain(coin)}`);
  if (inCoins.length > 0) return inCoins;
  // 'Volume BTC' is in coins, 'Volume USDT' in dollars.
  const bySuffix = where((name) => /^volume[a-z]+$/.test(name) && !QUOTES.has(name.slice('volume'.length)));
  return [...new Set([...named, ...bySuffix])];
}

/** Sources that write each time twice, as a number and as a date, are not ambiguous; the number is taken. */
function sameInstants(table: Table, places: readonly number[]): number | undefined {
  try {
    const columns = places.map((place) => {
      const cells = table.sample.map((row) => row[place]).filter((cell) => !isEmpty(cell));
      const form = recogniseTimes(table.file, table.header[place] as string, cells, table.zoneless.has(place));
      return cells.map(form.read);
    });
    const [first] = columns as [number[]];
    if (!columns.every((times) => times.length === first.length && times.every((time, i) => time === first[i]))) {
      return undefined;
    }
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
  return places.find((place) => !Number.isNaN(numberOf(table.sample[0]?.[place]))) ?? places[0];
}

function missingColumns(table: Table, missing: readonly Field[]): DataError {
  const { file, header, hasHeader } = table;
  const inDollars = header.find((name) => /vol/i.test(name));
  const first = missing[0] as Field;
  const example = missing.map((field) => `${field}=NAME`).join(',');
  const isVolumeOnly = first === 'volume' && inDollars !== undefined;
  const what = hasHeader ? `no column is recognised as ${missing.join(', ')}` : `--columns does not say ${first}`;
  return new DataError(`${file}: ${what}`, {
    details: [`${table.format === 'CSV' ? 'line 1' : 'columns'}: ${header.join(',').slice(0, 200)}`],
    hint: isVolumeOnly
      ? `Volume must be in coins, which '${inDollars}' may not be; if it is, say --columns volume=${inDollars}.`
      : `Say which columns they are: --columns ${example}`,
  });
}

const BINANCE_COLUMNS = 12;
const BINANCE_PLACES: readonly (readonly [Field, number])[] = [
  ['time', 0],
  ['open', 1],
  ['high', 2],
  ['low', 3],
  ['close', 4],
  ['volume', 5],
  ['trades', 8],
];

function guessByShape(table: Table): Omit<ColumnGuess, 'isCloseTime'> {
  const isBinance = table.sample.every((row) => {
    const [open, close] = [numberOf(row[0]), numberOf(row[6])];
    return row.length === BINANCE_COLUMNS && close > open && close - open < open;
  });
  if (isBinance) return { content: 'candles', places: new Map(BINANCE_PLACES) };
  throw new DataError(`${table.file}: line 1 is not a header`, {
    details: [`line 1: ${(table.sample[0] ?? []).map(shown).join(',').slice(0, 200)}`],
    hint: 'Say which column is what: --columns time=1,open=2,high=3,low=4,close=5,volume=6',
  });
}

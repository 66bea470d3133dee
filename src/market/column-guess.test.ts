import { describe, expect, test } from 'vitest';
import { type ColumnGuess, type GuessOptions, guessColumns } from './column-guess.ts';
import { openCsv } from './csv.ts';

const FILE = 'x.csv';

/** What each column is taken for: field → name. */
function guessed(text: string, options: GuessOptions = {}): Record<string, string> {
  const table = openCsv(Buffer.from(text), FILE);
  const guess: ColumnGuess = guessColumns(table, options);
  return Object.fromEntries([...guess.places].map(([field, place]) => [field, table.header[place] as string]));
}

const OHLC = { open: 'open', high: 'high', low: 'low', close: 'close' };

describe('columns under the names of the usual sources', () => {
  test.each<[source: string, header: string, row: string, found: Record<string, string>]>([
    [
      'our own',
      't,o,h,l,c,v,n',
      '1735689600000,1,2,1,2,5,3',
      { time: 't', open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v', trades: 'n' },
    ],
    [
      'pandas',
      'Date,Open,High,Low,Close,Adj Close,Volume',
      '2025-01-01,1,2,1,2,2,5',
      { time: 'Date', open: 'Open', high: 'High', low: 'Low', close: 'Close', volume: 'Volume' },
    ],
    [
      'Binance futures',
      'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote,ignore',
      '1735689600000,1,2,1,2,5,1735693199999,7,3,1,1,0',
      { ...OHLC, time: 'open_time', volume: 'volume', trades: 'count' },
    ],
    [
      'a Binance client',
      'Open time;Open;High;Low;Close;Volume;Close time;Quote asset volume;Number of trades',
      '1735689600000;1;2;1;2;5;1735693199999;7;3',
      {
        time: 'Open time',
        open: 'Open',
        high: 'High',
        low: 'Low',
        close: 'Close',
        volume: 'Volume',
        trades: 'Number of trades',
      },
    ],
    [
      'CryptoDataDownload, times twice',
      'unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount',
      '1735689600000,2025-01-01 00:00:00,BTCUSDT,1,2,1,2,5,7,3',
      { ...OHLC, time: 'unix', volume: 'Volume BTC', trades: 'tradecount' },
    ],
    [
      'CryptoCompare',
      'time\thigh\tlow\topen\tvolumefrom\tvolumeto\tclose',
      '1735689600\t2\t1\t1\t5\t7\t2',
      { ...OHLC, time: 'time', volume: 'volumefrom' },
    ],
    [
      'the closes alone',
      'openTimeMs,open,high,low,close,vol',
      '1735689600000,1,2,1,2,5',
      { ...OHLC, time: 'openTimeMs', volume: 'vol' },
    ],
    [
      'closes as times',
      'close_time,open,high,low,close,base_volume',
      '1735693199999,1,2,1,2,5',
      { ...OHLC, time: 'close_time', volume: 'base_volume' },
    ],
    [
      'pandas, times as its index',
      ',open,high,low,close,volume',
      '2025-01-01 00:00:00,1,2,1,2,5',
      { ...OHLC, time: '1', volume: 'volume' },
    ],
    [
      'funding',
      'coin,fundingTime,fundingRate,markPrice',
      'BTC,1735689600000,0.0001,1',
      { time: 'fundingTime', rate: 'fundingRate' },
    ],
    [
      'funding of Binance',
      'calc_time,funding_interval_hours,last_funding_rate',
      '1735689600000,8,0.0001',
      { time: 'calc_time', rate: 'last_funding_rate' },
    ],
  ])('%s', (_, header, row, found) => {
    expect(guessed(`${header}\n${row}\n`)).toEqual(found);
  });

  test("twelve columns without names are Binance's; closes and volume in dollars are not taken", () => {
    const row = '1735689600000000,1,2,1,2,5,1735693199999999,7,3,1,1,0';
    const found = { time: '1', open: '2', high: '3', low: '4', close: '5', volume: '6', trades: '9' };
    expect(guessed(`${row}\n${row}\n`)).toEqual(found);
  });

  test('the coin tells its own volume', () => {
    const text = 'time,open,high,low,close,Volume ETH,Volume BTC\n1735689600,1,2,1,2,5,7\n';
    expect(guessed(text, { coin: 'BTC' })['volume']).toBe('Volume BTC');
    expect(guessed(text, { coin: 'ETH' })['volume']).toBe('Volume ETH');
    expect(() => guessed(text)).toThrow("two columns could be the volume: 'Volume ETH' and 'Volume BTC'");
  });

  test('what the user says goes before the guess, in any spelling', () => {
    const text = 'ts,time,open,high,low,close,volume,amount\n1,1735689600,1,2,1,2,5,7\n';
    const columns = { time: 'Time', volume: 'amount' };
    expect(guessed(text, { columns })).toEqual({ ...OHLC, time: 'time', volume: 'amount' });
    const nameless = '1735689600,1,2,1,2,5\n';
    const places = { time: '1', open: '2', high: '3', low: '4', close: '5', volume: '6' };
    expect(guessed(nameless, { columns: places })).toEqual(places);
  });
});

describe('what cannot be guessed is refused, with what to say', () => {
  const header = 'open,high,low,close,volume';
  test.each<[what: string, text: string, options: GuessOptions, says: RegExp, hint: RegExp]>([
    [
      'two times that differ',
      `time,date,${header}\n1735689600,2025-06-01,1,2,1,2,5\n`,
      {},
      /the time: 'time' and 'date'/,
      /--columns time=time/,
    ],
    [
      'a name twice',
      `time,close,${header}\n1735689600,9,1,2,1,2,5\n`,
      {},
      /'close' \(column 2\) and 'close' \(column 6\)/,
      /--columns close/,
    ],
    [
      'volume in dollars alone',
      'time,open,high,low,close,Volume USDT\n1735689600,1,2,1,2,5\n',
      {},
      /recognised as volume/,
      /must be in coins.*'Volume USDT'/,
    ],
    [
      'quote volume alone',
      'time,open,high,low,close,quote_asset_volume\n1735689600,1,2,1,2,5\n',
      {},
      /recognised as volume/,
      /in coins/,
    ],
    [
      'nothing known',
      'a,b,x\n1,2,z\n',
      {},
      /recognised as time, open, high, low, close, volume/,
      /time=NAME,open=NAME/,
    ],
    ['no header', '1735689600,1,2,1,2,5\n', {}, /line 1 is not a header/, /--columns time=1,open=2/],
    [
      'an unknown field',
      `time,${header}\n1735689600,1,2,1,2,5\n`,
      { columns: { tme: 'time' } },
      /no field 'tme'/,
      /Did you mean time/,
    ],
    [
      'an unknown column',
      `time,${header}\n1735689600,1,2,1,2,5\n`,
      { columns: { time: 'tim' } },
      /no column 'tim'/,
      /Did you mean time/,
    ],
  ])('%s', (_, text, options, says, hint) => {
    expect(() => guessed(text, options)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(says), hint: expect.stringMatching(hint) }),
    );
  });
});

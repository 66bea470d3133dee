import { didYouMean, UsageError } from '../domain/errors.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';

interface InstrumentRow {
  readonly coin: string;
  readonly sz_decimals: number;
  readonly margin_tiers: string;
  readonly is_delisted: number;
}

/** Stores the exchange's rules of its coins; newer ones take the place of older ones. */
export function writeInstruments(
  db: MarketDatabase,
  instruments: readonly Instrument[],
  end: 'commit' | 'rollback' = 'commit',
): { readonly added: number; readonly unchanged: number; readonly changed: number } {
  return inTransaction(
    db,
    () => {
      const before = new Map(storedInstruments(db).map((instrument) => [instrument.coin, JSON.stringify(instrument)]));
      const write = db.prepare(
        'INSERT OR REPLACE INTO instruments (coin, sz_decimals, margin_tiers, is_delisted) VALUES (?, ?, ?, ?)',
      );
      let unchanged = 0;
      let changed = 0;
      for (const instrument of instruments.map(normalized)) {
        const { coin, szDecimals, marginTiers, isDelisted } = instrument;
        const stored = before.get(coin);
        if (stored === JSON.stringify(instrument)) unchanged++;
        else if (stored !== undefined) changed++;
        const tiers = marginTiers.map((tier) => [tier.fromNotionalUsd, tier.maxLeverage]);
        write.run(coin, szDecimals, JSON.stringify(tiers), isDelisted ? 1 : 0);
      }
      return { added: instruments.length - unchanged - changed, unchanged, changed };
    },
    end,
  );
}

/** The rules of every known coin: those stored, and the built-in ones for coins that are not. */
export function loadInstruments(db: MarketDatabase): Map<string, Instrument> {
  const instruments = [...BUILT_IN_INSTRUMENTS, ...onSnapshot(db, () => storedInstruments(db))];
  return new Map(instruments.map((instrument) => [instrument.coin, instrument]));
}

/**
 * The rules of one coin.
 *
 * @throws UsageError for a coin whose rules are not known, with the nearest names
 */
export function findInstrument(instruments: ReadonlyMap<string, Instrument>, coin: string): Instrument {
  const instrument = instruments.get(coin);
  if (instrument !== undefined) return instrument;
  throw new UsageError(`the trading rules of '${coin}' are not known`, {
    hint: `${didYouMean(coin, instruments.keys())} Import the exchange's meta answer: it has the rules of all coins.`,
  });
}

function storedInstruments(db: MarketDatabase): Instrument[] {
  const rows = db.prepare('SELECT * FROM instruments ORDER BY coin').all() as InstrumentRow[];
  return rows.map((row) => ({
    coin: row.coin,
    szDecimals: row.sz_decimals,
    marginTiers: (JSON.parse(row.margin_tiers) as [number, number][]).map(([fromNotionalUsd, maxLeverage]) => ({
      fromNotionalUsd,
      maxLeverage,
    })),
    isDelisted: row.is_delisted === 1,
  }));
}

/** The same keys in the same order, so that two instruments can be compared as text. */
function normalized({ coin, szDecimals, marginTiers, isDelisted }: Instrument): Instrument {
  return {
    coin,
    szDecimals,
    marginTiers: marginTiers.map(({ fromNotionalUsd, maxLeverage }) => ({ fromNotionalUsd, maxLeverage })),
    isDelisted,
  };
}

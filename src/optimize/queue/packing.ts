import type { IntervalGrid, StudyData } from '../../backtest/study-data.ts';
import type { CandleColumns, FundingRates } from '../../domain/candle.ts';
import { DataError } from '../../domain/errors.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { fingerprintOf } from '../../market/fingerprint.ts';
import type { SweepWork } from '../contract.ts';
import type { Program } from '../program.ts';
import { type Blob, type BlobRef, blobOf } from './blobs.ts';

const COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;
const CELL_BYTES = Float64Array.BYTES_PER_ELEMENT;

type Shape<T, Column extends string> = Omit<T, Column> & { readonly blob: BlobRef };
type CandleShape = Shape<CandleColumns, (typeof COLUMNS)[number]>;
type FundingShape = Shape<FundingRates, 'timesMs' | 'rates'> & { readonly length: number };
type GridShape = Omit<IntervalGrid, 'candles'> & { readonly candles: readonly CandleShape[] };

/** A sweep's work as JSON: columns are named by their hash, maps are lists. */
interface Specification extends Omit<SweepWork, 'data'> {
  readonly program: Program;
  readonly data: Omit<StudyData, 'instruments' | 'funding' | 'grids'> & {
    readonly instruments: readonly (readonly [string, Instrument])[];
    readonly funding: readonly FundingShape[];
    readonly grids: readonly GridShape[];
  };
}

export interface PackedWork {
  /** The same work in the same program has the same id, wherever and whenever it is packed. */
  readonly id: string;
  readonly specification: Blob;
  readonly columns: readonly Blob[];
}

/** Takes a sweep's work apart into what can be sent. */
export function packWork(work: SweepWork, program: Program): PackedWork {
  const columns: Blob[] = [];
  const shelve = (parts: readonly Float64Array[]): BlobRef => {
    const blob = blobOf(
      parts.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
    );
    columns.push(blob);
    return { sha256: blob.sha256, bytes: blob.bytes };
  };
  const { sweep, costs, strategies, data } = work;
  const specification: Specification = {
    program,
    sweep,
    costs,
    strategies,
    data: {
      ...data,
      instruments: [...data.instruments],
      funding: [...data.funding.values()].map(({ coin, timesMs, rates }) => {
        return { coin, length: timesMs.length, blob: shelve([timesMs, rates]) };
      }),
      grids: data.grids.map((grid) => ({
        ...grid,
        candles: [...grid.candles.values()].map(({ coin, interval, firstOpenMs, length, ...values }) => {
          return { coin, interval, firstOpenMs, length, blob: shelve(COLUMNS.map((name) => values[name])) };
        }),
      })),
    },
  };
  const blob = blobOf([new TextEncoder().encode(JSON.stringify(specification))]);
  return { id: blob.sha256.slice(0, ID_DIGITS), specification: blob, columns };
}

const ID_DIGITS = 16;

/**
 * Puts a sweep's work together again, with columns over shared memory.
 *
 * @param load bytes that are what their hash says
 * @throws DataError where the candles are not those of the fingerprint
 */
export async function unpackWork(
  specification: Uint8Array,
  load: (ref: BlobRef, what: string) => Promise<Uint8Array<SharedArrayBuffer>>,
): Promise<SweepWork> {
  const { sweep, costs, strategies, data } = JSON.parse(Buffer.from(specification).toString()) as Specification;
  const funding = new Map<string, FundingRates>();
  for (const { coin, length, blob } of data.funding) {
    const column = columnsIn(await load(blob, `funding of ${coin}`), length);
    funding.set(coin, { coin, timesMs: column(0), rates: column(1) });
  }
  const grids: IntervalGrid[] = [];
  for (const grid of data.grids) {
    const candles = new Map<string, CandleColumns>();
    for (const { blob, ...shape } of grid.candles) {
      const column = columnsIn(await load(blob, `${shape.coin} ${shape.interval}`), shape.length);
      const [open, high, low, close, volume] = [column(0), column(1), column(2), column(3), column(4)];
      candles.set(shape.coin, { ...shape, open, high, low, close, volume });
    }
    grids.push({ ...grid, candles });
  }
  const found = fingerprintOf({
    candles: grids.flatMap((grid) => [...grid.candles.values()]),
    funding: [...funding.values()],
  });
  if (found !== data.fingerprint) {
    throw new DataError(`the candles of the sweep '${sweep.name}' are not those that it names`, {
      details: [`named: ${data.fingerprint}`, `found: ${found}`],
    });
  }
  const instruments = new Map(data.instruments);
  return {
    sweep,
    costs,
    strategies,
    data: { ...data, instruments, funding, grids: grids as [IntervalGrid, ...IntervalGrid[]] },
  };
}

function columnsIn(bytes: Uint8Array<SharedArrayBuffer>, length: number): (column: number) => Float64Array {
  return (column) => new Float64Array(bytes.buffer, column * length * CELL_BYTES, length);
}

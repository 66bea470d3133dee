import type { IntervalGrid, StudyData } from '../backtest/study-data.ts';
import { type CandleColumns, closeTimeAt, openTimeAt } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Report, SeriesFacts } from './schema.ts';

/** What an auditor asks about the data: where it comes from, how much there is, what is missing. */
export function dataFacts(data: StudyData): Report['data'] {
  const { isSynthetic, asSeen, sealedFromMs, source, fingerprint, fromMs, toMs, grids, instruments } = data;
  return {
    isSynthetic,
    ...(asSeen && { asSeen }),
    ...(sealedFromMs !== undefined && { sealedFromMs }),
    source,
    fingerprint,
    anchor: Object.fromEntries(grids.map((grid) => [grid.interval, anchorOf(grid)])),
    fromMs,
    toMs,
    series: grids.flatMap(({ candles }) => [...candles.values()].map((columns) => seriesFacts(columns, data))),
    instruments: [...instruments.values()].map((instrument) => ({
      coin: instrument.coin,
      szDecimals: instrument.szDecimals,
      marginTiers: instrument.marginTiers.map(({ fromNotionalUsd, maxLeverage }) => ({ fromNotionalUsd, maxLeverage })),
      isDelisted: instrument.isDelisted,
    })),
  };
}

function anchorOf(grid: IntervalGrid): number {
  return Math.min(...[...grid.candles.values()].map((columns) => columns.firstOpenMs));
}

function seriesFacts(columns: CandleColumns, data: StudyData): SeriesFacts {
  let candles = 0;
  let gaps = 0;
  let withoutVolume = 0;
  let wasMissing = false;
  for (let row = 0; row < columns.length; row++) {
    const isMissing = Number.isNaN(columns.close[row] as number);
    if (isMissing && !wasMissing) gaps++;
    if (!isMissing) candles++;
    if (columns.volume[row] === 0) withoutVolume++;
    wasMissing = isMissing;
  }
  return {
    coin: columns.coin,
    interval: columns.interval,
    firstOpenMs: columns.firstOpenMs,
    lastCloseMs: closeTimeAt(columns, columns.length - 1),
    candles,
    missingCandles: columns.length - candles,
    gaps,
    zeroVolumeFraction: candles === 0 ? null : withoutVolume / candles,
    ...fundingFacts(columns, data),
  };
}

/** Funding hours within the candles; one without a stored rate costs nothing, so it is counted. */
function fundingFacts(
  columns: CandleColumns,
  data: StudyData,
): Pick<SeriesFacts, 'fundingHours' | 'missingFundingHours'> {
  const stored = new Set(data.funding.get(columns.coin)?.timesMs);
  const endMs = openTimeAt(columns, columns.length);
  let fundingHours = 0;
  let missingFundingHours = 0;
  for (let hourMs = Math.ceil(columns.firstOpenMs / HOUR_MS) * HOUR_MS; hourMs < endMs; hourMs += HOUR_MS) {
    fundingHours++;
    if (!stored.has(hourMs)) missingFundingHours++;
  }
  return { fundingHours, missingFundingHours };
}

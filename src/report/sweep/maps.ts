import type { Axis, ResultBlock } from '../../optimize/result.ts';
import { type Combinations, quantileOf, valueIndexOf } from './combinations.ts';
import type { HeatMap, MapAxis, MapCell, SweepReport } from './schema.ts';

/** As many as can be told apart, and read as numbers. */
const MOST_ROWS = 24;
const MOST_COLUMNS = 10;
/** A third axis of no more values makes one panel for each. */
const MOST_PANELS_OF_A_MAP = 4;
/** All panels of a page: more would make it heavier than a look is worth. */
const MOST_PANELS = 36;

/** So many of the best are marked where they lie. */
const MARKED = 10;

/** A map for each market, those with the best combinations first, until the page is full. */
export function mapsOf(combinations: Combinations): Pick<SweepReport, 'maps' | 'mapsLeftOut'> {
  const maps: HeatMap[] = [];
  const drawable = combinations.result.blocks.filter(({ axes }) => axes.length > 0);
  let panels = 0;
  for (const block of inOrderOfBest(combinations, drawable)) {
    const third = thirdAxis(block);
    const wanted = third === undefined ? 1 : (block.axes[third]?.labels.length ?? 1);
    if (panels + 1 > MOST_PANELS) break;
    const isWhole = panels + wanted <= MOST_PANELS;
    maps.push(mapOf(combinations, block, isWhole ? third : undefined));
    panels += isWhole ? wanted : 1;
  }
  return { maps, mapsLeftOut: drawable.length - maps.length };
}

function inOrderOfBest({ rankOf }: Combinations, blocks: readonly ResultBlock[]): ResultBlock[] {
  const ranked = blocks.map((block) => ({ block, rank: bestRankOf(block, rankOf) ?? Number.POSITIVE_INFINITY }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank))).map(({ block }) => block);
}

/** Rank of the best combination of a block; null where none meets the conditions. */
export function bestRankOf({ first, count }: ResultBlock, rankOf: Uint32Array): number | null {
  let best = 0;
  for (const rank of rankOf.subarray(first, first + count)) if (rank > 0 && (best === 0 || rank < best)) best = rank;
  return best === 0 ? null : best;
}

/** Axes by their number of values, the largest first; of equals, the order of the sweep. */
function axesBySize({ axes }: ResultBlock): number[] {
  const sizeOf = (axis: number): number => axes[axis]?.labels.length ?? 0;
  return axes.map((_, axis) => axis).sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
}

function thirdAxis(block: ResultBlock): number | undefined {
  return axesBySize(block)
    .slice(2)
    .find((axis) => (block.axes[axis]?.labels.length ?? 0) <= MOST_PANELS_OF_A_MAP);
}

/** Neighbouring values of one axis, merged into no more than can be shown. */
interface Bins {
  readonly axis: MapAxis;
  readonly count: number;
  readonly binOf: (place: number) => number;
}

const ONE_BIN = { count: 1, binOf: () => 0 };

function mapOf(combinations: Combinations, block: ResultBlock, third: number | undefined): HeatMap {
  const [rowAxis = 0, columnAxis] = axesBySize(block);
  const rows = binsOf(block, rowAxis, MOST_ROWS);
  const columns = columnAxis === undefined ? undefined : binsOf(block, columnAxis, MOST_COLUMNS);
  const panels = third === undefined ? undefined : binsOf(block, third, MOST_PANELS_OF_A_MAP);
  const { binOf: columnOf, count: columnCount } = columns ?? ONE_BIN;
  const { binOf: panelOf, count: panelCount } = panels ?? ONE_BIN;
  const cellsOfPanel = rows.count * columnCount;
  const cellOf = (place: number): number =>
    panelOf(place) * cellsOfPanel + rows.binOf(place) * columnCount + columnOf(place);
  const cells = cellsOf(combinations, block, panelCount * cellsOfPanel, cellOf);
  const drawn = new Set([rowAxis, columnAxis, third]);
  const { strategy, coins, interval } = block;
  return {
    ...{ strategy, coins, interval },
    rows: rows.axis,
    columns: columns?.axis ?? null,
    panelAxis: panels === undefined ? null : { kind: panels.axis.kind, name: panels.axis.name },
    panels: Array.from({ length: panelCount }, (_, panel) => ({
      value: panels?.axis.labels[panel] ?? '',
      cells: cells.slice(panel * cellsOfPanel, (panel + 1) * cellsOfPanel),
    })),
    within: block.axes.filter((_, axis) => !drawn.has(axis)).map(({ name }) => name),
  };
}

function cellsOf(
  combinations: Combinations,
  block: ResultBlock,
  count: number,
  cellOf: (place: number) => number,
): MapCell[] {
  const { rankOf } = combinations;
  const cells = combinations.grouped([block], count, cellOf).map((sorted) => ({
    combinations: 0,
    counted: sorted.length,
    medianR: quantileOf(sorted, 0.5),
    bestR: sorted.at(-1) ?? null,
    ranks: [] as number[],
  }));
  for (let place = block.first; place < block.first + block.count; place++) {
    const cell = cells[cellOf(place)] as (typeof cells)[number];
    const rank = rankOf[place] as number;
    cell.combinations++;
    if (rank > 0 && rank <= MARKED) cell.ranks.push(rank);
  }
  for (const { ranks } of cells) ranks.sort((a, b) => a - b);
  return cells;
}

function binsOf(block: ResultBlock, axis: number, most: number): Bins {
  const { kind, name, labels } = block.axes[axis] as Axis;
  const count = Math.min(most, labels.length);
  const binOfValue = (value: number): number => Math.floor((value * count) / labels.length);
  const merged = Map.groupBy(labels, (_, value) => binOfValue(value));
  const valueAt = valueIndexOf(block, axis);
  return {
    axis: { kind, name, labels: [...merged.values()].map(mergedLabel) },
    count,
    binOf: (place) => binOfValue(valueAt(place)),
  };
}

function mergedLabel(labels: readonly string[]): string {
  return labels.length === 1 ? `${labels[0]}` : `${labels[0]} … ${labels.at(-1)}`;
}

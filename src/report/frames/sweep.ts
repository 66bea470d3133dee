import { SWEEP_METRICS } from '../../optimize/contract.ts';
import type { Combination, SweepPlan } from '../../optimize/plan.ts';
import { type Cell, type CellKind, NUMBER, TEXT } from './cells.ts';

/** The columns of a frame of a sweep that stand before its params, its rules and its metrics. */
export const SWEEP_COLUMNS = { combination: NUMBER, strategy: TEXT, coins: TEXT, interval: TEXT } as const;

export interface VariedColumn {
  readonly title: string;
  readonly kind: CellKind;
  readonly cell: (combination: Combination) => Cell;
}

/**
 * The params of all strategies, then the rules of the grid.
 *
 * @param isReserved names that no column of a frame can have
 */
export function variedColumns(
  { params, sweep: { grid } }: SweepPlan,
  isReserved: (name: string) => boolean,
): VariedColumn[] {
  const taken = new Set<string>([...Object.keys(SWEEP_COLUMNS), ...SWEEP_METRICS]);
  const titled = (group: string, name: string): string => {
    const title = taken.has(name) || isReserved(name) ? `${group}.${name}` : name;
    taken.add(title);
    return title;
  };
  const byName = Map.groupBy(params.flat(), ({ name }) => name);
  const ofParams = [...byName].map(([name, lists]): VariedColumn => {
    const isText = lists.some(({ values }) => values.some((value) => typeof value === 'string'));
    const cell = (value: Cell | undefined): Cell => (isText ? `${value ?? ''}` : (value ?? Number.NaN));
    return {
      title: titled('params', name),
      kind: isText ? TEXT : NUMBER,
      cell: (combination) => cell(combination.params[name]),
    };
  });
  const ofRules = Object.keys(grid[0]?.at ?? {}).map(
    (name): VariedColumn => ({
      title: titled('rules', name),
      kind: TEXT,
      cell: ({ cell }) => cell.at[name] ?? '',
    }),
  );
  return [...ofParams, ...ofRules];
}

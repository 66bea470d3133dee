import { combinationsOf } from '../backtest/choice.ts';
import type { Study } from '../domain/study.ts';
import type { World } from '../evidence/calibration-plan.ts';
import type { CalibrationSummary, EdgePower, FalseKeeps, GateRates } from '../evidence/calibration-summary.ts';
import type { Share } from '../evidence/wilson.ts';
import { formatNumber, formatPercent, formatR, formatSeconds } from '../report/format.ts';
import type { Output } from './output.ts';

export interface ShownCalibration {
  readonly study: string;
  readonly judged: Study;
  readonly seed: number;
  /** Of each world. */
  readonly markets: number;
  readonly identity: string;
  readonly tookMs: number;
  readonly summary: CalibrationSummary;
}

const WORLD_WORDS: Readonly<Record<World, string>> = {
  'no-edge': 'synthetic, no edge',
  planted: 'synthetic, an edge planted',
  shuffled: 'real candles, shuffled',
};

/** What a calibration found, for 80 columns. */
export function showCalibration(shown: ShownCalibration, out: Output): void {
  const { judged, summary, markets, seed, identity, tookMs } = shown;
  const { strategies, coins, interval: candles, controls } = judged;
  const combinations = strategies.reduce((sum, strategy) => sum + combinationsOf(strategy).length, 0);
  const drawn = `${formatNumber(controls.draws)} rotations (${identity.slice(0, 12)})`;
  out.line();
  out.line(out.paint('bold', 'the judge, judged'));
  out.line(`${strategies.length} strategies of ${combinations} combinations: ${coins.join(', ')} on ${candles}`);
  out.line(`${formatNumber(markets)} markets of each world, seed ${seed}, ${drawn}`);
  showFalseKeeps(summary, out);
  showPower(summary, out);
  showTrades(summary, out);
  showGates(summary, out);
  out.line();
  for (const { world, cpuMs, draws } of summary.costs) {
    out.line(`${WORLD_WORDS[world]}: ${formatSeconds(cpuMs)} a market on one core, ${formatNumber(draws)} rotations`);
  }
  out.line(`took ${formatSeconds(tookMs)}`);
  out.line();
  for (const line of conclusions(summary)) out.line(line);
}

function showFalseKeeps({ falseKeeps, alpha }: CalibrationSummary, out: Output): void {
  heading(`studies that keep anything where there is nothing: at most ${formatPercent(alpha, 0)} is claimed`, out);
  out.table<FalseKeeps>(
    [
      { title: 'world', cell: ({ world }) => WORLD_WORDS[world], align: 'left' },
      { title: 'kept', cell: ({ kept }) => counts(kept), align: 'right' },
      { title: 'rate', cell: ({ kept }) => formatPercent(kept.rate), align: 'right' },
      { title: '95 % interval', cell: ({ kept }) => interval(kept), align: 'right' },
      { title: 'rotation alone', cell: ({ passedRotation: { rate } }) => formatPercent(rate), align: 'right' },
    ],
    falseKeeps,
  );
}

function showPower({ power }: CalibrationSummary, out: Output): void {
  if (power.length === 0) return;
  heading('planted edges that are found', out);
  out.table<EdgePower>(
    [
      { title: 'drift', cell: ({ edge }) => formatPercent(edge), align: 'right' },
      { title: 'a trade', cell: ({ edgeR }) => formatR(edgeR), align: 'right' },
      { title: 'trades', cell: ({ trades }) => formatNumber(trades), align: 'right' },
      { title: 'found', cell: ({ found }) => counts(found), align: 'right' },
      { title: 'rate', cell: ({ found }) => formatPercent(found.rate), align: 'right' },
      { title: '95 % interval', cell: ({ found }) => interval(found), align: 'right' },
      { title: 'others', cell: ({ keptOthers }) => formatPercent(keptOthers.rate), align: 'right' },
    ],
    power,
  );
}

function showTrades({ byTrades }: CalibrationSummary, out: Output): void {
  if (byTrades.length === 0) return;
  heading('the same by the number of trades', out);
  const bands = [...Map.groupBy(byTrades, ({ fromTrades }) => fromTrades)].sort(([a], [b]) => a - b);
  const edges = [...Map.groupBy(byTrades, ({ edge }) => edge)];
  out.table<(typeof edges)[number]>(
    [
      { title: 'drift', cell: ([edge]) => formatPercent(edge), align: 'right' },
      ...bands.map(([from, [first]]) => ({
        title: first?.toTrades == null ? `${from} or more` : `${from} to ${first.toTrades - 1}`,
        cell: ([, rows]: (typeof edges)[number]) => {
          const found = rows.find(({ fromTrades }) => fromTrades === from)?.found;
          return found === undefined ? '–' : counts(found);
        },
        align: 'right' as const,
      })),
    ],
    edges,
  );
}

function showGates({ gates }: CalibrationSummary, out: Output): void {
  heading('gates: strategies that pass each, and those that it alone stops', out);
  const rate = (share: Share | undefined): string => formatPercent(share?.rate ?? null);
  out.table<GateRates>(
    [
      { title: 'gate', cell: ({ gate, decides }) => (decides ? gate : `${gate} (advises)`), align: 'left' },
      { title: 'no edge', cell: ({ passedWithoutEdge }) => rate(passedWithoutEdge), align: 'right' },
      { title: 'edge', cell: ({ passedWithEdge }) => rate(passedWithEdge), align: 'right' },
      { title: 'stops alone: none', cell: ({ stoppedAloneWithoutEdge: count }) => formatNumber(count), align: 'right' },
      { title: 'an edge', cell: ({ stoppedAloneWithEdge: count }) => formatNumber(count), align: 'right' },
    ],
    gates,
  );
}

function conclusions({ falseKeeps, alpha }: CalibrationSummary): string[] {
  return falseKeeps.map(({ world, kept, isWithinClaim }) => {
    const claim = formatPercent(alpha, 0);
    const said = (how: string, where: string): string =>
      `${WORLD_WORDS[world]}: ${how} ${formatPercent(kept.rate)} (${where})`;
    const high = `up to ${formatPercent(kept.high)}`;
    if (!isWithinClaim) return `${said('KEEPS LUCK IN', `at least ${formatPercent(kept.low)}`)}, AND CLAIMS ${claim}`;
    return `${said('keeps luck in', high)}, ${kept.high <= alpha ? `and claims ${claim}` : 'too few to tell'}`;
  });
}

function heading(text: string, out: Output): void {
  out.line();
  out.line(out.paint('bold', text));
}

function counts({ count, of }: Share): string {
  return `${formatNumber(count)} of ${formatNumber(of)}`;
}

function interval({ low, high }: Share): string {
  return `${formatNumber(low * 100, 1)} … ${formatPercent(high)}`;
}

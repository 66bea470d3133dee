import { type Column, renderTable } from '../src/cli/output.ts';
import { type BenchCandles, btcCandles } from './candles.ts';
import type { CoresResult, CoresTask } from './cores-tasks.ts';
import { inOwnProcess, type StoredCandles, withStoredCandles } from './own-process.ts';
import { COMBINATIONS, SAMPLE } from './reference-job.ts';
import type { Laps, ReferenceResult, ReferenceTask } from './reference-tasks.ts';
import type { Growth, ScalingResult, ScalingTask } from './scaling-tasks.ts';
import { type Lap, median, medianLap, sumOfLaps } from './stopwatch.ts';

/** What the project asks of itself on the year of minutes, with all rules on and on one core. */
const LIMITS = { ms: 200, mb: 300, ratio: 10, workersRatio: 1.7 };
/** Processes that each hand works in, in turn: the machine may be busy during one of them. */
const ROUNDS = 3;
/**
 * Steps of a param, of sweeps on one worker and on two: of some seconds, and of about four times as many. Each worker
 * starts, compiles its code and meets the exits once, so that two of them gain more where there is more to do.
 */
const SURGE_STEPS = [0.125, 0.03125];
const MINUTES = 525_600;
const HOURS = 2_160;

type Hand = ReferenceTask['by'];

/** The tables of the sweep, each as soon as it is known. */
export function* sweepTables(): Generator<string> {
  const hours = btcCandles('hyperliquid', '1h', HOURS);
  yield referenceTable(hours, { linear: 30, fast: 60, reference: 30 }).join('\n');
  const minutes = btcCandles('binance-spot', '1m', MINUTES);
  yield referenceTable(minutes, { linear: 2, fast: 8, reference: 2 }).join('\n');
  yield coresTable(minutes);
  yield scalingTable('further-apart', 'further apart');
  yield scalingTable('held-longer', 'held longer');
}

/** What one hand needed for the reference job: medians over the rounds. */
interface Measured {
  readonly answer: ReferenceResult['answer'];
  readonly total: Lap;
  readonly part: (name: keyof Laps) => Lap;
  readonly first: Lap;
  readonly grownMb: number;
  readonly peakMb: number;
}

interface Line {
  readonly what: string;
  readonly lap: Lap;
  readonly memory?: string;
  readonly ratio?: number;
}

/**
 * The reference job by the plain loop and by the fast engine, and a sample of it by the reference engine.
 *
 * @throws Error when a combination comes out differently
 */
function referenceTable({ candles, from }: BenchCandles, runs: Readonly<Record<Hand, number>>): string[] {
  const { linear, fast, reference } = withStoredCandles(candles, (stored) => {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const result = (by: Hand): ReferenceResult =>
        inOwnProcess<ReferenceTask, ReferenceResult>('reference-tasks.ts', { by, candles: stored, runs: runs[by] });
      return { linear: result('linear'), fast: result('fast'), reference: result('reference') };
    });
    const of = (by: Hand): Measured => measuredOf(rounds.map((round) => round[by]));
    return { linear: of('linear'), fast: of('fast'), reference: of('reference') };
  });
  requireSameAnswer('fast engine', fast, linear, [...COMBINATIONS.keys()]);
  requireSameAnswer('reference engine', reference, linear, SAMPLE);

  const trades = linear.answer.reduce((sum, { trades }) => sum + trades, 0);
  const ratioOf = ({ wallMs }: Lap): number => linear.total.wallMs / wallMs;
  const perCombination = COMBINATIONS.length / SAMPLE.length;
  const extrapolated = {
    wallMs: reference.total.wallMs * perCombination,
    cpuMs: reference.total.cpuMs * perCombination,
  };
  const ratio = ratioOf(fast.total);
  const lines: Line[] = [
    { what: 'plain linear loop', lap: linear.total, memory: memoryOf(linear), ratio: 1 },
    { what: 'fast engine, all of it', lap: fast.total, memory: memoryOf(fast), ratio },
    { what: '  entry signals of 36 sets of conditions', lap: fast.part('signals') },
    { what: '  candles made searchable', lap: fast.part('trees') },
    { what: `  ${count(trades)} trades, and their metrics`, lap: fast.part('trades') },
    { what: 'fast engine, first run of a process', lap: fast.first, ratio: ratioOf(fast.first) },
    {
      what: `reference engine, EXTRAPOLATED from ${SAMPLE.length} combinations`,
      lap: extrapolated,
      memory: memoryOf(reference),
      ratio: ratioOf(extrapolated),
    },
  ];
  return [
    `reference job: ${COMBINATIONS.length} combinations on ${count(candles.length)} candles, ${from}`,
    renderTable(REFERENCE_COLUMNS, lines),
    `trades, final cash and eleven other metrics of all ${COMBINATIONS.length} combinations: equal, to the last bit`,
    ...(candles.length === MINUTES ? [limitsLine(fast, ratio)] : []),
  ];
}

function limitsLine({ total, peakMb }: Measured, ratio: number): string {
  const limits: readonly (readonly [string, boolean])[] = [
    [`at most ${LIMITS.ms} ms`, total.wallMs <= LIMITS.ms],
    [`under ${LIMITS.mb} MB`, peakMb < LIMITS.mb],
    [`at least ${LIMITS.ratio} times the loop`, ratio >= LIMITS.ratio],
  ];
  return `limits: ${limits.map(([limit, isKept]) => `${limit} ${isKept ? 'kept' : 'MISSED'}`).join(', ')}`;
}

const REFERENCE_COLUMNS: readonly Column<Line>[] = [
  { title: '', cell: ({ what }) => what },
  { title: 'median', align: 'right', cell: ({ lap }) => duration(lap.wallMs) },
  { title: 'processor', align: 'right', cell: ({ lap }) => duration(lap.cpuMs) },
  { title: 'a combination', align: 'right', cell: ({ lap }) => duration(lap.wallMs / COMBINATIONS.length) },
  { title: 'memory (peak)', align: 'right', cell: ({ memory }) => memory ?? '' },
  { title: 'speed', align: 'right', cell: ({ ratio }) => (ratio === undefined ? '' : `${significant(ratio)} ×`) },
];

function measuredOf(results: readonly ReferenceResult[]): Measured {
  const [first] = results as readonly [ReferenceResult];
  const runs = results.flatMap((result) => result.runs);
  const medianOf = (value: (result: ReferenceResult) => number): number => median(results.map(value));
  return {
    answer: first.answer,
    total: medianLap(runs.map(totalOf)),
    part: (name) => medianLap(runs.map((laps) => laps[name] as Lap)),
    first: medianLap(results.map(({ first }) => totalOf(first))),
    grownMb: medianOf(({ grownMb }) => grownMb),
    peakMb: medianOf(({ peakMb }) => peakMb),
  };
}

function totalOf(laps: Laps): Lap {
  return sumOfLaps(Object.values(laps));
}

/** @throws Error for the first of these combinations that came out differently in the loop. */
function requireSameAnswer(name: string, { answer }: Measured, loop: Measured, indices: readonly number[]): void {
  for (const [place, index] of indices.entries()) {
    const own = JSON.stringify(answer[place]);
    const expected = JSON.stringify(loop.answer[index]);
    if (own === expected) continue;
    const which = JSON.stringify(COMBINATIONS[index]);
    throw new Error(`${which} comes to ${own} by the ${name}, but to ${expected} by the plain loop`);
  }
}

interface CoresLine {
  readonly workers: number;
  readonly combinations: number;
  readonly lap: Lap;
  readonly ratio: number;
}

/** Sweeps of two lengths, each on one worker and on two, in turn. */
function coresTable({ candles, from }: BenchCandles): string {
  const lines = withStoredCandles(candles, (stored) => SURGE_STEPS.map((step) => coresLines(stored, step)));
  const limits = lines.map(([, { combinations, ratio }]) => {
    const verdict = ratio >= LIMITS.workersRatio ? 'kept' : 'MISSED';
    return `${verdict} with ${count(combinations)} combinations`;
  });
  return [
    `sweeps of two lengths, long and short, on ${count(candles.length)} candles, ${from}`,
    renderTable(CORES_COLUMNS, lines.flat()),
    'results of one worker and of two: equal, to the bit',
    `limit: ${LIMITS.workersRatio} times one worker ${limits.join(', ')}`,
  ].join('\n');
}

/** @throws Error when the results of one worker and of two differ in a bit */
function coresLines(candles: StoredCandles, surgeStep: number): readonly [CoresLine, CoresLine] {
  const onCores = (workers: number): CoresResult =>
    inOwnProcess<CoresTask, CoresResult>('cores-tasks.ts', { workers, surgeStep, candles });
  const rounds = Array.from({ length: ROUNDS }, () => ({ one: onCores(1), two: onCores(2) }));
  if (new Set(rounds.flatMap(({ one, two }) => [one.sha256, two.sha256])).size > 1) {
    throw new Error('one worker and two come to different results');
  }
  const one = medianLap(rounds.map((round) => round.one));
  const two = medianLap(rounds.map((round) => round.two));
  const [{ combinations }] = rounds.map((round) => round.one) as [CoresResult];
  return [
    { workers: 1, combinations, lap: one, ratio: 1 },
    { workers: 2, combinations, lap: two, ratio: one.wallMs / two.wallMs },
  ];
}

const CORES_COLUMNS: readonly Column<CoresLine>[] = [
  { title: 'combinations', align: 'right', cell: ({ combinations }) => count(combinations) },
  { title: 'workers', align: 'right', cell: ({ workers }) => `${workers}` },
  { title: 'median', align: 'right', cell: ({ lap }) => duration(lap.wallMs) },
  { title: 'processor', align: 'right', cell: ({ lap }) => duration(lap.cpuMs) },
  {
    title: 'a second',
    align: 'right',
    cell: ({ combinations, lap }) => count(Math.round((1_000 * combinations) / lap.wallMs)),
  },
  { title: 'speed', align: 'right', cell: ({ ratio }) => `${significant(ratio)} ×` },
];

/**
 * How the cost of a combination grows with candles, at the same trades.
 *
 * @throws Error when the trades are not the same
 */
function scalingTable(growth: Growth, title: string): string {
  const results = [1, 10, 100, 1_000].map((times) =>
    inOwnProcess<ScalingTask, ScalingResult>('scaling-tasks.ts', { growth, times, runs: times < 1_000 ? 21 : 5 }),
  );
  if (new Set(results.map(({ trades }) => trades)).size > 1)
    throw new Error('the planted trades differ from size to size');
  const table = renderTable(SCALING_COLUMNS, results);
  return `the same 100 entries under 20 risk rules on ever more synthetic candles, ${title}\n${table}`;
}

const SCALING_COLUMNS: readonly Column<ScalingResult>[] = [
  { title: 'candles', align: 'right', cell: ({ candles }) => count(candles) },
  { title: 'trades', align: 'right', cell: ({ trades }) => count(trades) },
  { title: 'held for', align: 'right', cell: ({ held }) => `${significant(held)} candles` },
  { title: 'preparation', align: 'right', cell: ({ prepared }) => duration(prepared.wallMs) },
  {
    title: 'a combination',
    align: 'right',
    cell: ({ traded, combinations }) => duration(traded.wallMs / combinations),
  },
  { title: 'a trade', align: 'right', cell: ({ traded, trades }) => duration(traded.wallMs / trades) },
];

function memoryOf({ grownMb, peakMb }: Measured): string {
  return `+${grownMb.toFixed(0)} MB (${peakMb.toFixed(0)} MB)`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function significant(value: number): string {
  return value < 10 ? Number(value.toPrecision(2)).toString() : value.toFixed(value < 100 ? 1 : 0);
}

function duration(ms: number): string {
  if (ms < 0.001) return `${(ms * 1e6).toFixed(0)} ns`;
  if (ms < 1) return `${(ms * 1e3).toFixed(1)} µs`;
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

if (import.meta.main) for (const table of sweepTables()) process.stdout.write(`${table}\n\n`);

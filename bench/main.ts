/**
 * What Candor asks of itself in speed, measured: `npm run bench`, or a part of it by name: `npm run bench -- sweep`.
 * Takes five minutes or so on an idle machine.
 */
import { cpus, release, totalmem, type } from 'node:os';
import { renderTable } from '../src/cli/output.ts';
import { benchCommandLine } from './command-line.ts';
import { benchEngine } from './engine.ts';
import { benchEvidence } from './evidence.ts';
import { ingestTable } from './ingest.ts';
import { benchMarket } from './market.ts';
import { benchOptimize } from './optimize.ts';
import { benchSeries } from './series.ts';
import { sweepTables } from './sweep.ts';

interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly limitMs?: number;
  readonly note?: string;
}

/** So that the tables stand in line. */
const NAME_WIDTH = 56;

async function engineTimings(): Promise<Timing[]> {
  return (await benchEngine()).map(({ name, medianMs, stepsPerSecond, goal, heapMb }) => ({
    name: name.replace('reference engine, ', ''),
    medianMs,
    limitMs: (medianMs * stepsPerSecond) / goal,
    note: `${(stepsPerSecond / 1e6).toFixed(1)} M/s, ${heapMb.toFixed(0)} MB`,
  }));
}

function duration(ms: number): string {
  if (ms < 1) return `${(ms * 1_000).toFixed(1)} µs`;
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function print(title: string, timings: readonly Timing[]): void {
  const table = renderTable<Timing>(
    [
      { title: title.padEnd(NAME_WIDTH), cell: ({ name, note }) => (note === undefined ? name : `${name}: ${note}`) },
      { title: 'median', align: 'right', cell: ({ medianMs }) => duration(medianMs) },
      { title: 'limit', align: 'right', cell: ({ limitMs }) => (limitMs === undefined ? '' : duration(limitMs)) },
      { title: '', cell: ({ medianMs, limitMs }) => (limitMs !== undefined && medianMs > limitMs ? 'MISSED' : '') },
    ],
    timings,
  );
  process.stdout.write(`\n${table}\n`);
}

/** In this order: a process that holds much memory starts others more slowly than a shell does. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  'command-line': async () => print('command line', benchCommandLine()),
  optimize: async () => print('monthly optimisation', benchOptimize()),
  series: async () => print('series over 525,600 candles', await benchSeries()),
  engine: async () => print('reference engine', await engineTimings()),
  evidence: async () => print('evidence', await benchEvidence()),
  market: async () => print('market', await benchMarket()),
  ingest: async () => {
    process.stdout.write(`\n${await ingestTable()}\n`);
  },
  sweep: async () => {
    for (const table of sweepTables()) process.stdout.write(`\n${table}\n`);
  },
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  process.stderr.write(`error: there is no part '${unknown[0]}'; there are ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
const machine = [
  `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  `${(totalmem() / 2 ** 30).toFixed(0)} GB`,
  `${type()} ${release()}`,
  `Node ${process.versions.node}`,
];
process.stdout.write(`${machine.join(', ')}\n`);
for (const [name, run] of Object.entries(PARTS)) {
  if (chosen.length === 0 || chosen.includes(name)) await run();
}

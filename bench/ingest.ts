import { renderTable } from '../src/cli/output.ts';
import { systemClock } from '../src/domain/clock.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../src/domain/time.ts';
import { spawnExchange } from '../test/exchange-process.ts';
import type { IngestCost, IngestTask } from './ingest-task.ts';
import { inOwnProcess } from './own-process.ts';

const COINS = Array.from({ length: 50 }, (_, i) => `C${i}`);
const TRADED = COINS.slice(0, 3);
const INTERVALS = ['1m', '5m', '30m', '1h'] as const;
const WEIGHT_PER_MINUTE = 900;
const HISTORY_MS = 4 * DAY_MS;
/** Three messages a second for each coin, all of them mark prices, which cost more than hints about candles. */
const CONTEXT_EVERY_MS = SECOND_MS / 3;
const WARMUP_MS = 30 * SECOND_MS;
const MEASURED_MS = 60 * SECOND_MS;

const CPU_LIMIT = 0.05;
const MEMORY_LIMIT_MB = 150;

interface Line {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly isMissed: boolean;
}

/** Follows 50 coins on 4 intervals in real time, the exchange in one process and the ingester in another. */
export async function ingestTable(): Promise<string> {
  const startMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS - HISTORY_MS;
  const exchange = await spawnExchange({
    walked: { coins: COINS, startMs, days: 6, seed: 1 },
    playFromMs: systemClock.nowMs(),
    contextEveryMs: CONTEXT_EVERY_MS,
  });
  const task: IngestTask = {
    apiUrl: exchange.url,
    plan: { coins: COINS, traded: TRADED, intervals: INTERVALS, weightPerMinute: WEIGHT_PER_MINUTE },
    warmupMs: WARMUP_MS,
    measuredMs: MEASURED_MS,
  };
  const cost = inOwnProcess<IngestTask, IngestCost>('ingest-task.ts', task);
  await exchange.stop();
  return renderTable<Line>(
    [
      { title: `following ${COINS.length} coins × ${INTERVALS.length} intervals`.padEnd(56), cell: ({ what }) => what },
      { title: 'measured', align: 'right', cell: ({ value }) => value },
      { title: 'limit', align: 'right', cell: ({ limit }) => limit },
      { title: '', cell: ({ isMissed }) => (isMissed ? 'MISSED' : '') },
    ],
    linesOf(cost),
  );
}

function linesOf({ cpuFraction, peakMb, rows, calls }: IngestCost): Line[] {
  const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
  return [
    {
      what: `of one core: ${rows} rows of ${calls} answers, 150 messages a second`,
      value: percent(cpuFraction),
      limit: percent(CPU_LIMIT),
      isMissed: cpuFraction > CPU_LIMIT,
    },
    {
      what: 'memory at its peak',
      value: `${peakMb.toFixed(0)} MB`,
      limit: `${MEMORY_LIMIT_MB} MB`,
      isMissed: peakMb > MEMORY_LIMIT_MB,
    },
  ];
}

if (import.meta.main) process.stdout.write(`${await ingestTable()}\n`);

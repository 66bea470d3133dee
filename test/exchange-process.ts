import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Interval } from '../src/domain/time.ts';
import type { FaultPlan } from '../src/simulator/faults.ts';
import type { ExchangeLimits } from '../src/simulator/limits.ts';
import type { ClockScale } from '../src/simulator/scaled-clock.ts';
import type { WalkedCoin } from './simulated-exchange.ts';

/** What an exchange in a process of its own plays. */
export interface ExchangeTask {
  /** Real candles of ../shared/data, or coins on a seeded walk. */
  readonly real?: { readonly coins: readonly string[]; readonly intervals: readonly Interval[] };
  readonly walked?: WalkedCoin & { readonly coins: readonly string[] };
  /**
   * The moment of history that is played as if it were now (to the longest interval): everything is moved by the same
   * time, so that a client in yet another process needs no clock of its own.
   */
  readonly playFromMs: number;
  /** How many times faster than real time; a client then needs the clock's scale. */
  readonly speed?: number;
  readonly contextEveryMs?: number;
  readonly faults?: FaultPlan;
  readonly limits?: Partial<ExchangeLimits>;
}

/** What the process says when it is ready. */
export interface ExchangeReady {
  readonly url: string;
  readonly scale: ClockScale;
  /** By how much history was moved. */
  readonly movedByMs: number;
}

export interface ExchangeProcess extends ExchangeReady {
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Starts it in a process of its own; it ends when it is stopped, or when this process does. */
export async function spawnExchange(task: ExchangeTask): Promise<ExchangeProcess> {
  const program = fileURLToPath(new URL('exchange-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(task)], { stdio: 'pipe' });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data').then(([text]) => String(text)),
    exited.then(([code]) => Promise.reject(new Error(`the exchange ended with ${code}:\n${complaint}`))),
  ]);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  return { ...(JSON.parse(line) as ExchangeReady), child, stop };
}

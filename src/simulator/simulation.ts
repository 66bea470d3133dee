import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SimulatedExchange } from './exchange.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Simulation {
  readonly clock: VirtualClock;
  readonly exchange: SimulatedExchange;
  readonly untilMs: number;
  /** Has the client finished what it does without the exchange's knowing: a reconnect that waits in real time, say? */
  readonly isSettled?: () => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Lets clients of this process and the exchange live through time in lockstep: whenever everything is quiet, the clock
 * jumps to the next sleeper, be it a client or the exchange. The same seeds give the same run, whatever the machine.
 * Clients wait by the same clock; what they wait for in real time (time-outs and reconnects of a library) is invisible
 * here, and needs `isSettled`. Modules that they load when first needed are best loaded before.
 */
export async function simulate({ clock, exchange, untilMs, isSettled, signal }: Simulation): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    await quiet(clock, exchange, isSettled);
    const nextMs = clock.nextWakeMs;
    if (nextMs === undefined || nextMs > untilMs) break;
    clock.wakeNext();
  }
  clock.moveTo(Math.max(untilMs, clock.nowMs()));
}

/** Turns of the event loop in which nothing may happen before it counts as quiet. */
const CALM_TURNS = 6;
/** Turns after which something hangs: about a minute. */
const MOST_TURNS = 10_000_000;
/** Work of this process that will come back to it: connects, writes, files. */
const PENDING_WORK = /Req|ConnectWrap|WriteWrap|ShutdownWrap/;

/** Resolves when neither the exchange nor its clients have anything left to do at this moment. */
export async function quiet(
  clock: VirtualClock,
  exchange: SimulatedExchange,
  isSettled: () => boolean = () => true,
): Promise<void> {
  let calm = 0;
  let seen = -1;
  for (let turn = 0; calm < CALM_TURNS; turn++) {
    if (turn > MOST_TURNS) throw new Error('the simulation does not come to rest');
    if (!exchange.isQuiet) await exchange.received();
    await nextTurn();
    const activity = exchange.activity + clock.sleeps;
    const isCalm = activity === seen && exchange.isQuiet && isSettled() && !hasPendingWork();
    calm = isCalm ? calm + 1 : 0;
    seen = activity;
  }
}

function hasPendingWork(): boolean {
  return process.getActiveResourcesInfo().some((name) => PENDING_WORK.test(name));
}

/** Where everything lies in Redis. All keys begin with `candor:`, so that one rule of an ACL covers them. */
export const PREFIX = 'candor';

/** Sorted set of the ids of announced sweeps, by the time of their announcement. */
export const SWEEPS_KEY = `${PREFIX}:sweeps`;

export interface SweepKeys {
  /** What a worker must know before it takes part. Gone when the sweep is over. */
  readonly announcement: string;
  /** Held by the one process that coordinates the sweep. */
  readonly coordinator: string;
  /** Stream of what workers have to say: results first of all. An entry is deleted when it has been acted upon. */
  readonly messages: string;
  /** Sorted set of the workers that take part, by when they were last there. */
  readonly workers: string;
}

export function sweepKeys(id: string): SweepKeys {
  const key = `${PREFIX}:sweep:${id}`;
  return {
    announcement: `${key}:announcement`,
    coordinator: `${key}:coordinator`,
    messages: `${key}:messages`,
    workers: `${key}:workers`,
  };
}

/** Name of the BullMQ queue of a sweep; its keys begin with PREFIX too. */
export function queueName(id: string): string {
  return `chunks-${id}`;
}

/** How long things may take. Production has one setting; tests have no time to wait for it. */
export interface QueueTiming {
  /** A worker that is silent for so long is taken for dead, and so is a coordinator. */
  readonly silenceMs: number;
  /** How often somebody looks for chunks of dead workers; they are found at the second look. */
  readonly stalledMs: number;
  /** How often a coordinator checks that Redis still holds what it should. */
  readonly tendMs: number;
  /** How often a worker looks for sweeps, and how often it says that it is there. */
  readonly pollMs: number;
  /** What a worker that is told to stop gives its chunks to finish; then it gives them back. */
  readonly graceMs: number;
  /** What is left of a sweep whose coordinator died is kept for so long. */
  readonly keepMs: number;
}

export const QUEUE_TIMING: QueueTiming = {
  silenceMs: 15_000,
  stalledMs: 5_000,
  tendMs: 3_000,
  pollMs: 1_000,
  graceMs: 5_000,
  keepMs: 3_600_000,
};

/** What a queue tells the person who runs it, a line at a time. */
export interface QueueLog {
  info(text: string): void;
  warn(text: string): void;
}

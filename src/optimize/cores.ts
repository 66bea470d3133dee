import { setImmediate } from 'node:timers/promises';
import { openPool } from '../backtest/pool.ts';
import type { ChunkResult, Runner } from './contract.ts';
import type { CoresSetting } from './cores-worker.ts';
import { ChunkEvaluator } from './evaluate.ts';

/** So many chunks wait at each worker, that none has to wait for the next one to be handed over. */
const CHUNKS_AHEAD = 2;

/** A runner on the cores of this machine; one worker is this thread itself. */
export function coresRunner(strategiesDirectory: string, workers: number): Runner {
  return workers === 1 ? inThisThread(strategiesDirectory) : onThreads(strategiesDirectory, workers);
}

function inThisThread(strategiesDirectory: string): Runner {
  return async (work, chunks, onResult, signal) => {
    const evaluator = await ChunkEvaluator.open(work, strategiesDirectory);
    for (const chunk of chunks) {
      if (signal.aborted) return;
      onResult(chunk, evaluator.evaluate(chunk));
      // Ctrl-C and the bar get their turn.
      await setImmediate();
    }
  };
}

function onThreads(strategiesDirectory: string, workers: number): Runner {
  return async (work, chunks, onResult, signal) => {
    if (chunks.length === 0) return;
    const setting: CoresSetting = { work, strategiesDirectory };
    const entry = new URL('./cores-worker.ts', import.meta.url);
    const pool = await openPool({ entry, workerData: setting, threads: Math.min(workers, chunks.length) });
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const waiting = chunks.values();
    const keepBusy = async (): Promise<void> => {
      for (const chunk of waiting) {
        const result = await pool.run<ChunkResult>(chunk, { signal: stop });
        if (!stop.aborted) onResult(chunk, result);
      }
    };
    const watch = (line: Promise<void>): Promise<void> =>
      line.catch((error: unknown) => {
        if (!stop.aborted) failed.abort(error);
      });
    try {
      await Promise.all(Array.from({ length: pool.threads * CHUNKS_AHEAD }, () => watch(keepBusy())));
    } finally {
      await pool.close();
    }
    if (failed.signal.aborted) throw failed.signal.reason;
  };
}

/**
 * A program for a test: loads the strategies in Node itself and then again in a worker, and prints one line of JSON
 * for each: the names, and what is said of two canaries.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { listStrategies, loadStrategy } from '../src/strategy/load.ts';

const strategies = fileURLToPath(new URL('../strategies/', import.meta.url));
const canaries = fileURLToPath(new URL('canaries/', import.meta.url));

const names: string[] = [];
for (const name of listStrategies(strategies)) names.push((await loadStrategy(name, strategies)).strategy.name);

function refusal(canary: string): Promise<string> {
  return loadStrategy(canary, canaries).then(
    () => 'loaded',
    (error: Error) => error.message,
  );
}

const line = JSON.stringify({
  names,
  refused: await refusal('ahead-at-corner'),
  thrown: await refusal('throws-at-load'),
});
if (isMainThread) {
  process.stdout.write(`${line}\n`);
  new Worker(new URL(import.meta.url)).on('message', (fromWorker: string) => process.stdout.write(`${fromWorker}\n`));
} else {
  parentPort?.postMessage(line);
}

import { queueRunner } from '../src/optimize/queue/coordinator.ts';
import { chunksOf, FAST, PROGRAM, someWork } from './queue-work.ts';

/** A coordinator as a process of its own, so that a test can kill it: says which chunks it has stored. */
const [url = '', name = '', chunks = '0', count = '0'] = process.argv.slice(2);
const runner = queueRunner(url, {
  log: { info: () => {}, warn: () => {} },
  workerCommand: '',
  timing: FAST,
  program: () => PROGRAM,
});
await runner(
  someWork(name),
  chunksOf(Number(chunks), Number(count)),
  ({ first }) => process.stdout.write(`${first}\n`),
  new AbortController().signal,
);

import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type MessagePort, setEnvironmentData } from 'node:worker_threads';

/**
 * Worker threads import TypeScript, and Node strips its types with WebAssembly, once more in every thread. V8 keeps one
 * registry of WebAssembly code for all threads of a process, and threads that compile, tier up and free such code at
 * the same time now and then crash the process (SIGSEGV, or a failed check in ThreadIsolation or
 * WasmImportWrapperCache; nodejs/node#64500 is open). So no thread of a pool touches WebAssembly: the main thread
 * strips for all of them. It is faster as well, for each file is stripped once.
 */
export interface TypedSource {
  readonly typescript: string;
  /** Set to one, and notified, when the answer lies in the port. */
  readonly answered: Int32Array;
  /** Gets JavaScript with every line where it was, or undefined where the text is no TypeScript. */
  readonly port: MessagePort;
}

/** Under this name each thread finds what was stripped before it began: JavaScript by the text that it was made of. */
export const STRIPPED = 'candor/stripped';

/**
 * Strips what the threads that begin after it will import, so that they need not ask and wait for this thread, which
 * may have work of its own. What is overlooked, they ask for.
 *
 * @param entries modules that they import, with all that these import from files of ours
 */
export function stripAhead(entries: readonly URL[]): void {
  const files = new Set(entries.map(({ href }) => href));
  for (const file of files) {
    // The import of what is not there says so better.
    if (!existsSync(new URL(file))) continue;
    const javascript = plainOf(readFileSync(new URL(file), 'utf8')) ?? '';
    for (const [, path] of javascript.matchAll(IMPORTED)) files.add(new URL(path as string, file).href);
  }
  setEnvironmentData(STRIPPED, known);
}

/** Paths of imported TypeScript. */
const IMPORTED = /^(?:import|export|\}).* from '(\.[^']+\.ts)';/gm;

/** Arguments of Node under which a thread asks for its TypeScript. */
export function threadArguments(): readonly string[] {
  const loader = plain(readFileSync(new URL('./thread-loader.ts', import.meta.url), 'utf8'));
  return ['--import', `data:text/javascript,${encodeURIComponent(loader)}`];
}

/** Answers a thread's request; says whether the message was one. */
export function answerTypedSource(message: unknown): boolean {
  if (!isTypedSource(message)) return false;
  const { typescript, answered, port } = message;
  try {
    port.postMessage(plainOf(typescript));
  } finally {
    Atomics.store(answered, 0, 1);
    Atomics.notify(answered, 0);
  }
  return true;
}

function isTypedSource(message: unknown): message is TypedSource {
  return typeof message === 'object' && message !== null && 'typescript' in message && 'answered' in message;
}

/** What has been stripped, by its text: a file that changed is another one. */
const known = new Map<string, string>();

function plainOf(typescript: string): string | undefined {
  try {
    const javascript = known.get(typescript) ?? plain(typescript);
    known.set(typescript, javascript);
    return javascript;
  } catch {
    return undefined;
  }
}

/** Node warns once that its function is young; that is our business, and not the user's. */
function plain(typescript: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(typescript);
  } finally {
    process.emitWarning = emitWarning;
  }
}

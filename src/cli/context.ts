import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Config, LogLevel } from '../config/config.ts';
import type { Logger } from '../config/log.ts';
import { projectRoot } from '../config/project-root.ts';
import { systemTimer, type Timer } from '../domain/clock.ts';
import type { Interruption } from './interruption.ts';
import { Output } from './output.ts';

/** 0: done. 1: it failed, or found what it was looking for. 2 (wrong usage) and 130 (Ctrl-C) are given at the edge. */
export type ExitCode = 0 | 1;

/** Everything that a command is given. It reads no other globals: no argv, no environment, no clock. */
export interface Context {
  /** The project's folder: strategies/, backtests/, config/ and data/ are in it. */
  readonly root: string;
  /** Files that are named on the command line are relative to it. */
  readonly workingDirectory: string;
  readonly config: Config;
  /** What was said on the command line for all commands: a command that is named to the user repeats it. */
  readonly given: GlobalOptions;
  /** Absolute; from the config or from --database. */
  readonly databasePath: string;
  readonly log: Logger;
  readonly out: Output;
  readonly clock: Timer;
  /** Of the queue, from CANDOR_REDIS_PASSWORD; what is secret comes from the environment alone. */
  readonly redisPassword: string | undefined;
  /** Asks the person at the terminal and gives the answer; undefined where nobody is there to be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /**
   * Aborted by Ctrl-C. Who asks for it looks at it often, undoes what is half done or leaves it so that the next run
   * resumes, and throws `signal.reason`. A command that never asks is ended by Ctrl-C at once.
   */
  readonly signal: AbortSignal;
}

export interface GlobalOptions {
  readonly config?: string;
  readonly database?: string;
  readonly logLevel?: LogLevel;
}

export async function createContext(options: GlobalOptions, interruption: Interruption): Promise<Context> {
  const workingDirectory = process.cwd();
  const root = projectRoot(workingDirectory);
  const [{ loadConfig }, { createLogger }] = await Promise.all([
    import('../config/config-file.ts'),
    import('../config/log.ts'),
  ]);
  const config = loadConfig(root, options.config);
  const log = await createLogger({
    level: options.logLevel ?? config.log.level,
    human: process.stderr.isTTY,
    colors: process.stderr.hasColors?.() ?? false,
    write: (line) => process.stderr.write(line),
  });
  return {
    root,
    workingDirectory,
    config,
    given: options,
    databasePath: options.database === undefined ? resolve(root, config.database) : resolve(options.database),
    log,
    out: new Output(process.stdout, process.stderr),
    clock: systemTimer,
    redisPassword: process.env['CANDOR_REDIS_PASSWORD'],
    ask: terminalQuestion(interruption),
    get signal() {
      return interruption.signal;
    },
  };
}

function terminalQuestion(interruption: Interruption): Context['ask'] {
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) return undefined;
  return (question) => askOnce(question, { input, output, signal: interruption.signal });
}

/** One question and its answer; the end of the input (Ctrl-D) is an answer too, and an empty one. */
export async function askOnce(
  question: string,
  { input, output, signal }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<string> {
  // Not as a terminal of its own: that would take Ctrl-C for itself.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<string>((resolve) => {
    lines.once('close', () => {
      output.write('\n');
      resolve('');
    });
  });
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.removeAllListeners('close').close();
  }
}

import { type Logger, pino } from 'pino';
import type { LogLevel } from './config.ts';

export type { Logger } from 'pino';

const SECRET_KEY =
  /(private[-_]?key|secret([-_]?key)?|token|password|passphrase|authorization|mnemonic|seed[-_]?phrase|api[-_]?key)$/i;
/** A private key as every wallet writes it. Hashes of transactions look the same; they are worth less than the keys. */
const PRIVATE_KEY = /0x[0-9a-fA-F]{64}/g;
const REDACTED = '[redacted]';

/**
 * The program's diary, for whoever runs it: lines for people on a terminal, JSON elsewhere. Results go to stdout and
 * never through here.
 *
 * @param write takes one line with its line break; stderr at the edge, a collector in tests
 */
export async function createLogger(options: {
  readonly level: LogLevel;
  readonly human: boolean;
  readonly colors: boolean;
  readonly write: (line: string) => void;
}): Promise<Logger> {
  const render = options.human ? await humanLines(options.colors) : (line: string): string => line;
  return pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => options.write(render(redacted(line))) },
  );
}

async function humanLines(colors: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: colors, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return (line) => pretty(line) ?? '';
}

/** Works on the finished line, so that no depth, serializer or child logger can carry a secret around it. */
function redacted(line: string): string {
  const clean = JSON.parse(line, (key, value: unknown) => {
    if (SECRET_KEY.test(key)) return REDACTED;
    return typeof value === 'string' ? value.replace(PRIVATE_KEY, REDACTED) : value;
  });
  return `${JSON.stringify(clean)}\n`;
}

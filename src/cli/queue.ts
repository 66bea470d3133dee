import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import type { Runner } from '../optimize/contract.ts';
import type { QueueCredentials } from '../optimize/queue/address.ts';
import type { Context } from './context.ts';

/** What the commands on both sides of a queue are told. */
export interface QueueOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]` */
  readonly queue: string;
  /** PEM file of the authority that signed the certificate of the server. */
  readonly queueCa?: string;
}

/** @throws UsageError for a file that cannot be read */
export function credentialsOf({ queueCa }: Pick<QueueOptions, 'queueCa'>, context: Context): QueueCredentials {
  const { redisPassword, workingDirectory } = context;
  return {
    ...(redisPassword === undefined ? {} : { password: redisPassword }),
    ...(queueCa === undefined ? {} : { ca: readPem(queueCa, workingDirectory) }),
  };
}

function readPem(file: string, workingDirectory: string): string {
  let text: string;
  try {
    text = readFileSync(resolve(workingDirectory, file), 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UsageError(`${file} holds no certificate`, { hint: "It is a PEM file: '-----BEGIN CERTIFICATE-----' …" });
}

/** Carries a sweep out on the workers of a queue. BullMQ takes a while to load: only who has a queue waits for it. */
export async function queueRunnerOf(options: QueueOptions, context: Context): Promise<Runner> {
  const { queueRunner } = await import('../optimize/queue/coordinator.ts');
  const say = (text: string): void => context.out.note(text);
  return queueRunner(options.queue, {
    ...credentialsOf(options, context),
    log: { info: say, warn: say },
    workerCommand: workerCommand(options),
  });
}

/** As somebody would type it on another machine; a password is no part of it. */
function workerCommand({ queue, queueCa }: QueueOptions): string {
  return `npx candor worker --queue ${withoutPassword(queue)}${queueCa === undefined ? '' : ` --queue-ca ${queueCa}`}`;
}

export function withoutPassword(queue: string): string {
  const url = URL.canParse(queue) ? new URL(queue) : undefined;
  if (url === undefined) return 'URL';
  url.password = '';
  return url.href;
}

import { CandorError } from '../../domain/errors.ts';
import type { QueueAddress } from './address.ts';

/** A sentence, and what to do. `{}` stands for the address. */
interface Fault {
  readonly when: RegExp;
  readonly message: string;
  readonly hint: string;
}

/** By the code of the error and its message, which is what Redis, TLS or the machine's network said. */
const FAULTS: readonly Fault[] = [
  {
    when: /WRONGPASS|invalid password|invalid username-password/i,
    message: '{} refuses the user or the password',
    hint: 'Check both; the password is taken from CANDOR_REDIS_PASSWORD where the address has none.',
  },
  {
    when: /NOAUTH|Authentication required/i,
    message: '{} asks for a password',
    hint: 'Put it into CANDOR_REDIS_PASSWORD, or into the address: redis://:password@…',
  },
  {
    when: /NOPERM/,
    message: '{} does not let this user do what a queue needs',
    hint: 'Grant it: ACL SETUSER <user> ~candor:* &candor:* +@all -@admin -@dangerous +info',
  },
  {
    when: /\bOOM\b/,
    message: '{} is out of memory: it has reached its maxmemory',
    hint: 'Give it more (CONFIG SET maxmemory 1gb); the sweep goes on from where it was with --resume.',
  },
  {
    when: /\bREADONLY\b/,
    message: '{} is a replica, which cannot be written',
    hint: 'Give the address of the primary.',
  },
  {
    when: /\bMISCONF\b/,
    message: '{} refuses to write, because it cannot save to its own disk',
    hint: 'Make room on its disk, or switch saving off: CONFIG SET save "".',
  },
  {
    when: /\b(MOVED|CROSSSLOT|CLUSTERDOWN)\b/,
    message: '{} is part of a cluster',
    hint: 'A queue needs a Redis of its own, not a cluster.',
  },
  { when: /DB index is out of range/, message: '{} has no database of this number', hint: 'Use 0, the first one.' },
  {
    when: /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/,
    message: '{} shows a certificate of an unknown authority',
    hint: 'Name the file of the authority, or of the certificate itself if it signed itself: --queue-ca FILE.',
  },
  {
    when: /ALTNAME_INVALID/,
    message: '{} shows a certificate for another host',
    hint: 'Use the name that the certificate is for.',
  },
  { when: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, message: '{} shows a certificate out of its time', hint: 'Renew it.' },
  {
    when: /certificate.required|handshake.failure/i,
    message: '{} asks for a certificate of the client',
    hint: "Candor has none; switch it off in redis.conf: 'tls-auth-clients no'.",
  },
  {
    when: /WRONG_VERSION_NUMBER|EPROTO|ERR_SSL/,
    message: '{} does not speak TLS',
    hint: 'Write redis:// instead of rediss:// if the way to it is safe, or use its TLS port.',
  },
  {
    when: /Unknown RESP type|Protocol error/,
    message: '{} is not a Redis: it speaks another protocol',
    hint: 'Check the port: Redis listens on 6379, unless told otherwise.',
  },
  {
    when: /ENOTFOUND|EAI_AGAIN/,
    message: 'the host of {} is unknown',
    hint: 'Check its name, and that this machine can look names up.',
  },
  {
    when: /ECONNREFUSED/,
    message: 'nothing listens at {}',
    hint: 'Is Redis running there, on this port, and bound to an address that this machine may reach?',
  },
];

/**
 * What went wrong between us and Redis, as one sentence; an error that has nothing to do with it stays as it is.
 * Neither the password nor the cause is part of the sentence.
 */
export function redisFault(error: unknown, { shown, isTls }: Pick<QueueAddress, 'shown' | 'isTls'>): Error {
  if (!(error instanceof Error)) return new Error(`${error}`);
  if (error instanceof CandorError) return error;
  const { code = '', message, name } = error as NodeJS.ErrnoException;
  const fault = FAULTS.find(({ when }) => when.test(`${code} ${message}`));
  if (fault !== undefined) return new CandorError(fault.message.replace('{}', shown), { hint: fault.hint });
  if (isConnectionLoss(error)) {
    return new CandorError(`${shown} does not answer`, {
      hint: isTls
        ? 'Is there a firewall in between? If the port does not speak TLS, write redis:// instead of rediss://.'
        : 'Is there a firewall in between? If the port speaks TLS, write rediss:// instead of redis://.',
    });
  }
  return name === 'ReplyError' ? new CandorError(`${shown} answers with an error: ${message}`) : error;
}

/** The same, as one line of a log. */
export function faultLine(error: unknown, address: Pick<QueueAddress, 'shown' | 'isTls'>): string {
  const fault = redisFault(error, address);
  const { details, hint } = fault instanceof CandorError ? fault : new CandorError(fault.message);
  return [[fault.message, ...details].join('; '), ...(hint === undefined ? [] : [hint])].join('. ');
}

/** Nothing is wrong with what was asked: it can be asked again when the connection is back. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', name, message } = error as NodeJS.ErrnoException;
  return (
    name === 'AbortError' ||
    /^(ETIMEDOUT|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$/.test(code) ||
    /Connection is closed|Stream isn't writeable|ETIMEDOUT|Socket timeout|^(LOADING|BUSY|UNBLOCKED|MASTERDOWN)\b/.test(
      message,
    )
  );
}

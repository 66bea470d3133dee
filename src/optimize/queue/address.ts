import { UsageError } from '../../domain/errors.ts';

/** What is not part of the address: it may be secret, or long. */
export interface QueueCredentials {
  /** For an address without one. */
  readonly password?: string;
  /** PEM text of the authority that signed the server's certificate, for `rediss:`; else those that Node trusts. */
  readonly ca?: string;
}

export interface QueueAddress {
  /** As the Redis client takes them. */
  readonly options: {
    readonly host: string;
    readonly port: number;
    readonly db: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca?: string };
  };
  readonly isTls: boolean;
  /** `redis://host:port`, without user and password: the only form in which an address is ever shown. */
  readonly shown: string;
}

const STANDARD_PORT = 6379;
const EXAMPLE = 'Write it as redis://host:6379, or rediss://user@host:6379/0 with TLS, a user and a database.';

/**
 * Reads `redis[s]://[user[:password]@]host[:port][/database]`. What is wrong with it is said without repeating it,
 * because it may hold a password.
 *
 * @throws UsageError
 */
export function parseQueueAddress(url: string, { password, ca }: QueueCredentials = {}): QueueAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '') {
    throw new UsageError('the address of the queue is not a URL', { hint: EXAMPLE });
  }
  const { protocol, search, hash, pathname } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new UsageError(`the address of the queue begins with '${protocol}'`, { hint: EXAMPLE });
  }
  const database = /^\/?(\d*)$/.exec(pathname)?.[1];
  if (database === undefined || search !== '' || hash !== '') {
    throw new UsageError('the address of the queue goes on after the number of the database', { hint: EXAMPLE });
  }
  const isTls = protocol === 'rediss:';
  if (ca !== undefined && !isTls) {
    throw new UsageError('a certificate authority is given for an address without TLS', {
      hint: 'Write the address as rediss://…, or leave the certificate authority out.',
    });
  }
  const port = parsed.port === '' ? STANDARD_PORT : Number(parsed.port);
  const username = decoded(parsed.username);
  const secret = parsed.password === '' ? password : decoded(parsed.password);
  return {
    isTls,
    shown: `${protocol}//${parsed.hostname}:${port}`,
    options: {
      host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      db: Number(database),
      ...(username === '' ? {} : { username }),
      ...(secret === undefined ? {} : { password: secret }),
      ...(isTls ? { tls: ca === undefined ? {} : { ca } } : {}),
    },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError("the user or the password in the address of the queue has a '%' that is no escape", {
      hint: "Write '%25' for '%', or put the password into CANDOR_REDIS_PASSWORD.",
    });
  }
}

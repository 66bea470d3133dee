import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coordinate, Diary, onOneCore, serve } from '../../../test/queue-stage.ts';
import { chunksOf, someWork } from '../../../test/queue-work.ts';
import { describeWithRedis, freePort, RedisServer, type RedisSettings } from '../../../test/redis-server.ts';
import { inTemporaryFolder } from '../../../test/temporary-folder.ts';
import { CandorError, UsageError } from '../../domain/errors.ts';
import { parseQueueAddress, type QueueCredentials } from './address.ts';
import { redisFault } from './faults.ts';
import { checkServer, openLink } from './link.ts';

const SECRET = 'open-sesame%41';

/** What is said when one cannot connect, whole; the test fails when one can. */
async function complaint(url: string, credentials: QueueCredentials = {}): Promise<string> {
  const diary = new Diary();
  const error = await openLink(url, credentials, diary).then(
    (link) => {
      link.close();
      throw new Error(`${url} was accepted`);
    },
    (cause: unknown) => cause,
  );
  if (!(error instanceof CandorError)) throw error;
  expect(diary.lines).toEqual([]);
  // Everything that a log or a crash could show of it.
  const everything = [error.stack, JSON.stringify(error), `${error.cause}`].join();
  expect(everything).not.toContain('sesame');
  return [error.message, ...error.details, error.hint].join(' | ');
}

describe('the address of a queue', () => {
  test.each([
    ['redis://localhost', { host: 'localhost', port: 6379, db: 0 }],
    ['redis://queue.example:7000/3', { host: 'queue.example', port: 7000, db: 3 }],
    ['redis://:a%2Fb@localhost', { host: 'localhost', port: 6379, db: 0, password: 'a/b' }],
    ['rediss://bot:x@[::1]:1', { host: '::1', port: 1, db: 0, username: 'bot', password: 'x', tls: {} }],
  ])('%s', (url, options) => {
    expect(parseQueueAddress(url).options).toEqual(options);
  });

  test('takes a password from elsewhere where it has none, and shows neither', () => {
    const { options, shown } = parseQueueAddress('redis://bot@localhost', { password: SECRET });
    expect(options).toMatchObject({ username: 'bot', password: SECRET });
    expect(shown).toBe('redis://localhost:6379');
    expect(parseQueueAddress('redis://bot:own@localhost', { password: SECRET }).options.password).toBe('own');
  });

  test.each([
    ['localhost:6379', 'is not a URL'],
    ['sesame', 'is not a URL'],
    ['http://user:sesame@localhost', "begins with 'http:'"],
    ['redis://localhost/first', 'goes on after the number of the database'],
    ['redis://localhost?db=1', 'goes on after the number of the database'],
    ['redis://:sesame%zz@localhost', "has a '%' that is no escape"],
  ])('%s is refused, without repeating it', (url, part) => {
    const refused = (): unknown => parseQueueAddress(url);
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(part);
    expect(refused).not.toThrow('sesame');
  });

  test('has no certificate authority without TLS', () => {
    expect(() => parseQueueAddress('redis://localhost', { ca: 'PEM' })).toThrow('for an address without TLS');
  });
});

describe('a server that cannot carry a queue', () => {
  const shown = 'redis://a:6379';
  test.each([
    ['redis_version:6.0.16', 'redis://a:6379 is Redis 6.0.16, and a queue needs 6.2 or newer'],
    ['redis_version:5.0.3', 'is Redis 5.0.3'],
    ['redis_version:7.2.4\r\ncluster_enabled:1', 'is part of a cluster'],
    ['redis_version:7.2.4\r\nrole:slave', 'is a replica'],
    ['redis_version:7.2.4\r\nmaxmemory_policy:allkeys-lru', 'drops keys when its memory is full'],
  ])('%s', (info, part) => {
    expect(() => checkServer(info, shown)).toThrow(part);
  });

  test.each(['redis_version:6.2.0', 'redis_version:10.0.1\r\nmaxmemory_policy:noeviction'])('but not %s', (info) => {
    expect(() => checkServer(info, shown)).not.toThrow();
  });

  test.each([
    ['OOM command not allowed when used memory > maxmemory. script: 3f, on @user_script:1.', 'is out of memory'],
    ["READONLY You can't write against a read only replica.", 'is a replica'],
    ['MISCONF Redis is configured to save RDB snapshots', 'cannot save to its own disk'],
    ['ERR something new', 'redis://a:6379 answers with an error: ERR something new'],
  ])('says so in the middle: %s', (reply, part) => {
    const { message } = redisFault(Object.assign(new Error(reply), { name: 'ReplyError' }), { shown, isTls: false });
    expect(message).toContain(part);
    expect(message).toContain(shown);
  });

  test('but a fault of this machine stays what it is', () => {
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    expect(redisFault(full, { shown, isTls: false })).toBe(full);
  });
});

describe('an address without a Redis behind it', () => {
  let web: Server;
  let mute: Server;
  const portOf = (server: Server): number => (server.address() as { port: number }).port;
  const listening = async (onData: string): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        if (onData !== '') socket.end(onData);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };

  beforeAll(async () => {
    web = await listening('HTTP/1.1 400 Bad Request\r\n\r\n');
    mute = await listening('');
  });
  afterAll(() => {
    web.close();
    mute.close();
  });

  test('says what is there', async () => {
    const nobody = await freePort();
    expect(await complaint(`redis://:${SECRET}@127.0.0.1:${nobody}`)).toContain(
      `nothing listens at redis://127.0.0.1:${nobody}`,
    );
    expect(await complaint('redis://no-such-host.invalid')).toContain(
      'the host of redis://no-such-host.invalid:6379 is unknown',
    );
    expect(await complaint(`redis://127.0.0.1:${portOf(web)}`)).toContain('is not a Redis');
  });

  test('that never answers is given up on, in bounded time', async () => {
    expect(await complaint(`redis://:${SECRET}@127.0.0.1:${portOf(mute)}`)).toContain('does not answer');
  });
});

describeWithRedis('a Redis that is protected', () => {
  /** What Candor's docs tell a user to grant. */
  const RULE = `candor on >${SECRET} ~candor:* &candor:* +@all -@admin -@dangerous +info`;
  const servers: RedisServer[] = [];
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });
  const start = async (settings: RedisSettings): Promise<RedisServer> => {
    const server = await RedisServer.start(settings);
    servers.push(server);
    return server;
  };
  const withUser = (url: string, user: string): string => url.replace('://', `://${user}@`);

  async function sweepWorks(url: string, credentials: QueueCredentials): Promise<string> {
    return await inTemporaryFolder({}, async (folder) => {
      const work = someWork('protected');
      const chunks = chunksOf(10, 5);
      const worker = serve(url, folder, credentials);
      const { results, diary, ended } = coordinate(url, work, chunks, credentials);
      await ended;
      await worker.stop();
      expect(results).toEqual(onOneCore(work, chunks));
      return diary.text + worker.diary.text;
    });
  }

  test('by a password', async () => {
    const { url } = await start({ password: SECRET });
    expect(await complaint(url)).toContain(`${url} asks for a password`);
    expect(await complaint(withUser(url, ':sesame'))).toContain(`${url} refuses the user or the password`);
    expect(await complaint(url, { password: 'sesame' })).toContain('refuses the user or the password');
    expect(await sweepWorks(url, { password: SECRET })).not.toContain('sesame');
    expect(await sweepWorks(withUser(url, `:${encodeURIComponent(SECRET)}`), {})).not.toContain('sesame');
  });

  test('by a user with no more rights than a queue needs', async () => {
    const { url } = await start({ user: RULE, password: 'another' });
    expect(await complaint(withUser(url, 'candor'), { password: 'sesame' })).toContain('refuses the user');
    expect(await sweepWorks(withUser(url, 'candor'), { password: SECRET })).not.toContain('sesame');
  });

  test('by a user with too few rights', async () => {
    const { url } = await start({ user: `poor on >${SECRET} ~candor:* +get`, password: 'another' });
    expect(await complaint(withUser(url, 'poor'), { password: SECRET })).toContain(
      'does not let this user do what a queue needs | Grant it: ACL SETUSER',
    );
  });

  test('by TLS with a certificate that it signed itself', async () => {
    const { url, certificate } = await start({ tls: true, password: SECRET });
    const ca = readFileSync(certificate, 'utf8');
    const password = SECRET;
    expect(await complaint(url, { password })).toContain(
      `${url} shows a certificate of an unknown authority | Name the file`,
    );
    expect(await complaint(url.replace('127.0.0.1', 'localhost'), { password, ca })).toContain(
      'shows a certificate for another host',
    );
    expect(await complaint(url.replace('rediss', 'redis'), { password })).toContain('write rediss://');
    expect(await complaint(url, { password: 'sesame', ca })).toContain('refuses the user or the password');
    expect(await sweepWorks(url, { password, ca })).not.toContain('sesame');
  });

  test('not by TLS, when it is asked for', async () => {
    const { url } = await start({});
    expect(await complaint(url.replace('redis', 'rediss'), { password: SECRET })).toContain('write redis:// instead');
  });

  test('badly: it may drop keys', async () => {
    const { url } = await start({ more: { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' } });
    expect(await complaint(url)).toContain('CONFIG SET maxmemory-policy noeviction');
  });
});

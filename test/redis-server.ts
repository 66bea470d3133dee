import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

const present = spawnSync('redis-server', ['--version']).status === 0;

if (!present && process.env['CANDOR_REQUIRE_REDIS'] === '1') {
  throw new Error('CANDOR_REQUIRE_REDIS=1, but there is no redis-server on the PATH');
}

/** Tests that start a Redis of their own: skipped, and shown as skipped, where none is installed. */
export const describeWithRedis = present
  ? describe
  : (name: string, body: () => void) => describe.skip(`${name} (skipped: redis-server is not installed)`, body);

export interface RedisSettings {
  readonly password?: string;
  /** A rule of `ACL SETUSER`, with the user's name first. */
  readonly user?: string;
  /** Serves TLS alone, with a certificate that it signed itself. */
  readonly tls?: true;
  /** More settings of redis.conf. */
  readonly more?: Readonly<Record<string, string>>;
}

/** A real Redis of its own on loopback: its port, its folder, gone with the test. It keeps nothing on disk. */
export class RedisServer {
  readonly port: number;
  /** The PEM file of the certificate, where there is TLS. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #settings: RedisSettings;
  #process: ChildProcess | undefined;

  private constructor(port: number, settings: RedisSettings) {
    this.port = port;
    this.#settings = settings;
    this.#folder = mkdtempSync(join(tmpdir(), 'candor-redis-'));
    this.certificate = join(this.#folder, 'redis.crt');
    if (settings.tls) signCertificate(this.#folder);
  }

  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.launch();
    return server;
  }

  /** Scheme, host and port; who connects adds the rest. */
  get url(): string {
    return `${this.#settings.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port, without anything that it knew. */
  async launch(): Promise<void> {
    const { password, user, tls, more = {} } = this.#settings;
    const folder = this.#folder;
    const settings = {
      bind: '127.0.0.1',
      ...(tls
        ? {
            port: '0',
            'tls-port': `${this.port}`,
            'tls-cert-file': this.certificate,
            'tls-key-file': join(folder, 'redis.key'),
            'tls-auth-clients': 'no',
          }
        : { port: `${this.port}` }),
      dir: folder,
      save: '',
      ...(password === undefined ? {} : { requirepass: password }),
      ...(user === undefined ? {} : { user }),
      ...more,
    };
    // Settings with several words are one argument each word; an empty word is one of its own.
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`redis-server did not start:\n${said}`)));
    });
  }

  /** Ends the server at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function signCertificate(folder: string): void {
  const files = ['-keyout', join(folder, 'redis.key'), '-out', join(folder, 'redis.crt')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...names], { stdio: 'ignore' });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

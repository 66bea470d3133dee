import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from './log.ts';

const PRIVATE_KEY = `0x${'4f'.repeat(32)}`;

async function logged(human: boolean, say: (log: Logger) => void): Promise<string> {
  const lines: string[] = [];
  say(await createLogger({ level: 'info', human, colors: false, write: (line) => lines.push(line) }));
  return lines.join('');
}

describe('the log', () => {
  it('is JSON with a time for machines, a line for people', async () => {
    const json = JSON.parse(await logged(false, (log) => log.info({ coin: 'BTC' }, 'stored')));
    expect(json).toMatchObject({ level: 30, coin: 'BTC', msg: 'stored', time: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await logged(true, (log) => log.warn({ coin: 'BTC' }, 'stored'))).toMatch(
      /^\[\d\d:\d\d:\d\d\] WARN: stored\n {4}coin: "BTC"\n$/,
    );
  });

  it('is silent below its level', async () => {
    expect(await logged(false, (log) => log.debug('detail'))).toBe('');
  });

  it.each(['privateKey', 'private_key', 'secret', 'clientSecret', 'token', 'password', 'authorization', 'mnemonic'])(
    'hides %s at any depth',
    async (key) => {
      const text = await logged(false, (log) =>
        log.child({ [key]: 'hunter2' }).info({ a: [{ b: { [key]: 'hunter2' } }], [key]: { inner: 'hunter2' } }),
      );
      expect(text).not.toContain('hunter2');
      expect(text).toContain('[redacted]');
    },
  );

  it('hides a private key inside any text: message, field, error and its stack', async () => {
    for (const human of [false, true]) {
      const text = await logged(human, (log) => {
        log.info(`signed with ${PRIVATE_KEY}`);
        log.error(new Error(`bad key ${PRIVATE_KEY}`, { cause: new Error(PRIVATE_KEY) }));
        log.info({ args: ['--key', PRIVATE_KEY] }, 'started');
      });
      expect(text).not.toContain(PRIVATE_KEY);
      expect(text).toContain('signed with [redacted]');
    }
  });

  it('leaves addresses and fingerprints readable', async () => {
    const address = `0x${'ab'.repeat(20)}`;
    expect(await logged(false, (log) => log.info({ address }, 'account'))).toContain(address);
  });
});

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askOnce } from './context.ts';

/** What comes of typing this at a question. */
async function typed(text: string): Promise<{ readonly answer: string; readonly shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked = askOnce('Run it? ', { input, output, signal: new AbortController().signal });
  input.end(text);
  return { answer: await asked, shown: String(output.read()) };
}

describe('a question at the terminal', () => {
  it('is answered by a line', async () => {
    expect(await typed('yes\n')).toEqual({ answer: 'yes', shown: 'Run it? ' });
  });

  it('takes the end of the input as an empty answer, on a line of its own', async () => {
    expect(await typed('')).toEqual({ answer: '', shown: 'Run it? \n' });
  });

  it('ends with Ctrl-C', async () => {
    const [input, output, stop] = [new PassThrough(), new PassThrough(), new AbortController()];
    const asked = askOnce('Run it? ', { input, output, signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toThrow();
  });
});

import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../domain/errors.ts';
import { Output, renderError, renderTable } from './output.ts';

function collected(isTTY: boolean) {
  const texts: string[] = [];
  return { sink: { isTTY, write: (text: string) => texts.push(text) }, text: () => texts.join('') };
}

describe('a table', () => {
  it('lines numbers up on the right and text on the left, without a frame', () => {
    const columns = [
      { title: 'strategy', cell: (row: { name: string }) => row.name },
      { title: 'trades', align: 'right' as const, cell: (row: { trades: number }) => String(row.trades) },
    ];
    const rows = [
      { name: 'breakout', trades: 97 },
      { name: 'ema-cross', trades: 1024 },
    ];
    expect(renderTable(columns, rows)).toBe('strategy   trades\nbreakout       97\nema-cross    1024');
  });

  it('wraps long text inside its column', () => {
    const columns = [
      { title: 'name', cell: () => 'a' },
      { title: 'why', wrapAt: 12, cell: () => 'too few trades in too few weeks' },
    ];
    expect(renderTable(columns, [{}]).split('\n').slice(1)).toEqual([
      'a     too few',
      '      trades in',
      '      too few',
      '      weeks',
    ]);
  });
});

describe('a caution', () => {
  it('is broken between words within 80 columns, and stays whole on what is narrower', () => {
    const { sink, text } = collected(false);
    const out = new Output(sink, sink);
    out.caution('the newest candle is 493 days old');
    out.caution(
      `candles from 2025-06-26 on were a sealed holdout, spent on 2026-12-01 for ${'breakout, '.repeat(3)}all`,
    );
    expect(text()).toBe(
      'note: the newest candle is 493 days old\n' +
        'note: candles from 2025-06-26 on were a sealed holdout, spent on 2026-12-01 for\n' +
        'breakout, breakout, breakout, all\n',
    );
  });
});

describe('an error', () => {
  const error = new DataError('btc.csv: 2 of 9 lines are bad', {
    details: ['line 4: high below low'],
    hint: 'Fetch the file again.',
    cause: new Error('deep down'),
  });

  it('says what is wrong, where, and what to do', () => {
    expect(renderError(error, false)).toBe(
      'error: btc.csv: 2 of 9 lines are bad\n  line 4: high below low\nFetch the file again.',
    );
  });

  it('shows where it came from only when asked', () => {
    expect(renderError(error, true)).toMatch(/DataError: btc\.csv[\s\S]+caused by:\nError: deep down/);
  });

  it('of a full disk says so in plain words', () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write 'report.json'"), { code: 'ENOSPC' });
    expect(renderError(full, false)).toMatch(/The disk is full\. .* intact\.$/);
  });

  it('that nobody expected says that it is our fault', () => {
    expect(renderError(new TypeError('x is not a function'), false)).toBe(
      'error: x is not a function\nThis is a fault in Candor. Run the command again with --log-level debug to see ' +
        'where it happened.',
    );
    expect(renderError(new UsageError('no hint needed'), false)).toBe('error: no hint needed');
  });
});

describe('output', () => {
  it('gives results to stdout, and everything about them to stderr', () => {
    const stdout = collected(false);
    const stderr = collected(false);
    const out = new Output(stdout.sink, stderr.sink);
    out.json({ a: 1 });
    out.note('done');
    out.progress('work', 10).update(5);
    expect(stdout.text()).toBe('{\n  "a": 1\n}\n');
    expect(stderr.text()).toBe('done\n');
    expect(out.paint('red', 'KILL')).toBe('KILL');
  });
});

describe('spaces that do not break', () => {
  it.each([
    [true, '+0.31\u202fR'],
    [false, '+0.31 R'],
  ])('on a terminal (%s) are %j', (isTTY, shown) => {
    const written: string[] = [];
    new Output({ isTTY, write: (text) => written.push(text) }, { write: () => {} }).line('+0.31\u202fR');
    expect(written).toEqual([`${shown}\n`]);
  });
});

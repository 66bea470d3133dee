import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCsv } from './csv.ts';
import { DefectLog } from './defects.ts';

interface Read {
  readonly header: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly lines: readonly number[];
  readonly defects: DefectLog;
}

async function readAll(text: string | Buffer): Promise<Read> {
  const table = openCsv(Buffer.from(text), 'x.csv');
  const rows: unknown[][] = [];
  const lines: number[] = [];
  const defects = new DefectLog();
  await table.read(
    [...table.header.keys()],
    (cells, line) => {
      rows.push([...cells]);
      lines.push(line);
    },
    defects,
  );
  return { header: table.header, rows, lines, defects };
}

describe('reading CSV', () => {
  test.each([
    ['commas', 'a,b\n1,2\n3,4\n'],
    ['semicolons', 'a;b\n1;2\n3;4\n'],
    ['tabs', 'a\tb\n1\t2\n3\t4\n'],
    ['CRLF, a BOM, no end of line', '\uFEFFa,b\r\n1,2\r\n3,4'],
    ['quotes', '"a","b"\n"1",2\n3,"4"\n'],
  ])('%s', async (_, text) => {
    const { header, rows, lines } = await readAll(text);
    expect(header).toEqual(['a', 'b']);
    expect(rows).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
    expect(lines).toEqual([2, 3]);
  });

  test('what stands above the header is passed over and said; lines are counted from the first', async () => {
    const text = 'https://www.example.com\n# remarks\n\na,b\n1,2\n\n3,4\n';
    expect(openCsv(Buffer.from(text), 'x.csv').notes).toEqual([
      'line 1 is passed over: https://www.example.com',
      'line 2 is passed over: # remarks',
    ]);
    expect((await readAll(text)).lines).toEqual([5, 7]);
    expect((await readAll(text.replace('3', '"3"'))).lines).toEqual([5, 7]);
  });

  test('a header in the middle and rows of another length are defects', async () => {
    const { rows, defects } = await readAll('a,b\n1,2\na,b\n3\n4,5\n');
    expect(rows).toEqual([
      ['1', '2'],
      ['4', '5'],
    ]);
    expect(() => defects.throwIfAny('x.csv', 4, 'Repair it.')).toThrow(
      expect.objectContaining({
        details: ['line 3: the header again: a,b', 'line 4: wrong number of fields: 1 where the first line has 2'],
      }),
    );
  });

  test('fields that are cut and fields that are parsed are the same, however long the text', async () => {
    const field = fc.stringMatching(/^[a-z0-9. é]{1,6}$/).map((text) => text.trim() || 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 50 }), async (pairs) => {
        const plain = `first,second\n${pairs.map((pair) => pair.join(',')).join('\n')}\n`;
        const quoted = `"first","second"\n${pairs.map((pair) => `"${pair.join('","')}"`).join('\n')}\n`;
        const [cut, parsed] = [await readAll(plain), await readAll(quoted)];
        expect(cut.rows).toEqual(pairs.map((pair) => [...pair]));
        expect(parsed).toEqual(cut);
      }),
    );
  });

  test('text of more than a chunk keeps every line', async () => {
    const rows = Array.from({ length: 150_000 }, (_, i) => `${i},${'é'.repeat(i % 7)}x`);
    const read = await readAll(`a,b\n${rows.join('\n')}\n`);
    expect(read.rows.map((row) => row.join(','))).toEqual(rows);
    expect(read.lines.at(-1)).toBe(150_001);
  });

  test.each<[what: string, content: string | Buffer, says: RegExp]>([
    ['UTF-16', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), /is UTF-16 text/],
    ['NUL bytes', 'a,b\n1,\u00002\n', /is no text: byte 6 of it is NUL/],
    ['one endless line', 'x'.repeat(100_000), /is no table: a line of it has 100,000 bytes/],
    ['remarks alone', '# nothing\n', /has no rows/],
    ['an unclosed quote', 'a,b\n1,2\n"3,4\n', /line \d is not CSV/],
  ])('%s is refused', async (_, content, says) => {
    await expect(readAll(content)).rejects.toThrow(says);
  });
});

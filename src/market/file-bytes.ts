import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../domain/errors.ts';

const unzip = promisify(gunzip);

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory; name the files in it',
  EACCES: 'this user may not read it',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB; split it by years',
};

/** More than ten years of minutes are a tenth of it; what is larger is no candles, or a trap. */
const MOST_BYTES = 2 ** 31;

/**
 * A file's bytes, unzipped where they are gzip (by their first two bytes, whatever the name says).
 *
 * @throws DataError when the file cannot be read, is empty, is a broken gzip file, or an archive of another kind
 */
export async function readWhole(path: string, file: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = UNREADABLE[error.code ?? ''] ?? error.message;
    throw new DataError(`${file} cannot be read: ${why}`, { cause: error });
  });
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const content = isGzip
    ? await unzip(bytes, { maxOutputLength: MOST_BYTES }).catch((error: Error) => throwBrokenGzip(file, error))
    : bytes;
  if (content.length === 0) throw new DataError(`${file} is empty`);
  const archive = ARCHIVES.find(({ magic }) => startsWith(content, magic));
  if (archive !== undefined) {
    throw new DataError(`${file} is ${archive.name}`, {
      hint: `${archive.unpack} it, and import the CSV or Parquet file that was inside.`,
    });
  }
  return content;
}

interface Archive {
  readonly magic: readonly number[];
  readonly name: string;
  readonly unpack: 'Unzip' | 'Unpack';
}

const ARCHIVES: readonly Archive[] = [
  { magic: [0x50, 0x4b, 0x03, 0x04], name: 'a zip file', unpack: 'Unzip' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], name: 'a zstd archive', unpack: 'Unpack' },
  { magic: [0x42, 0x5a, 0x68], name: 'a bzip2 archive', unpack: 'Unpack' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: 'an xz archive', unpack: 'Unpack' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], name: 'a 7z archive', unpack: 'Unpack' },
];

export function startsWith(content: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, i) => content[i] === byte);
}

function throwBrokenGzip(file: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'ERR_BUFFER_TOO_LARGE') {
    throw new DataError(`${file} is larger than 2 GiB when it is unzipped`, {
      hint: 'Split it by years.',
      cause: error,
    });
  }
  const truncated = error.message.includes('unexpected end of file');
  throw new DataError(`${file} is ${truncated ? 'a truncated' : 'a broken'} gzip file`, {
    details: [error.message],
    hint: 'Fetch the file again; nothing was imported.',
    cause: error,
  });
}

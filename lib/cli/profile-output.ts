import { closeSync, openSync, writeSync } from 'node:fs';
import type { EncodeFormat } from '../formats/profiles/index.ts';
import { Fault } from '../model/fault.ts';
import type { Io } from './command.ts';
import type { Progress } from './profile-progress.ts';

const BY_ENDING: readonly (readonly [string, EncodeFormat])[] = [
  ['.pb.gz', 'pprof'],
  ['.pprof', 'pprof'],
  ['.pb', 'pprof-plain'],
  ['.folded', 'folded'],
  ['.txt', 'folded'],
  ['.speedscope.json', 'speedscope'],
  ['.json', 'speedscope'],
];

export const ENDINGS = '.pb.gz, .pprof, .pb, .folded or .speedscope.json';

/** By the file's ending; undefined when it says nothing. */
export const outputFormat = (path: string): EncodeFormat | undefined =>
  path === '-' ? 'folded' : BY_ENDING.find(([ending]) => path.endsWith(ending))?.[1];

export const isPprofFormat = (format: EncodeFormat): boolean =>
  format === 'pprof' || format === 'pprof-plain';

/** What was written where; `files` is how many went into it. */
export interface Written {
  readonly files: number;
  readonly to: string;
  readonly format: EncodeFormat;
}

/** Writes the file, a piece at a time as they are made, and says so; to stdout goes the content alone. */
export function write(
  what: Written,
  pieces: Iterable<Uint8Array>,
  { json }: { readonly json: boolean },
  io: Io,
  progress: Progress,
): void {
  const { files, to, format } = what;
  if (to === '-') {
    progress.end();
    for (const piece of pieces) io.stdout(new TextDecoder().decode(piece));
    return;
  }
  const bytes = writeFile(to, pieces);
  progress.end();
  if (json) io.stdout(`${JSON.stringify({ ...what, bytes })}\n`);
  else
    io.stdout(
      `${to}: ${format}, ${bytes.toLocaleString('en')} bytes, of ${files} ${files === 1 ? 'file' : 'files'}\n`,
    );
}

/** @returns how many bytes were written */
function writeFile(path: string, pieces: Iterable<Uint8Array>): number {
  const trying = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
      throw new Fault('invalid-input', `Cannot write "${path}": ${code}`, { cause: error });
    }
  };
  // What cannot be encoded says so with its first piece, while what lies there is still whole.
  const rest = pieces[Symbol.iterator]();
  const first = rest.next();
  const file = trying(() => openSync(path, 'w'));
  let written = 0;
  try {
    for (let next = first; !next.done; next = rest.next()) {
      const piece = next.value;
      for (let at = 0; at < piece.length; ) {
        const count = trying(() => writeSync(file, piece, at));
        at += count;
        written += count;
      }
    }
  } finally {
    closeSync(file);
  }
  return written;
}

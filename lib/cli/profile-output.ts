import { writeFileSync } from 'node:fs';
import type { EncodeFormat } from '../formats/profiles/index.ts';
import { Fault } from '../model/fault.ts';
import type { Io } from './command.ts';

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

/** What was written where; `files` is how many went into it. */
export interface Written {
  readonly files: number;
  readonly to: string;
  readonly format: EncodeFormat;
}

/** Writes the file and says so; to stdout goes the content alone. */
export function write(what: Written, bytes: Uint8Array, { json }: { readonly json: boolean }, io: Io): void {
  const { files, to, format } = what;
  if (to === '-') {
    io.stdout(new TextDecoder().decode(bytes));
    return;
  }
  try {
    writeFileSync(to, bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new Fault('invalid-input', `Cannot write "${to}": ${code}`, { cause: error });
  }
  if (json) io.stdout(`${JSON.stringify({ ...what, bytes: bytes.length })}\n`);
  else
    io.stdout(
      `${to}: ${format}, ${bytes.length.toLocaleString('en')} bytes, of ${files} ${files === 1 ? 'file' : 'files'}\n`,
    );
}

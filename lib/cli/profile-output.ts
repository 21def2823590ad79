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

export function write(path: string, bytes: Uint8Array, io: Io): void {
  if (path === '-') {
    io.stdout(new TextDecoder().decode(bytes));
    return;
  }
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new Fault('invalid-input', `Cannot write "${path}": ${code}`, { cause: error });
  }
}

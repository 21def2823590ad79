import { readFile } from 'node:fs/promises';
import type { Io } from '../../lib/cli/command.ts';

/** A terminal that remembers what was written to it. */
export function testIo(files: Readonly<Record<string, Uint8Array>> = {}): Io & { out: string; err: string } {
  return {
    out: '',
    err: '',
    isTerminal: false,
    stdout(text) {
      this.out += text;
    },
    stderr(text) {
      this.err += text;
    },
    readFile: async (path) => files[path] ?? new Uint8Array(await readFile(path)),
  };
}

import { MIB } from '../model/units.ts';
import type { Io } from './command.ts';

/** What is being done, in one line that the next one replaces: for people alone. */
export interface Progress {
  say(text: string): void;
  end(): void;
}

/** Files of fewer bytes are done before anybody could read what is said of them. */
const LARGE_BYTES = 4 * MIB;

export function progressOf(io: Pick<Io, 'stderr' | 'isTerminal'>): Progress {
  let isShown = false;
  return {
    say(text) {
      if (io.isTerminal) io.stderr(`\r\u001b[K${text}`);
      isShown = io.isTerminal;
    },
    end() {
      if (isShown) io.stderr('\r\u001b[K');
      isShown = false;
    },
  };
}

/** Says it where there are so many bytes to do it with. */
export function sayOf(progress: Progress, bytes: number, doing: string): void {
  if (bytes >= LARGE_BYTES) progress.say(`${doing}, ${(bytes / MIB).toFixed(0)} MiB`);
}

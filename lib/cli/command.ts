/** What a command gets from the terminal. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  /** `-` is stdin. */
  readFile(path: string): Promise<Uint8Array>;
  /** Progress is shown only to people. */
  readonly isTerminal: boolean;
}

export interface Command {
  readonly summary: string;
  /** Resolves to the exit code. */
  run(args: string[], io: Io): Promise<number>;
}

export const EXIT = { done: 0, failed: 1, usage: 2, condition: 3 } as const;

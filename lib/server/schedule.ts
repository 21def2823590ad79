import { pause } from './pump.ts';

export interface Duty {
  readonly name: string;
  /** 'once': at its first time and never again. */
  readonly everyMs: number | 'once';
  /** Wait before the first time; default: at once. */
  readonly firstMs?: number;
  run(): Promise<unknown>;
}

/** Runs each duty again and again, never twice at once; one that fails is told and runs again at its time. */
export function startSchedule(
  duties: readonly Duty[],
  onError: (error: unknown, where: string) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = duties.map(async ({ name, everyMs, firstMs = 0, run }) => {
    await pause(firstMs, stopping.signal);
    while (!stopping.signal.aborted) {
      const began = performance.now();
      try {
        await run();
      } catch (error) {
        onError(error, name);
      }
      if (everyMs === 'once') return;
      // From begin to begin, so that a slow run does not stretch the rhythm; a pause at least, so that it never spins.
      await pause(Math.max(everyMs / 10, everyMs - (performance.now() - began)), stopping.signal);
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

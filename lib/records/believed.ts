import type { Clock } from '../ports/clock.ts';

const KEYS_MAX = 10_000;

/**
 * Answers that are believed for some time. Whoever asks while somebody asks waits for the same answer, for work is done many
 * at once; a failure is told to all who wait, and not kept. A clock that was set back ends belief as one that ran on does.
 */
export function believed<T>(clock: Clock, forMs: number): (key: string, ask: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { readonly answer: Promise<T>; readonly askedAt: number }>();
  return (key, ask) => {
    const before = known.get(key);
    if (before !== undefined && Math.abs(clock.now() - before.askedAt) < forMs) return before.answer;
    if (known.size >= KEYS_MAX) known.clear();
    const answer = ask();
    const asked = { answer, askedAt: clock.now() };
    known.set(key, asked);
    answer.catch(() => {
      if (known.get(key) === asked) known.delete(key);
    });
    return answer;
  };
}

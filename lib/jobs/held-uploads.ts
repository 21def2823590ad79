import type { EpochMs } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';

/** What is parsed and not committed yet. */
export interface HeldUploads<T> {
  /**
   * @param bytes of its body, unpacked
   * @param knownAt when it was found to be unfinished, if that was before the last ones were committed
   */
  add(one: T, bytes: number, knownAt?: EpochMs): Promise<void>;
  /** Commits what is left. */
  end(): Promise<void>;
}

/**
 * Holds uploads until their bodies come to more than `mostBytes`, and has them committed before the next one is read.
 *
 * @param commit also told since when they were held, which bounds how long a commit may take
 */
export function heldUploads<T>(
  clock: Clock,
  mostBytes: number,
  commit: (held: readonly T[], since: EpochMs) => Promise<void>,
): HeldUploads<T> {
  let held: T[] = [];
  let heldBytes = 0;
  let since = clock.now();
  const end = async () => {
    if (held.length > 0) await commit(held, since);
    [held, heldBytes, since] = [[], 0, clock.now()];
  };
  return {
    async add(one, bytes, knownAt = since) {
      held.push(one);
      since = Math.min(since, knownAt);
      heldBytes += bytes;
      if (heldBytes > mostBytes) await end();
    },
    end,
  };
}

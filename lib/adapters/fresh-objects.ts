import type { ObjectStore } from '../ports/object-store.ts';

/** What waits to be read: some hundred uploads of profiles, thousands of others. */
const BYTES_MAX = 8 * 1024 * 1024;

/**
 * Keeps whole objects below `prefix` in memory from their put to their first get, at most `bytesMax` of them, the last ones:
 * for what the same process reads once, a moment after it was written. Only a memory: `objects` has every one of them, and is
 * asked for whatever is not here.
 */
export function freshObjects<S extends ObjectStore>(objects: S, prefix: string, bytesMax = BYTES_MAX): S {
  const fresh = new Map<string, Uint8Array>();
  let held = 0;
  const take = (key: string) => {
    const body = fresh.get(key);
    held -= body?.length ?? 0;
    fresh.delete(key);
    return body;
  };
  return {
    ...objects,
    async put(key, body, options) {
      take(key);
      const outcome = await objects.put(key, body, options);
      // Of two that overlap nobody knows which was the last, unless only one of them may succeed.
      if (outcome !== 'stored' || !key.startsWith(prefix) || !options?.ifAbsent) return outcome;
      take(key);
      fresh.set(key, body.slice()); // callers may reuse their buffer
      held += body.length;
      for (const oldest of fresh.keys()) {
        if (held <= bytesMax) break;
        take(oldest);
      }
      return outcome;
    },
    async get(key, range) {
      return (range === undefined ? take(key) : undefined) ?? objects.get(key, range);
    },
    async delete(key) {
      take(key);
      await objects.delete(key);
    },
  };
}

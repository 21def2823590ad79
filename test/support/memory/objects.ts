import { Fault } from '../../../lib/model/fault.ts';
import { OBJECT_KEY, type ObjectInfo, type ObjectStore } from '../../../lib/ports/object-store.ts';
import { MAX_PAGE } from '../../../lib/ports/record-store.ts';
import { placeOf } from './sorted.ts';

export interface MemoryObjects extends ObjectStore {
  /** What lies there, to be looked into. */
  readonly stored: ReadonlyMap<string, { readonly body: Uint8Array; readonly modified: number }>;
}

/** Objects in memory. `now` is the store's own clock, which stamps them. */
export function memoryObjects(now: () => number): MemoryObjects {
  const stored = new Map<string, { readonly body: Uint8Array; readonly modified: number }>();
  // By first folder: raw objects come and go before a million segments that stay. Keys are ASCII: the order of their units
  // is that of their bytes.
  const folders = new Map<string, string[]>();
  const sortedLike = (key: string) => {
    const folder = key.split('/', 1)[0] as string;
    const sorted = folders.get(folder) ?? [];
    folders.set(folder, sorted);
    return sorted;
  };
  const place = (sorted: readonly string[], key: string) =>
    placeOf(sorted, key, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    stored,
    async put(key, body, { ifAbsent = false } = {}) {
      check(key);
      const known = stored.has(key);
      if (known && ifAbsent) return 'exists';
      if (!known) {
        const sorted = sortedLike(key);
        const at = place(sorted, key);
        if (isFolder(sorted[at], key) || foldersOf(key).some((folder) => stored.has(folder)))
          throw clash(key);
        sorted.splice(at, 0, key);
      }
      stored.set(key, { body: body.slice(), modified: now() });
      return 'stored';
    },
    async get(key, { start, end } = { start: 0, end: Number.MAX_SAFE_INTEGER }) {
      check(key);
      return stored.get(key)?.body.slice(Math.max(0, start), end);
    },
    async delete(key) {
      check(key);
      const sorted = sortedLike(key);
      if (stored.delete(key)) sorted.splice(place(sorted, key), 1);
    },
    async list(prefix, { after = '', limit = MAX_PAGE } = {}) {
      const found: ObjectInfo[] = [];
      const most = Math.min(limit, MAX_PAGE);
      const sorted = prefix.includes('/') ? sortedLike(prefix) : [...stored.keys()].sort();
      let at = place(sorted, after > prefix ? after : prefix);
      if (sorted[at] === after) at += 1;
      for (; found.length < most; at += 1) {
        const key = sorted[at];
        if (key === undefined || !key.startsWith(prefix)) break;
        const { body, modified } = stored.get(key) as { body: Uint8Array; modified: number };
        found.push({ key, size: body.length, modified });
      }
      return found;
    },
  };
}

const KEY_BYTES_MAX = 900;
function check(key: string): void {
  if (key.length > KEY_BYTES_MAX || !OBJECT_KEY.test(key))
    throw new Fault('invalid-input', `Cannot use object key ${JSON.stringify(key)}`);
}
const isFolder = (next: string | undefined, key: string) => next?.startsWith(`${key}/`);
const foldersOf = (key: string) => [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index));
const clash = (key: string) =>
  new Fault('invalid-input', `Cannot store object "${key}": a key with that folder exists`);

/** Values by key, the least recently used ones dropped beyond a number of bytes. */
export interface SizedCache<V> {
  get(key: string): V | undefined;
  /** Also to say that a value has grown. One that is larger than all is kept until the next comes. */
  set(key: string, value: V, bytes: number): void;
  readonly bytes: number;
}

export function sizedCache<V>(maxBytes: number): SizedCache<V> {
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>(); // in order of last use
  let size = 0;
  const drop = (key: string) => {
    size -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      drop(key);
      entries.set(key, { value, bytes });
      size += bytes;
      for (const oldest of entries.keys()) {
        if (size <= maxBytes || oldest === key) break;
        drop(oldest);
      }
    },
    get bytes() {
      return size;
    },
  };
}

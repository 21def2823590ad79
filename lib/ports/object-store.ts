/** Blobs by key. Implementations never share a buffer with their caller. */
export interface ObjectStore {
  /**
   * Stores `body` under `key`; durable (it survives a power loss) once the promise resolves.
   *
   * With `ifAbsent`, an existing object is kept and the answer is 'exists': of several racing writers exactly one gets
   * 'stored'. Without it an earlier object is replaced.
   * @throws Fault('unavailable') when the store does not answer; the write may have happened all the same
   */
  put(key: string, body: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<'stored' | 'exists'>;
  /** The bytes; with `range` those of [start, end), clipped to the object. `undefined` when nothing is stored there. */
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array | undefined>;
  /** Removes the object; removing what is not there is a success. */
  delete(key: string): Promise<void>;
  /**
   * Keys that begin with `prefix`, in ascending order of their UTF-8 bytes, at most `limit` (≤ 1,000, the default),
   * those after the key `after` only.
   */
  list(
    prefix: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): Promise<readonly ObjectInfo[]>;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** When it was stored, epoch ms, by the store's clock. */
  readonly modified: number;
}

/**
 * Keys are made of segments of [A-Za-z0-9._=,@+-] joined by '/', no segment empty, '.' or '..', at most 900 bytes
 * in all. No key is a folder of another (`a` beside `a/b`): stores on a file system refuse one of them.
 */
export const OBJECT_KEY = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._=,@+-]+(?:\/[A-Za-z0-9._=,@+-]+)*$/;

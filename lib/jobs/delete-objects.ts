import type { ObjectStore } from '../ports/object-store.ts';

/** A store takes some ten milliseconds for each, and S3 thousands a second of one prefix. */
const AT_ONCE = 32;

/** Removes objects, some at a time. @throws as soon as one cannot be removed; those that are gone stay gone */
export async function deleteObjects(
  { objects }: { readonly objects: Pick<ObjectStore, 'delete'> },
  keys: readonly string[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE)
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => objects.delete(key)));
}

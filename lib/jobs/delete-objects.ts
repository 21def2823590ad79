import type { ObjectStore } from '../ports/object-store.ts';
import { atOnce } from './at-once.ts';

/** Removes objects, some at a time. @throws as soon as one cannot be removed; those that are gone stay gone */
export async function deleteObjects(
  { objects }: { readonly objects: Pick<ObjectStore, 'delete'> },
  keys: readonly string[],
): Promise<void> {
  await atOnce(keys, (key) => objects.delete(key));
}

import { dirname } from 'node:path';
import { type DurableFs, systemCode } from './durable-fs.ts';

// 64 shards × 24 hours × a few projects stay below it; forgetting all of it costs some syncs, never an object.
const MAX_REMEMBERED = 20_000;
// Another process that keeps removing the folder under a writer is not something to wait out.
const MAX_TRIES = 3;

/**
 * Makes the folders of a file survive a power loss: a folder's name lives in its parent, so a new folder is there for
 * good only after a sync of the parent, also when another writer made it a moment ago. What was synced once is
 * remembered, so the usual put pays nothing here.
 *
 * Folders that became empty are removed; within this process never under a writer. What this process remembers of a
 * folder would be wrong if another process removed and remade it; that a power loss falls into the milliseconds before
 * the other's sync is the one case in which two processes on one store, one of them deleting, could lose an object.
 */
export function durableFolders(fs: DurableFs, root: string) {
  const durable = new Map<string, Promise<void>>();
  const writers = new Map<string, number>();
  const removals = new Map<string, Promise<boolean>>();
  const pathOf = (folder: string) => (folder === '' ? root : `${root}/${folder}`);

  const ensure = (folder: string): Promise<void> => {
    const known = durable.get(folder);
    if (known !== undefined) return known;
    if (durable.size >= MAX_REMEMBERED) durable.clear();
    const made = make(folder);
    durable.set(folder, made);
    void made.catch(() => {
      if (durable.get(folder) === made) durable.delete(folder);
    });
    return made;
  };
  const make = async (folder: string): Promise<void> => {
    if (folder === '') return makeRoot(fs, root);
    await ensure(parentOf(folder));
    await fs.makeFolder(pathOf(folder)).catch(ignore('EEXIST'));
    await fs.syncFolder(pathOf(parentOf(folder)));
  };
  /** True when it is gone. */
  const remove = async (folder: string): Promise<boolean> => {
    try {
      await fs.removeFolder(pathOf(folder));
      return true;
    } catch (error) {
      if (NOT_REMOVED.has(systemCode(error))) return false;
      if (systemCode(error) === 'ENOENT') return true;
      throw error;
    }
  };

  return {
    /** Runs `work` with the folder and all above it in place and durable. */
    async within<T>(folder: string, work: (path: string) => Promise<T>): Promise<T> {
      const chain = withParents(folder);
      for (const name of chain) writers.set(name, (writers.get(name) ?? 0) + 1);
      try {
        await Promise.allSettled(chain.map((name) => removals.get(name)));
        for (let attempt = 1; ; attempt += 1) {
          await ensure(folder);
          try {
            return await work(pathOf(folder));
          } catch (error) {
            if (systemCode(error) !== 'ENOENT' || attempt === MAX_TRIES) throw error;
            for (const name of chain) durable.delete(name); // another process removed what we remember
          }
        }
      } finally {
        for (const name of chain) {
          const left = (writers.get(name) ?? 1) - 1;
          if (left > 0) writers.set(name, left);
          else writers.delete(name);
        }
      }
    },

    /** Removes the folder and those above it as far as they are empty. */
    async prune(folder: string): Promise<void> {
      for (const name of withParents(folder).reverse()) {
        if (name === '' || writers.has(name) || removals.has(name)) return;
        durable.delete(name);
        const removal = remove(name);
        removals.set(name, removal);
        try {
          if (!(await removal)) return;
        } finally {
          removals.delete(name);
        }
      }
    },
  };
}

async function makeRoot(fs: DurableFs, root: string): Promise<void> {
  const parent = dirname(root);
  const found = await fs.stat(root).catch(ignore('ENOENT'));
  if (!found) {
    await makeRoot(fs, parent);
    await fs.makeFolder(root).catch(ignore('EEXIST'));
    await fs.syncFolder(parent);
  } else if (parent !== root) {
    // Whoever made it may not have synced it. A parent that we may not read is old enough to be durable.
    await fs.syncFolder(parent).catch(() => undefined);
  }
}

const NOT_REMOVED: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES']);

const ignore = (code: string) => (error: unknown) => {
  if (systemCode(error) !== code) throw error;
  return undefined;
};
const parentOf = (folder: string) => folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
/** '' (the root), then each folder down to this one. */
const withParents = (folder: string): string[] =>
  folder === '' ? [''] : [...withParents(parentOf(folder)), folder];

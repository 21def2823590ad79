import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Fault } from '../model/fault.ts';
import { OBJECT_KEY, type ObjectStore } from '../ports/object-store.ts';
import { MAX_PAGE } from '../ports/record-store.ts';
import { durableFolders } from './durable-folders.ts';
import { type DurableFs, diskFs, systemCode } from './durable-fs.ts';
import { walkKeys } from './file-keys.ts';

const MAX_KEY_BYTES = 900;
// The longest name that ext4, APFS and NTFS take.
const MAX_SEGMENT_BYTES = 255;
// No key holds a '~', so no object can lie there, and no list shows it.
const TEMPORARY = '~tmp';
const TEMPORARY_AGE_MS = 60 * 60 * 1000;
const STATS_AT_ONCE = 64;

export interface FilesObjectStore extends ObjectStore {
  /** Removes what puts that were killed left behind more than an hour ago; returns how many files. */
  sweepTemporary(nowMs: number): Promise<number>;
}

/**
 * Objects as files below `root`, each under its key. A put writes a temporary file, syncs it, gives it its name by
 * `link` (which fails when the name is taken: the atomic "only if absent") or `rename`, and syncs the folder; so a
 * reader sees a whole object or none, and a resolved put survives a power loss.
 *
 * Needs a file system with hard links that tells upper from lower case. Segments of a key are at most 255 bytes.
 */
export function filesObjectStore(root: string, fs: DurableFs = diskFs): FilesObjectStore {
  const base = resolve(root);
  const folders = durableFolders(fs, base);
  const pathOf = (key: string) => `${base}/${key}`;

  const writeTemporary = (body: Uint8Array): Promise<string> =>
    folders.within(TEMPORARY, async (folder) => {
      const path = `${folder}/${randomUUID()}`;
      const file = await fs.create(path);
      try {
        await file.write(body);
        await file.sync();
      } catch (error) {
        await fs.unlink(path).catch(() => undefined); // a full disk must not stay full of our remains
        throw error;
      } finally {
        await file.close();
      }
      return path;
    });

  /** Also syncs when the name was taken: who took it may not have come to its sync, and 'exists' promises as much. */
  const publish = (temporary: string, key: string, ifAbsent: boolean) =>
    folders.within(folderOf(key), async (folder): Promise<'stored' | 'exists'> => {
      let outcome: 'stored' | 'exists' = 'stored';
      if (ifAbsent) {
        await fs.link(temporary, pathOf(key)).catch(async (error) => {
          if (systemCode(error) !== 'EEXIST') throw error;
          if ((await fs.stat(pathOf(key))).folder) throw asFolder(key);
          outcome = 'exists';
        });
      } else {
        await fs.rename(temporary, pathOf(key));
      }
      await fs.syncFolder(folder);
      return outcome;
    });

  return {
    async put(key, body, { ifAbsent = false } = {}) {
      checkKey(key);
      try {
        const temporary = await writeTemporary(body);
        try {
          return await publish(temporary, key, ifAbsent);
        } finally {
          await fs.unlink(temporary).catch(() => undefined); // gone already after a rename
        }
      } catch (error) {
        throw translated(error, 'put', key);
      }
    },

    async get(key, range = { start: 0, end: Number.MAX_SAFE_INTEGER }) {
      checkKey(key);
      try {
        return await fs.read(pathOf(key), Math.max(0, range.start), range.end);
      } catch (error) {
        if (ABSENT.has(systemCode(error))) return undefined;
        throw translated(error, 'get', key);
      }
    },

    async delete(key) {
      checkKey(key);
      try {
        await fs.unlink(pathOf(key));
        await folders.prune(folderOf(key));
      } catch (error) {
        // Unlinking a folder, no object, is EISDIR on Linux and EPERM elsewhere; a refusal by rights is EACCES.
        if (!ABSENT.has(systemCode(error)) && systemCode(error) !== 'EPERM') {
          throw translated(error, 'delete', key);
        }
      }
    },

    async list(prefix, { after = '', limit = MAX_PAGE } = {}) {
      const most = Math.max(0, Math.min(limit, MAX_PAGE));
      const found: { key: string; size: number; modified: number }[] = [];
      const look = async (keys: readonly string[]) => {
        const facts = await Promise.all(keys.map((key) => fs.stat(pathOf(key)).catch(absent)));
        for (const [at, fact] of facts.entries()) {
          const key = keys[at];
          // Deleted since the folder was read, or a folder by now: no object.
          if (fact === undefined || fact.folder || key === undefined) continue;
          found.push({ key, size: fact.sizeBytes, modified: fact.modifiedMs });
        }
      };
      try {
        if (most === 0) return found;
        let batch: string[] = [];
        for await (const key of walkKeys(fs, base, prefix, after)) {
          batch.push(key);
          if (batch.length < Math.min(STATS_AT_ONCE, most - found.length)) continue;
          await look(batch);
          if (found.length === most) return found;
          batch = [];
        }
        await look(batch);
        return found;
      } catch (error) {
        throw translated(error, 'list', prefix);
      }
    },

    async sweepTemporary(nowMs) {
      let removed = 0;
      for (const { name } of await fs.readFolder(`${base}/${TEMPORARY}`).catch(() => [])) {
        const path = `${base}/${TEMPORARY}/${name}`;
        const facts = await fs.stat(path).catch(absent);
        if (facts === undefined || facts.modifiedMs > nowMs - TEMPORARY_AGE_MS) continue;
        await fs.unlink(path).catch(absent);
        removed += 1;
      }
      return removed;
    },
  };
}

const folderOf = (key: string) => key.slice(0, Math.max(0, key.lastIndexOf('/')));

function checkKey(key: string): void {
  const tooLong =
    key.length > MAX_KEY_BYTES || key.split('/').some((part) => part.length > MAX_SEGMENT_BYTES);
  if (!tooLong && OBJECT_KEY.test(key)) return;
  throw new Fault('invalid-input', `Cannot use object key ${JSON.stringify(key.slice(0, MAX_KEY_BYTES))}`);
}

const asFolder = (key: string) =>
  new Fault(
    'invalid-input',
    `Cannot store object "${key}": a key with that folder, or that is its folder, exists`,
  );

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);
const absent = (error: unknown): undefined => {
  if (!ABSENT.has(systemCode(error))) throw error;
};

// A key beside a folder of the same name.
const CLASH: ReadonlySet<string> = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);
// The disk, or our rights on it: nothing that another body or key would mend.
const UNAVAILABLE: ReadonlySet<string> = new Set([
  ...['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS', 'EACCES', 'EPERM', 'EBUSY', 'EAGAIN'],
  ...['ESTALE', 'ETIMEDOUT', 'ENXIO', 'ENODEV', 'ENOENT', 'EINTR', 'EMLINK', 'EXDEV'],
]);

function translated(error: unknown, action: string, key: string): unknown {
  const code = systemCode(error);
  if (action === 'put' && CLASH.has(code)) return asFolder(key);
  if (!UNAVAILABLE.has(code)) return error;
  return new Fault('unavailable', `Cannot ${action} object "${key}": ${code}`, { cause: error });
}

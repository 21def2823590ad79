import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DurableFs, diskFs } from '../../lib/adapters/durable-fs.ts';
import { filesObjectStore } from '../../lib/adapters/files-object-store.ts';
import { objectStoreContract } from '../contracts/object-store.contract.ts';
import { temporaryFolder } from './stores.ts';

objectStoreContract('files', async () => {
  const folder = await temporaryFolder();
  const root = join(folder.path, 'not/yet/there');
  return {
    store: filesObjectStore(root),
    reopen: async () => filesObjectStore(root),
    close: folder.remove,
  };
});

const body = new TextEncoder().encode('body');

describe('filesObjectStore', () => {
  it('refuses a key that is a folder of another, and one below a key', async () => {
    const folder = await temporaryFolder();
    const store = filesObjectStore(folder.path);
    await store.put('a/b', body);
    for (const ifAbsent of [true, false]) {
      await expect(store.put('a', body, { ifAbsent })).rejects.toMatchObject({ code: 'invalid-input' });
      await expect(store.put('a/b/c', body, { ifAbsent })).rejects.toMatchObject({ code: 'invalid-input' });
    }
    await folder.remove();
  });

  it('leaves nothing behind: no temporary file, no empty folder', async () => {
    const folder = await temporaryFolder();
    const store = filesObjectStore(folder.path);
    await store.put('a/b/c', body);
    await store.put('a/b/c', body);
    await store.put('a/b/c', body, { ifAbsent: true });
    await store.delete('a/b/c');
    expect(await readdir(folder.path)).toEqual(['~tmp']);
    expect(await readdir(join(folder.path, '~tmp'))).toEqual([]);
    await folder.remove();
  });

  it('sweepTemporary() removes what is older than an hour, and no list shows any of it', async () => {
    const folder = await temporaryFolder();
    const store = filesObjectStore(folder.path);
    expect(await store.sweepTemporary(Date.now())).toBe(0);
    await mkdir(join(folder.path, '~tmp'));
    for (const name of ['old', 'new']) await writeFile(join(folder.path, '~tmp', name), name);
    // The disk's clock, which the Date that tests may shift is not.
    const now = performance.timeOrigin + performance.now();
    const longAgoS = now / 1000 - 3700;
    await utimes(join(folder.path, '~tmp', 'old'), longAgoS, longAgoS);
    expect(await store.list('')).toEqual([]);
    expect(await store.sweepTemporary(now)).toBe(1);
    expect(await readdir(join(folder.path, '~tmp'))).toEqual(['new']);
    await folder.remove();
  });

  it.each(['ENOSPC', 'EIO', 'EMFILE', 'EROFS'])('%s is Fault("unavailable"), in every step', async (code) => {
    const fail = () => Promise.reject(Object.assign(new Error('failed'), { code }));
    const broken: Partial<DurableFs>[] = [
      { create: fail },
      { create: async (path) => ({ ...(await diskFs.create(path)), write: fail }) },
      { create: async (path) => ({ ...(await diskFs.create(path)), sync: fail }) },
      { link: fail },
      { rename: fail },
      { syncFolder: (path) => (path.endsWith('/a') ? fail() : diskFs.syncFolder(path)) },
      { makeFolder: fail },
    ];
    for (const part of broken) {
      const folder = await temporaryFolder();
      const store = filesObjectStore(folder.path, { ...diskFs, ...part });
      const puts = [store.put('a/b', body), store.put('a/c', body, { ifAbsent: true })];
      const outcomes = await Promise.allSettled(puts);
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(failed.length).toBeGreaterThan(0);
      for (const { reason } of failed) expect(reason).toMatchObject({ name: 'Fault', code: 'unavailable' });
      const rest = await readdir(join(folder.path, '~tmp')).catch(() => []);
      expect(rest).toEqual([]);
      await folder.remove();
    }
    const reads = filesObjectStore('/', { ...diskFs, read: fail, unlink: fail, readFolder: fail });
    for (const call of [reads.get('a'), reads.delete('a'), reads.list('')]) {
      await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  it("answers 'exists' only after a sync of its own: the winner may not have come to its own", async () => {
    const folder = await temporaryFolder();
    const synced: string[] = [];
    const store = filesObjectStore(folder.path, {
      ...diskFs,
      async syncFolder(path) {
        await diskFs.syncFolder(path);
        synced.push(path.slice(folder.path.length));
      },
    });
    await mkdir(join(folder.path, 'a/x'), { recursive: true }); // by another process, which may not have synced it either
    await store.put('a/x/b', body, { ifAbsent: true });
    expect(synced).toContain('/a');
    synced.length = 0;
    expect(await store.put('a/x/b', body, { ifAbsent: true })).toBe('exists');
    expect(synced).toEqual(['/a/x']);
    await folder.remove();
  });

  it('list() reads only the folders that the prefix and the page need', async () => {
    const folder = await temporaryFolder();
    const read: string[] = [];
    const store = filesObjectStore(folder.path, {
      ...diskFs,
      readFolder(path) {
        read.push(path.slice(folder.path.length));
        return diskFs.readFolder(path);
      },
    });
    for (const key of ['a/1/x', 'a/2/x', 'a/3/x', 'a/4/x', 'b/1/x', 'ab/x']) await store.put(key, body);
    await store.list('a/', { after: 'a/2/x', limit: 1 });
    expect(read).toEqual(['/a/', '/a/2/', '/a/3/']);
    read.length = 0;
    await store.list('b/1/');
    expect(read).toEqual(['/b/1/']);
    await folder.remove();
  });
});

import type { DurableFs, FileFacts } from '../../lib/adapters/durable-fs.ts';

interface File {
  bytes: Uint8Array;
  synced: Uint8Array;
}
interface Folder {
  names: Map<string, Node>;
  synced: Map<string, Node>;
}
type Node = File | Folder;
const isFolder = (node: Node): node is Folder => 'names' in node;

// A sync waits for the disk; what races it has time to.
const SLOW_TURNS = 80;

export type Random = () => number;
/** mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A file system in memory that loses its power after `operations` calls. From then on no call ever returns.
 * What was not synced may have reached the disk or not, entry by entry; an unsynced file may be there in part. That is
 * what POSIX allows, and what ext4 and XFS do in some order or other.
 */
export function forgetfulFs(random: Random, operations: number) {
  const disk: Folder = { names: new Map(), synced: new Map() };
  let left = operations;
  let cut: () => void = () => undefined;
  const powerLoss = new Promise<void>((resolve) => {
    cut = resolve;
  });

  /** Every call takes a while, and the power may go before it acts or before it answers. */
  const call = async <T>(act: () => T, turns = 4): Promise<T> => {
    await pause(random, turns);
    spend();
    if (left < 0) return new Promise<never>(() => undefined);
    const result = act();
    await pause(random, turns);
    return left < 0 ? new Promise<never>(() => undefined) : result;
  };
  const spend = () => {
    left -= 1;
    if (left < 0) cut();
  };
  const fs: DurableFs = {
    create: (path) =>
      call(() => {
        const { folder, name } = place(disk, path);
        if (folder.names.has(name)) throw failure('EEXIST', path);
        const file: File = { bytes: new Uint8Array(0), synced: new Uint8Array(0) };
        folder.names.set(name, file);
        return {
          write: (bytes) =>
            call(() => {
              file.bytes = Uint8Array.of(...file.bytes, ...bytes);
            }),
          sync: () =>
            call(() => {
              file.synced = file.bytes.slice();
            }, SLOW_TURNS),
          close: () => call(() => undefined),
        };
      }),
    syncFolder: (path) =>
      call(() => {
        const folder = find(disk, path);
        if (!isFolder(folder)) throw failure('ENOTDIR', path);
        folder.synced = new Map(folder.names);
      }, SLOW_TURNS),
    link: (from, to) =>
      call(() => {
        const target = place(disk, to);
        if (target.folder.names.has(target.name)) throw failure('EEXIST', to);
        target.folder.names.set(target.name, find(disk, from));
      }),
    rename: (from, to) =>
      call(() => {
        const target = place(disk, to);
        const old = target.folder.names.get(target.name);
        if (old && isFolder(old)) throw failure('EISDIR', to);
        target.folder.names.set(target.name, find(disk, from));
        const source = place(disk, from);
        source.folder.names.delete(source.name);
      }),
    unlink: (path) =>
      call(() => {
        if (isFolder(find(disk, path))) throw failure('EISDIR', path);
        const { folder, name } = place(disk, path);
        folder.names.delete(name);
      }),
    makeFolder: (path) =>
      call(() => {
        const { folder, name } = place(disk, path);
        if (folder.names.has(name)) throw failure('EEXIST', path);
        folder.names.set(name, { names: new Map(), synced: new Map() });
      }),
    removeFolder: (path) =>
      call(() => {
        const node = find(disk, path);
        if (!isFolder(node)) throw failure('ENOTDIR', path);
        if (node.names.size > 0) throw failure('ENOTEMPTY', path);
        const { folder, name } = place(disk, path);
        folder.names.delete(name);
      }),
    read: (path, start, end) =>
      call(() => {
        const node = find(disk, path);
        if (isFolder(node)) throw failure('EISDIR', path);
        return node.bytes.slice(start, Math.max(start, end));
      }),
    readFolder: (path) =>
      call(() => {
        const node = find(disk, path);
        if (!isFolder(node)) throw failure('ENOTDIR', path);
        return [...node.names].map(([name, child]) => ({ name, folder: isFolder(child) }));
      }),
    stat: (path) => call((): FileFacts => factsOf(find(disk, path))),
  };

  return {
    fs,
    powerLoss,
    /** The same disk after the power came back, this time for good. */
    restarted(): DurableFs {
      survive(disk, random);
      const after = forgetfulFs(() => 0, Number.POSITIVE_INFINITY);
      after.adopt(disk);
      return after.fs;
    },
    adopt(other: Folder): void {
      disk.names = other.names;
    },
  };
}

/** Leaves of a folder what was synced and, by chance, some of what was not. */
function survive(folder: Folder, random: Random, seen: Set<Node> = new Set()): void {
  for (const name of new Set([...folder.names.keys(), ...folder.synced.keys()])) {
    const [now, synced] = [folder.names.get(name), folder.synced.get(name)];
    const kept = now === synced || random() < 0.5 ? synced : now;
    if (kept) folder.names.set(name, kept);
    else folder.names.delete(name);
  }
  for (const node of folder.names.values()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (isFolder(node)) survive(node, random, seen);
    else if (node.bytes.length !== node.synced.length) {
      const kept = node.synced.length + (node.bytes.length - node.synced.length) * random() * random();
      node.bytes = node.bytes.slice(0, Math.floor(kept));
    }
  }
}

const factsOf = (node: Node): FileFacts =>
  isFolder(node)
    ? { folder: true, sizeBytes: 0, modifiedMs: 0 }
    : { folder: false, sizeBytes: node.bytes.length, modifiedMs: 0 };

function find(disk: Folder, path: string): Node {
  let node: Node = disk;
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (!isFolder(node)) throw failure('ENOTDIR', path);
    const next = node.names.get(name);
    if (!next) throw failure('ENOENT', path);
    node = next;
  }
  return node;
}

function place(disk: Folder, path: string): { folder: Folder; name: string } {
  const slash = path.lastIndexOf('/');
  const folder = find(disk, path.slice(0, slash));
  if (!isFolder(folder)) throw failure('ENOTDIR', path);
  return { folder, name: path.slice(slash + 1) };
}

const failure = (code: string, path: string) => Object.assign(new Error(`${code}: ${path}`), { code });

async function pause(random: Random, most: number): Promise<void> {
  for (let turns = Math.floor(random() * most); turns > 0; turns -= 1) await undefined;
}

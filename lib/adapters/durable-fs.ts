import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';

/**
 * Every touch of the disk by `files-object-store.ts`, small enough that a test can put a file system in its place
 * that forgets at a power loss whatever was not synced. Failures are Node's system errors, with their `code`.
 */
export interface DurableFs {
  /** Makes a file that must not exist yet. Its bytes survive a power loss once `sync` of the handle resolved. */
  create(path: string): Promise<DurableFile>;
  /** Makes the names in a folder survive a power loss: those added, those renamed, those removed. */
  syncFolder(path: string): Promise<void>;
  /** Second name for a file; EEXIST when the name is taken, so that of several racing callers one wins. */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** One level; EEXIST when it is there. */
  makeFolder(path: string): Promise<void>;
  /** ENOTEMPTY (or EEXIST) unless it is empty. */
  removeFolder(path: string): Promise<void>;
  /** Bytes of [start, end), clipped to the file. */
  read(path: string, start: number, end: number): Promise<Uint8Array>;
  readFolder(path: string): Promise<readonly FolderEntry[]>;
  stat(path: string): Promise<FileFacts>;
}

export interface DurableFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FolderEntry {
  readonly name: string;
  readonly folder: boolean;
}

export interface FileFacts {
  readonly folder: boolean;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

// Windows opens no folders for syncing; NTFS keeps its names in a journal of its own.
const CAN_SYNC_FOLDERS = process.platform !== 'win32';

export const diskFs: DurableFs = {
  async create(path) {
    const file = await fs.open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      },
      sync: () => file.datasync(), // the length is data, the times of the file are not needed
      close: () => file.close(),
    };
  },
  async syncFolder(path) {
    if (!CAN_SYNC_FOLDERS) return;
    const folder = await fs.open(path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  link: (from, to) => fs.link(from, to),
  rename: (from, to) => fs.rename(from, to),
  unlink: (path) => fs.unlink(path),
  makeFolder: (path) => fs.mkdir(path, { mode: 0o700 }),
  removeFolder: (path) => fs.rmdir(path),
  async read(path, start, end) {
    const file = await fs.open(path, constants.O_RDONLY);
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break; // cut by somebody else: objects are never cut by us
        filled += bytesRead;
      }
      return filled === bytes.length ? bytes : bytes.slice(0, filled);
    } finally {
      await file.close();
    }
  },
  async readFolder(path) {
    const entries = await fs.readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
  },
  async stat(path) {
    const facts = await fs.stat(path);
    return { folder: facts.isDirectory(), sizeBytes: facts.size, modifiedMs: facts.mtimeMs };
  },
};

/** Code of a system error, '' for anything else. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

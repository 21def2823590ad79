import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/** The installation's secret, made at the first start: a file that only its owner can read. */
export function masterSecret(dataDir: string): Uint8Array<ArrayBuffer> {
  const file = join(dataDir, 'master-secret');
  const known = read(file);
  if (known !== undefined) return known;
  // Written aside and linked, so that of two processes that start at once both use the one that came first.
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = openSync(temporary, 'wx', 0o600);
  writeSync(handle, `${randomBytes(BYTES).toString('base64')}\n`);
  fsyncSync(handle);
  closeSync(handle);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  const made = read(file);
  if (made === undefined) throw new Error(`Cannot read ${file}`);
  return made;
}

function read(file: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64'));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

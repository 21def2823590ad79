import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../model/fault.ts';

/** How long one that is just stopping is waited for. */
const WAIT_MS = 3000;

/**
 * Makes this process the only server of a folder. The lock is the operating system's, on a file of its own, so that it
 * ends with the process however that ends; commands that work beside a server do not ask for it.
 *
 * @returns what gives the folder back
 * @throws Fault('conflict') when another server has it
 */
export function lockFolder(folder: string): () => void {
  const held = new DatabaseSync(join(folder, 'server.lock'), { timeout: WAIT_MS });
  try {
    held.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    held.close();
    throw new Fault(
      'conflict',
      `Cannot serve ${folder}: another server does; stop it, or choose another folder by --data`,
      { cause },
    );
  }
  return () => held.close();
}

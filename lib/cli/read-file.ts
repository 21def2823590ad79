import { Fault } from '../model/fault.ts';
import type { Io } from './command.ts';

/** @throws Fault('invalid-input') that names the file */
export async function readBytes(file: string, io: Pick<Io, 'readFile'>): Promise<Uint8Array> {
  try {
    return await io.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault('invalid-input', `Cannot read "${file}": ${code}`, { cause: error });
  }
}

/** Does something with a file; a Fault names it. */
export function naming<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

import { Fault } from '../model/fault.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';

export async function readProfile(file: string, io: Io): Promise<Profile> {
  const { decodeProfile } = await import('../formats/profiles/index.ts');
  return decodeProfile(await readBytes(file, io), { name: file });
}

export async function readBytes(file: string, io: Io): Promise<Uint8Array> {
  try {
    return await io.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault('invalid-input', `Cannot read "${file}": ${code}`, { cause: error });
  }
}

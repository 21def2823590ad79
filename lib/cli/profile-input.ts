import { Fault } from '../model/fault.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { indexOfType } from './profile-options.ts';
import { type Progress, sayOf } from './profile-progress.ts';

export async function readProfile(file: string, io: Io, progress: Progress): Promise<Profile> {
  const { decodeProfile } = await import('../formats/profiles/index.ts');
  const bytes = await readBytes(file, io);
  sayOf(progress, bytes.length, `Reading ${file}`);
  const profile = decodeProfile(bytes, { name: file });
  sayOf(progress, bytes.length, `Adding up ${file}`);
  return profile;
}

export async function readBytes(file: string, io: Io): Promise<Uint8Array> {
  try {
    return await io.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault('invalid-input', `Cannot read "${file}": ${code}`, { cause: error });
  }
}

/** The type asked for by name, else the profile's own. */
export const typeIndex = ({ sampleTypes, defaultType }: Profile, wanted: string | undefined): number =>
  wanted === undefined
    ? defaultType
    : indexOfType(
        sampleTypes.map(({ type }) => type),
        wanted,
      );

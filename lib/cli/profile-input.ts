import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { indexOfType } from './profile-options.ts';
import { type Progress, sayOf } from './profile-progress.ts';
import { readBytes } from './read-file.ts';

export async function readProfile(file: string, io: Io, progress: Progress): Promise<Profile> {
  const { decodeProfile } = await import('../formats/profiles/index.ts');
  const bytes = await readBytes(file, io);
  sayOf(progress, bytes.length, `Reading ${file}`);
  const profile = decodeProfile(bytes, { name: file });
  sayOf(progress, bytes.length, `Adding up ${file}`);
  return profile;
}

/** The type asked for by name, else the profile's own. */
export const typeIndex = ({ sampleTypes, defaultType }: Profile, wanted: string | undefined): number =>
  wanted === undefined
    ? defaultType
    : indexOfType(
        sampleTypes.map(({ type }) => type),
        wanted,
      );

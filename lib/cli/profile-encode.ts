import { type EncodeFormat, encodedPieces } from '../formats/profiles/index.ts';
import type { Profile } from '../model/profile.ts';
import { typeIndex } from './profile-input.ts';
import { isPprofFormat } from './profile-output.ts';

/** A profile as a file, in pieces. The type that is wanted stands first, and alone in pprof and folded stacks. */
export function encodedAs(
  profile: Profile,
  format: EncodeFormat,
  wanted: string | undefined,
  name: string,
): Iterable<Uint8Array> {
  const type = typeIndex(profile, wanted);
  const alone = wanted !== undefined && isPprofFormat(format);
  return encodedPieces(alone ? onlyType(profile, type) : { ...profile, defaultType: type }, format, {
    type,
    name,
  });
}

const onlyType = (profile: Profile, type: number): Profile => ({
  ...profile,
  sampleTypes: [profile.sampleTypes[type]!],
  defaultType: 0,
  samples: { ...profile.samples, values: [profile.samples.values[type]!] },
});

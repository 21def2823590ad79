import { readPlainProfile } from './plain.ts';
import { readPush } from './push.ts';
import { readPyroscope } from './pyroscope.ts';
import type { ProfileUpload, ReadProfiles } from './upload.ts';

export type { ProfileUpload, ReadProfiles } from './upload.ts';

/** Doors for profiles, by the name under which raw segments remember them. */
export const PROFILE_ROUTES = {
  profiles: readPlainProfile,
  pyroscope: readPyroscope,
  'pyroscope-push': readPush,
} as const satisfies Readonly<Record<string, (upload: ProfileUpload) => ReadProfiles>>;

export type ProfileRoute = keyof typeof PROFILE_ROUTES;

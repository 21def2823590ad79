import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

// Real profiles with what is right about them; test/fixtures/profiles/README.md says where they are from.

const FOLDER = new URL('../fixtures/profiles/', import.meta.url);

/** `[name, self, total]` */
type Row = readonly [string, number, number];

export interface ProfileFacts {
  readonly file: string;
  readonly samples: readonly number[];
  readonly stacks: readonly number[];
  readonly durationS: number | null;
  readonly defaultType: number;
  readonly types: readonly {
    readonly type: string;
    readonly unit: string;
    readonly total: number;
    readonly self: readonly Row[];
    readonly largest: readonly Row[];
  }[];
}

export const profileFile = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FOLDER)));

/** Without compression. */
export function plainProfile(name: string): Uint8Array {
  const bytes = profileFile(name);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? new Uint8Array(gunzipSync(bytes)) : bytes;
}

export const PROFILE_FACTS = JSON.parse(
  new TextDecoder().decode(profileFile('facts.json')),
) as readonly ProfileFacts[];

export const PROFILE_FILES = readdirSync(FOLDER).filter((name) => !/README|LICENSES|facts\.json/.test(name));

import { nextVersion } from './hooks.ts';
import { LATER } from './later-kind.ts';

export type Code = typeof import('./code.ts');

export interface Versions {
  readonly present: Code;
  readonly next: Code;
  /** Has the later release write by its own codecs or by those of the present one. */
  changeCodecs(isChanged: boolean): void;
}

/**
 * The code as it is, and as a later release would be: it folds a kind that the present one does not know, and its codecs may
 * write what that cannot read.
 */
export async function versions(): Promise<Versions> {
  const present = await import('./code.ts');
  const next = await nextVersion<Code>(new URL('./code.ts', import.meta.url));
  if (next.KINDS === present.KINDS) throw new Error('Cannot simulate two versions: they share their kinds');
  const upgrades = Object.values(next.KINDS).map(upgradeOf);
  Object.assign(next.KINDS, { [LATER.name]: LATER });
  (next.KIND_NAMES as string[]).push(LATER.name);
  const changeCodecs = (isChanged: boolean) => {
    for (const change of upgrades) change(isChanged);
  };
  return { present, next, changeCodecs };
}

interface AnyKind {
  codecVersion: number;
  encode(state: never): Uint8Array;
  decode(bytes: Uint8Array, codecVersion: number): unknown;
}

const MARK = 0x7e;

/** The next version of a codec, if it is changed: the same bytes behind a mark. It reads what came before. */
function upgradeOf(kind: {
  readonly codecVersion: number;
  readonly encode: unknown;
  readonly decode: unknown;
}) {
  const { codecVersion, encode, decode } = { ...(kind as AnyKind) };
  const changed = {
    codecVersion: codecVersion + 1,
    encode: (state: never) => marked(encode.call(kind, state)),
    decode: (bytes: Uint8Array, version: number) =>
      version <= codecVersion
        ? decode.call(kind, bytes, version)
        : decode.call(kind, bytes.subarray(1), codecVersion),
  };
  return (isChanged: boolean) => Object.assign(kind, isChanged ? changed : { codecVersion, encode, decode });
}

function marked(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 1);
  all[0] = MARK;
  all.set(bytes, 1);
  return all;
}

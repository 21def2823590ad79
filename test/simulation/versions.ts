import { nextVersion } from './hooks.ts';

export type Code = typeof import('./code.ts');

/** The code as it is, and as a later release would be, whose codecs write what the present one cannot read. */
export async function versions(): Promise<{ readonly present: Code; readonly next: Code }> {
  const present = await import('./code.ts');
  const next = await nextVersion<Code>(new URL('./code.ts', import.meta.url));
  if (next.KINDS === present.KINDS) throw new Error('Cannot simulate two versions: they share their kinds');
  for (const kind of Object.values(next.KINDS)) upgrade(kind);
  return { present, next };
}

interface AnyKind {
  codecVersion: number;
  encode(state: never): Uint8Array;
  decode(bytes: Uint8Array, codecVersion: number): unknown;
}

const MARK = 0x7e;

/** The next version of a codec: the same bytes behind a mark. It reads what came before. */
function upgrade(kind: {
  readonly codecVersion: number;
  readonly encode: unknown;
  readonly decode: unknown;
}) {
  const { codecVersion, encode, decode } = { ...(kind as AnyKind) };
  Object.assign(kind, {
    codecVersion: codecVersion + 1,
    encode: (state: never) => marked(encode.call(kind, state)),
    decode: (bytes: Uint8Array, version: number) =>
      version <= codecVersion
        ? decode.call(kind, bytes, version)
        : decode.call(kind, bytes.subarray(1), codecVersion),
  });
}

function marked(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 1);
  all[0] = MARK;
  all.set(bytes, 1);
  return all;
}

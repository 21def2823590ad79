import { invalidInput } from '../model/fault.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Kind } from './kind.ts';

/** One version of a kind's bytes. It is read for as long as a segment of it may lie in some store: for good. */
export interface CodecVersion {
  read(from: ByteReader): unknown;
  /** The step to the next version's state; absent where two versions differ in their bytes alone. */
  upgrade?(state: never): unknown;
}

/**
 * The codec of a kind: `write` writes the last of `versions`, which are numbered from 1. Older ones are read as they were
 * written, then taken through the steps that lead to the last.
 */
export function codec<S>(
  kind: string,
  versions: readonly CodecVersion[],
  write: (out: ByteWriter, state: S) => void,
): Pick<Kind<S>, 'codecVersion' | 'encode' | 'decode'> {
  return {
    codecVersion: versions.length,

    encode(state) {
      const out = new ByteWriter();
      write(out, state);
      return out.finish();
    },

    decode(bytes, codecVersion) {
      const written = versions[codecVersion - 1];
      if (written === undefined) {
        throw invalidInput(
          `Cannot decode ${kind} section: version ${codecVersion}, know 1 to ${versions.length}`,
        );
      }
      const from = new ByteReader(bytes);
      let state = written.read(from);
      if (!from.done) throw invalidInput(`Cannot decode ${kind} section: bytes are left over`);
      for (const { upgrade } of versions.slice(codecVersion - 1))
        state = upgrade ? upgrade(state as never) : state;
      return state as S;
    },
  };
}

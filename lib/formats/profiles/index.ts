import { Fault } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';
import { textPieces } from '../../model/text-pieces.ts';
import { decodePprof } from '../pprof/decode.ts';
import { encodePprof } from '../pprof/encode.ts';
import { packPprof } from '../pprof/merge.ts';
import { detectProfile, type ProfileFormat } from './detect.ts';
import { foldedLines, speedscopeTexts } from './encode-text.ts';
import { decodeFolded, decodeLines } from './folded.ts';
import { decodeOtlpProfiles } from './otlp-profiles.ts';
import { decodeSentryFile } from './sentry-file.ts';
import { decodeSpeedscope } from './speedscope.ts';
import { utf8Json } from './text.ts';
import { unpackProfile } from './unpack.ts';
import { decodeV8Cpu } from './v8-cpu.ts';
import { decodeV8Heap } from './v8-heap.ts';

export { combineProfiles, inOneUnit } from './combine.ts';
export { detectProfile, PROFILE_FORMATS, type ProfileFormat } from './detect.ts';

export interface DecodeOptions {
  /** Of the file, for messages. */
  readonly name?: string;
  /** For senders that say which it is; else the content tells. */
  readonly format?: ProfileFormat;
}

/** A new format is a module, a line here and one in `detect.ts`. */
const DECODERS: Readonly<Record<ProfileFormat, (bytes: Uint8Array) => Profile>> = {
  pprof: decodePprof,
  'v8-cpuprofile': decodeV8Cpu,
  'v8-heapprofile': decodeV8Heap,
  folded: (bytes) => decodeFolded(bytes),
  lines: (bytes) => decodeLines(bytes),
  speedscope: decodeSpeedscope,
  sentry: decodeSentryFile,
  'otlp-profiles': decodeOtlpProfiles,
  jfr: () => {
    throw new Fault(
      'unsupported',
      'Cannot decode JFR recordings: convert them first, `jfrconv --pprof in.jfr out.pb.gz` (async-profiler) does',
    );
  },
  'go-debug-text': () => {
    throw new Fault(
      'unsupported',
      "Cannot decode the text form of Go's profiles: fetch it without ?debug=, that gives pprof",
    );
  },
};

/**
 * A profile in any of the formats of docs/formats/profiles.md, plain, gzip or zstd (every member and frame of it).
 *
 * @throws Fault `unsupported` for what is no profile of a known format, `invalid-input` for one that is broken,
 *   `too-large` beyond the limits
 */
export function decodeProfile(bytes: Uint8Array, { name, format }: DecodeOptions = {}): Profile {
  try {
    const plain = utf8Json(unpackProfile(bytes));
    const found = format ?? detectProfile(plain);
    if (found === 'not-mine') throw unknownFormat(plain);
    return DECODERS[found](plain);
  } catch (error) {
    if (error instanceof Fault && name !== undefined) {
      throw new Fault(error.code, `${name}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

const unknownFormat = (bytes: Uint8Array) =>
  new Fault(
    'unsupported',
    bytes.length === 0
      ? 'Cannot decode profile: it is empty'
      : 'Cannot tell the format of this profile: need pprof, V8 (.cpuprofile, .heapprofile), folded stacks, speedscope, Sentry or OTLP profiles',
  );

/** pprof is gzip, as everybody writes it; `pprof-plain` is not. */
export type EncodeFormat = 'pprof' | 'pprof-plain' | 'speedscope' | 'folded';

export interface EncodeOptions {
  /** Index of the value type, for formats that have one only (folded). Default: the profile's. */
  readonly type?: number;
  /** Shown by speedscope. */
  readonly name?: string;
}

/** The file in pieces, each made when it is asked for: text may be longer than a string can be. */
export function* encodedPieces(
  profile: Profile,
  format: EncodeFormat,
  { type, name }: EncodeOptions = {},
): Generator<Uint8Array> {
  switch (format) {
    case 'pprof':
      yield packPprof(encodePprof(profile));
      return;
    case 'pprof-plain':
      yield encodePprof(profile);
      return;
    case 'speedscope':
      yield* textPieces(speedscopeTexts(profile, name));
      return;
    case 'folded':
      yield* textPieces(foldedLines(profile, type));
  }
}

export function encodeProfile(
  profile: Profile,
  format: EncodeFormat,
  options: EncodeOptions = {},
): Uint8Array {
  const pieces = [...encodedPieces(profile, format, options)];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

import { guessInApp } from '../profiles/in-app.ts';
import {
  type ByteInterner,
  createByteInterner,
  createSequenceInterner,
  internBytes,
  internSequence,
  RUN_LONG,
  type SequenceInterner,
} from './intern.ts';

// A service says the same names in every profile. What they were decoded to, and whose code they are, is kept between
// profiles, by their bytes: the same bytes mean the same whoever sends them, so that no answer depends on it. All strings
// of one name are then one object as well, whose hash every map behind finds computed.

/** What a function's strings say. */
export interface KnownFunction {
  readonly name: string;
  readonly file: string;
  readonly inApp: number;
}

export interface KnownTexts {
  readonly bytes: ByteInterner;
  /** By place in `bytes`. */
  readonly texts: (string | undefined)[];
  /** Places of name, system name and file. */
  readonly keys: SequenceInterner;
  readonly functions: (KnownFunction | undefined)[];
}

/** Names of some ten services; as strings they take as much again. */
const KEPT_BYTES = 2 * 1024 * 1024;
const KEPT_FUNCTIONS = 40_000;
/** A larger profile is not shared: it could bring more names than are kept. */
const SHARED_BYTES = 1024 * 1024;

const createKnownTexts = (): KnownTexts => ({
  bytes: createByteInterner(),
  texts: [''],
  keys: createSequenceInterner(),
  functions: [],
});

let shared = createKnownTexts();

/** For a profile of `bytes`; not to be held beyond it. What is kept grows by one profile over its bounds at most. */
export function knownTextsFor(bytes: number): KnownTexts {
  if (bytes > SHARED_BYTES) return createKnownTexts();
  const { start, count } = shared.bytes;
  const isFull = start[count]! > KEPT_BYTES || shared.keys.count > KEPT_FUNCTIONS;
  // Names that were made to collide are nobody else's burden.
  if (isFull || Math.max(shared.bytes.longest, shared.keys.longest) > RUN_LONG) shared = createKnownTexts();
  return shared;
}

/** The place of a text. */
export const placeOfText = (known: KnownTexts, source: Uint8Array, from: number, to: number): number =>
  internBytes(known.bytes, source, from, to);

// Bad UTF-8 becomes U+FFFD.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export function textAt(known: KnownTexts, place: number): string {
  const { start, bytes } = known.bytes;
  const text = known.texts[place];
  if (text !== undefined) return text;
  const decoded = utf8.decode(bytes.subarray(start[place]!, start[place + 1]!));
  known.texts[place] = decoded;
  return decoded;
}

const key = new Int32Array(3);

/** @param name place of a text, as are the others; the name that linkers use stands in for one that is not there */
export function functionAt(known: KnownTexts, name: number, systemName: number, file: number): KnownFunction {
  key[0] = name;
  key[1] = systemName;
  key[2] = file;
  const place = internSequence(known.keys, key, 3);
  const before = known.functions[place];
  if (before !== undefined) return before;
  const shown = textAt(known, name) || textAt(known, systemName);
  const path = textAt(known, file);
  const made = { name: shown, file: path, inApp: guessInApp(shown, path) };
  known.functions[place] = made;
  return made;
}

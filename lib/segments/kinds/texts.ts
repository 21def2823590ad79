import { invalidInput } from '../../model/fault.ts';
import { bytesOfHex, hexOf } from '../../model/ids.ts';
import { type ByteReader, type ByteWriter, compareText } from '../bytes.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Sorted, distinct strings: how much of the one before each repeats, and how much follows, both in UTF-16 units; then all
 * that follows as one text. Paths of one folder cost their last part, and one call of the decoder reads them all.
 *
 * @throws RangeError on half of a surrogate pair: it has no UTF-8
 */
export function writeTexts(out: ByteWriter, sorted: readonly string[]) {
  out.uint(sorted.length);
  const rest: string[] = [];
  let before = '';
  for (const text of sorted) {
    if (!text.isWellFormed()) throw new RangeError(`Cannot encode section: ${JSON.stringify(text)} is cut`);
    const shared = sharedPrefix(before, text);
    out.uint(shared);
    out.uint(text.length - shared);
    rest.push(text.slice(shared));
    before = text;
  }
  const bytes = utf8.encode(rest.join(''));
  out.uint(bytes.length);
  out.raw(bytes);
}

function sharedPrefix(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  // Never inside of a pair: what follows has to be a text of its own.
  return i > 0 && isHigh(b.charCodeAt(i - 1)) ? i - 1 : i;
}
const isHigh = (unit: number) => (unit & 0xfc00) === 0xd800;

export function readTexts(from: ByteReader): readonly string[] {
  const count = from.count(2);
  const shared = new Array<number>(count);
  const more = new Array<number>(count);
  for (let i = 0; i < count; i += 1) {
    shared[i] = from.uint();
    more[i] = from.uint();
  }
  const rest = decoded(from.raw(from.uint()));
  const texts = new Array<string>(count);
  let before = '';
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (shared[i]! > before.length || at + more[i]! > rest.length)
      throw invalidInput(`Cannot decode segment: string ${i} is cut`);
    const text = before.slice(0, shared[i]) + rest.slice(at, at + more[i]!);
    if ((i > 0 && compareText(before, text) >= 0) || !text.isWellFormed())
      throw invalidInput(`Cannot decode segment: string ${i} is out of order or broken`);
    texts[i] = text;
    before = text;
    at += more[i]!;
  }
  if (at !== rest.length) throw invalidInput('Cannot decode segment: text is left over');
  return texts;
}

function decoded(bytes: Uint8Array): string {
  try {
    return fromUtf8.decode(bytes);
  } catch (cause) {
    throw invalidInput('Cannot decode segment: a string is not UTF-8', { cause });
  }
}

/** The texts of a table by their places. */
export function readTextTable(from: ByteReader): (place: number) => string {
  const texts = readTexts(from);
  return (place) => {
    const text = texts[place];
    if (text === undefined) throw invalidInput(`Cannot decode segment: string ${place} of ${texts.length}`);
    return text;
  };
}

const HEX = /^(?:[0-9a-f]{2})+$/;

/** An id that mostly is hex, and then takes half of its length. */
export function writeId(out: ByteWriter, id: string) {
  const isHex = HEX.test(id);
  if (!isHex && !id.isWellFormed())
    throw new RangeError(`Cannot encode section: ${JSON.stringify(id)} is cut`);
  out.uint(isHex ? id.length / 2 : 0);
  if (isHex) out.raw(bytesOfHex(id));
  else out.text(id);
}

export function readId(from: ByteReader): string {
  const bytes = from.count();
  return bytes === 0 ? from.text() : hexOf(from.raw(bytes));
}

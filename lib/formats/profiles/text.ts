// Text files as editors and tools write them: UTF-8 or UTF-16 with a byte order mark, or UTF-16 without one.

/** Never throws: bytes that are no text become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(textEncoding(bytes)).decode(bytes);
}

/** What Windows shells make of JSON when output is redirected, as UTF-8; everything else as it is. */
export function utf8Json(bytes: Uint8Array): Uint8Array {
  const [a, b] = bytes;
  const isMarked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  const isBrace = (a === OPEN_OBJECT && b === 0) || (a === 0 && b === OPEN_OBJECT);
  return isMarked || isBrace ? new TextEncoder().encode(decodeText(bytes)) : bytes;
}

const OPEN_OBJECT = 0x7b;

/** Of text without a mark every other byte is zero when it is UTF-16 and mostly ASCII. */
export function textEncoding(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le';
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return 'utf-16be';
  return 'utf-8';
}

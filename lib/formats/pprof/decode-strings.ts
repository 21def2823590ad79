import { MAX_STRING_LENGTH } from '../profiles/limits.ts';
import type { PprofTables } from './tables.ts';

/** Strings are decoded when they are wanted: many never are. Bad UTF-8 becomes U+FFFD. */
export function stringReader({ strings, cursor }: PprofTables): (index: number) => string {
  const known: (string | undefined)[] = new Array(strings.count);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return (index) => {
    const text = known[index];
    if (text !== undefined) return text;
    const start = strings.start[index]!;
    const end = Math.min(strings.end[index]!, start + MAX_STRING_LENGTH);
    const decoded = utf8.decode(cursor.bytes.subarray(start, end));
    known[index] = decoded;
    return decoded;
  };
}

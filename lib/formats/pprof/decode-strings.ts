import { MAX_STRING_LENGTH } from '../profiles/limits.ts';
import type { PprofTables } from './columns.ts';
import { type KnownTexts, placeOfText, textAt } from './known-texts.ts';

const UNSEEN = -1;

/** The strings of one file. They are looked at when they are wanted: many never are. */
export interface StringReader {
  readonly known: KnownTexts;
  /** Of a string by index, its place among the known ones. */
  place(index: number): number;
  text(index: number): string;
}

export function stringReader({ strings, cursor }: PprofTables, known: KnownTexts): StringReader {
  const places = new Int32Array(strings.count).fill(UNSEEN);
  const place = (index: number) => {
    if (places[index]! >= 0) return places[index]!;
    const start = strings.start[index]!;
    const end = Math.min(strings.end[index]!, start + MAX_STRING_LENGTH);
    const found = placeOfText(known, cursor.bytes, start, end);
    places[index] = found;
    return found;
  };
  return { known, place, text: (index) => textAt(known, place(index)) };
}

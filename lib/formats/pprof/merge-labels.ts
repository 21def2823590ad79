import { type ByteInterner, compareInterned, internSequence } from './intern.ts';
import { type Merge, mapString } from './merge-state.ts';
import { LABEL_WIDTH } from './sample.ts';

/**
 * Labels in the order that google/pprof writes them: texts by key, then numbers by key, several values of one key as
 * they came. A key's numbers have units all together or not at all.
 */
export function labelSetOf(merge: Merge): number {
  const { labels, labelCount } = merge.file.sample;
  const length = labelCount * LABEL_WIDTH;
  if (merge.file.labelKey.length < length) merge.file.labelKey = new Int32Array(2 * length);
  const key = merge.file.labelKey;
  for (let at = 0; at < length; at += LABEL_WIDTH) {
    key[at] = mapString(merge, labels[at]!);
    key[at + 1] = mapString(merge, labels[at + 1]!);
    key[at + 2] = labels[at + 2]!;
    key[at + 3] = labels[at + 3]!;
    key[at + 4] = mapString(merge, labels[at + 4]!);
  }
  sortLabels(merge.strings, key, labelCount);
  return internSequence(merge.labelSets, key, length);
}

/** Insertion sort, stable: profilers put on one label, or five. */
function sortLabels(strings: ByteInterner, key: Int32Array, count: number): void {
  for (let i = 1; i < count; i += 1) {
    for (let at = i * LABEL_WIDTH; at > 0 && isAfter(strings, key, at - LABEL_WIDTH, at); at -= LABEL_WIDTH) {
      for (let j = at; j < at + LABEL_WIDTH; j += 1) {
        const item = key[j]!;
        key[j] = key[j - LABEL_WIDTH]!;
        key[j - LABEL_WIDTH] = item;
      }
    }
  }
}

/** Texts come before numbers, then the order of keys decides. */
function isAfter(strings: ByteInterner, key: Int32Array, a: number, b: number): boolean {
  const isNumberA = key[a + 1] === 0;
  const isNumberB = key[b + 1] === 0;
  if (isNumberA !== isNumberB) return isNumberA;
  return compareInterned(strings, key[a]!, key[b]!) > 0;
}

import { type Merge, textOfMerge } from './merge-state.ts';

/** Names of what is merged, in the order of the files. */
export function typesOfMerge(merge: Merge): string[] {
  const places = merge.header?.sampleTypes.filter((_, i) => i % 2 === 0) ?? [];
  return places.map((place) => textOfMerge(merge, place));
}

/** Leaves one type of value. Samples that have none of it, and what only they refer to, go when the merge is finished, which is next. */
export function keepType(merge: Merge, index: number): void {
  const { header, values, samples } = merge;
  if (header === undefined) return;
  const width = header.sampleTypes.length;
  // In place: what is kept of a sample lies before it.
  for (let place = 0; place < samples.count; place += 1) {
    values[2 * place] = values[width * place + 2 * index]!;
    values[2 * place + 1] = values[width * place + 2 * index + 1]!;
  }
  const sampleTypes = header.sampleTypes.slice(2 * index, 2 * index + 2);
  merge.header = { ...header, sampleTypes, defaultSampleType: 0 };
}

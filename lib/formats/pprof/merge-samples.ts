import { Fault } from '../../model/fault.ts';
import { addToBatch, clearBatch, internMapped } from './intern.ts';
import { labelSetOf } from './merge-labels.ts';
import { mapLocations } from './merge-locations.ts';
import { longer, type Merge } from './merge-state.ts';
import { createSampleView, readSample, type SampleView } from './sample.ts';

const MAX_MERGED_ITEMS = 100_000_000;

/** Adds the samples of the file in three rounds over all of them: read, map what they refer to, look them up. */
export function addSamples(merge: Merge): void {
  const { file, samples } = merge;
  mapLocations(merge, readSamples(merge));
  const known = samples.count;
  internMapped(samples, file.sampleKeys, file.locations);
  if (samples.used > MAX_MERGED_ITEMS) {
    throw new Fault(
      'too-large',
      `Cannot merge profiles: more than ${MAX_MERGED_ITEMS} frames in distinct stacks`,
    );
  }
  addValues(merge, known);
}

/** In `file.locations`: in use, but not mapped yet. */
const SEEN = -2;

/** @returns how many locations are in use; `file.order` has them in the order of their first use */
function readSamples(merge: Merge): number {
  const { file } = merge;
  const { tables, sampleKeys } = file;
  const types = tables.header.sampleTypes.length;
  if (file.sample.valueLow.length !== types) file.sample = createSampleView(types);
  const view = file.sample;
  if (file.order.length < tables.locationSpans.count)
    file.order = new Int32Array(2 * tables.locationSpans.count);
  clearBatch(sampleKeys);
  let used = 0;
  for (let row = 0; row < tables.samples.count; row += 1) {
    readSample(tables, row, view);
    if (isZero(view)) continue;
    const labelSet = view.labelCount === 0 ? -1 : labelSetOf(merge);
    keepValues(merge, view);
    used = addSampleKey(merge, view, labelSet, used);
  }
  return used;
}

function isZero({ valueLow, valueHigh }: SampleView): boolean {
  for (let i = 0; i < valueLow.length; i += 1) if (valueLow[i] !== 0 || valueHigh[i] !== 0) return false;
  return true;
}

function addSampleKey({ file }: Merge, view: SampleView, labelSet: number, inUse: number): number {
  const { locations, order } = file;
  let used = inUse;
  const at = addToBatch(file.sampleKeys, view.locationCount + 1);
  const { items } = file.sampleKeys;
  items[at] = labelSet;
  for (let i = 0; i < view.locationCount; i += 1) {
    const row = view.locations[i]!;
    items[at + 1 + i] = row;
    if (locations[row] === SEEN) continue;
    locations[row] = SEEN;
    order[used] = row;
    used += 1;
  }
  return used;
}

function keepValues({ file }: Merge, { valueLow, valueHigh }: SampleView): void {
  const width = 2 * valueLow.length;
  const at = width * file.sampleKeys.count;
  if (at + width > file.sampleValues.length) file.sampleValues = longer(file.sampleValues, 2 * (at + width));
  for (let i = 0; i < valueLow.length; i += 1) {
    file.sampleValues[at + 2 * i] = valueLow[i]!;
    file.sampleValues[at + 2 * i + 1] = valueHigh[i]!;
  }
}

/** @param before samples in the merge before this file: places from there on are new, in ascending order */
function addValues(merge: Merge, before: number): void {
  const { file, samples } = merge;
  const { places, count } = file.sampleKeys;
  const width = 2 * file.sample.valueLow.length;
  if (width * samples.count > merge.values.length)
    merge.values = longer(merge.values, 2 * width * samples.count);
  const { values } = merge;
  // Places that were never used hold zeros.
  values.fill(0, width * before, width * samples.count);
  const own = file.sampleValues;
  for (let i = 0; i < count; i += 1) {
    const to = width * places[i]!;
    const from = width * i;
    for (let j = 0; j < width; j += 2) {
      const added = own[from + j]!;
      const low = (values[to + j]! + added) | 0;
      values[to + j] = low;
      values[to + j + 1] = values[to + j + 1]! + own[from + j + 1]! + (low >>> 0 < added >>> 0 ? 1 : 0);
    }
  }
}

import type { UploadId } from '../model/ids.ts';
import { type Column, type Placed, placedAt, type Scratch, unite } from './columns.ts';
import { NONE } from './pair-table.ts';
import type { Examples } from './state.ts';

/** The upload shows every node that has a value in one of the columns. */
export function examplesOf(columns: readonly Column[], upload: UploadId, nodes: number): Examples {
  const [only, ...more] = columns as readonly [Column, ...Column[]];
  let { at } = only;
  if (more.length > 0) {
    const seen = new Uint8Array(nodes);
    const all: number[] = [];
    for (const column of columns) {
      for (let i = 0; i < column.at.length; i += 1) {
        const node = column.at[i]!;
        if (seen[node] === 0) all.push(node);
        seen[node] = 1;
      }
    }
    at = Uint32Array.from(all);
  }
  return {
    uploads: [upload],
    at,
    first: new Uint32Array(at.length),
    second: new Uint32Array(at.length).fill(NONE),
  };
}

/** Where each of `uploads` lies in the sorted `united`. */
function placesIn(united: readonly UploadId[], uploads: readonly UploadId[]): Uint32Array {
  const places = new Uint32Array(uploads.length);
  let place = 0;
  for (const [i, upload] of uploads.entries()) {
    while (united[place] !== upload) place += 1;
    places[i] = place;
  }
  return places;
}

/** Of each node the two smallest of all that show it. */
export function addExamples(parts: readonly Placed<Examples>[], scratch: Scratch): Examples {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return { ...only.column, at: placedAt(only) };
  const uploads = [...new Set(parts.flatMap(({ column }) => column.uploads))].sort();
  const { at, places } = unite(parts, scratch);
  const first = new Uint32Array(at.length).fill(NONE);
  const second = new Uint32Array(at.length).fill(NONE);
  // Uploads are sorted, so that the smaller index is the smaller id; NONE is larger than all of them.
  const offer = (place: number, upload: number) => {
    if (upload === first[place] || upload >= second[place]!) return;
    if (upload < first[place]!) {
      second[place] = first[place]!;
      first[place] = upload;
    } else second[place] = upload;
  };
  for (const [part, { column }] of parts.entries()) {
    const placeOf = places[part]!;
    const uploadOf = placesIn(uploads, column.uploads);
    for (let i = 0; i < placeOf.length; i += 1) {
      offer(placeOf[i]!, uploadOf[column.first[i]!]!);
      if (column.second[i] !== NONE) offer(placeOf[i]!, uploadOf[column.second[i]!]!);
    }
  }
  return { uploads, at, first, second };
}

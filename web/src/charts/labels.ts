// Labels stand at the lines. Each says where it may stand, best place first; one that finds no free place is left out,
// unless the chart would lie without it.

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}
export interface Label {
  readonly text: string;
  readonly className: string;
  readonly spots: readonly Spot[];
  readonly needed?: boolean;
  /** A shorter text, for when the long one has no room. */
  readonly otherwise?: string;
}
export interface Placed extends Spot {
  readonly text: string;
  readonly className: string;
}
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

// 11 px text: measured on Inter and Liberation Sans, rounded up.
export const LETTER_PX = 6;
const ROOM_PX = 4;

const boxOf = (text: string, { x, y, anchor }: Spot): Box => {
  const width = text.length * LETTER_PX;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - 10, bottom: y + 3 };
};
const meet = (a: Box, b: Box) =>
  a.left < b.right + ROOM_PX && b.left < a.right + ROOM_PX && a.top < b.bottom && b.top < a.bottom;

/** Places labels in order of importance inside 0..width; `marks` are what no label but a needed one may cross. */
export function placeLabels(labels: readonly Label[], width: number, marks: readonly Box[] = []): Placed[] {
  const taken: Box[] = [...marks];
  const out: Placed[] = [];
  for (const { text, otherwise, className, spots, needed } of labels) {
    const free = (words: string) =>
      spots.find((spot) => {
        const box = boxOf(words, spot);
        return box.left >= 0 && box.right <= width && !taken.some((other) => meet(box, other));
      });
    let shown = text;
    let spot = free(text);
    if (!spot && otherwise) {
      shown = otherwise;
      spot = free(otherwise);
    }
    if (!spot && needed) spot = pushInside(text, spots[0], width);
    if (!spot) continue;
    taken.push(boxOf(shown, spot));
    out.push({ ...spot, text: shown, className });
  }
  return out;
}

function pushInside(text: string, spot: Spot | undefined, width: number): Spot | undefined {
  if (!spot) return undefined;
  const { left, right } = boxOf(text, spot);
  if (left < 0) return { ...spot, x: 0, anchor: 'start' };
  return right > width ? { ...spot, x: width, anchor: 'end' } : spot;
}

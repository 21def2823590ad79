/** Counters fall seldom: only where a process is replaced. Counts per row fall about as often as they rise. */
const SELDOM = 0.05;
/** A counter that begins anew falls to this share of itself or less; one that is a sum over processes, by less. */
const RESET_SHARE = 0.2;

/**
 * Whether columns hold counts since a process began, rather than counts since the row before. All columns of a file are
 * of one kind: a route that is called equally often in each row does not look like a counter that stands still then.
 */
export function areCumulative(columns: readonly Float64Array[]): boolean {
  let [rises, falls, partly] = [0, 0, 0];
  for (const column of columns) {
    let before = Number.NaN;
    for (const count of column) {
      if (!Number.isFinite(count)) continue;
      if (count > before) rises += 1;
      if (count < before) falls += 1;
      if (count < before && count > RESET_SHARE * before) partly += 1;
      before = count;
    }
  }
  const isSeldom = falls <= SELDOM * (rises + falls) || (falls <= columns.length && partly === 0);
  return rises > falls && isSeldom;
}

/** Counted up to each row, resets taken out; an empty cell counts nothing. */
export function countedUp(column: Float64Array, isCumulative: boolean): Float64Array {
  let sum = 0;
  let before = 0;
  return column.map((count) => {
    if (!(Number.isFinite(count) && count >= 0)) return sum;
    const isAnew = !isCumulative || count <= RESET_SHARE * before;
    sum += isAnew ? count : Math.max(0, count - before);
    before = count;
    return sum;
  });
}

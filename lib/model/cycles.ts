/**
 * Makes parents fit to be walked: each circle of them is cut at the one that started first, which hangs from the root then.
 * O(n): each is walked over once.
 *
 * @param parent index of each one's parent, −1 for the root, in the order of their starts; it is changed
 */
export function cutCycles(parent: Int32Array): Int32Array {
  const walk = new Int32Array(parent.length); // 0: not yet seen, else the number of the walk that saw it
  for (let i = 0; i < parent.length; i += 1) {
    let at = i;
    while (at !== -1 && walk[at] === 0) {
      walk[at] = i + 1;
      at = parent[at]!;
    }
    if (at !== -1 && walk[at] === i + 1) parent[firstOf(parent, at)] = -1;
  }
  return parent;
}

function firstOf(parent: Int32Array, member: number): number {
  let first = member;
  for (let at = parent[member]!; at !== member; at = parent[at]!) first = Math.min(first, at);
  return first;
}

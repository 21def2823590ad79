/**
 * What one kind of result is: a state, how two of them become one, and how they lie in a segment.
 *
 * merge is commutative and associative with `empty()` as its identity, and encode is canonical, so that the same set of
 * uploads gives the same bytes in any order and batching. States are immutable once made: readers share them.
 */
export interface Kind<S> {
  readonly name: string;
  /** Version that `encode` writes; `decode` reads this one and all before it. */
  readonly codecVersion: number;
  empty(): S;
  merge(a: S, b: S): S;
  /** The same as `merge` from one to the next, at once: for states of which each costs a pass over its tables. */
  mergeMany?(states: readonly S[]): S;
  /**
   * What a roll-up keeps of a state, in steps of `stepMs` that lie on its multiples; absent: all of it. Summarising what
   * was summarised in finer steps gives the same as summarising once.
   */
  summarise?(state: S, stepMs: number): S;
  encode(state: S): Uint8Array;
  /** @throws Fault('invalid-input') on malformed bytes or a version from the future */
  decode(bytes: Uint8Array, codecVersion: number): S;
}

/** Merges pairs, then pairs of pairs: one after the other would copy the growing state once for each of them. */
export function mergeAll<S>(states: readonly S[], merge: (a: S, b: S) => S): S | undefined {
  let level = states;
  while (level.length > 1) {
    const next: S[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as S, level[i + 1]];
      next.push(right === undefined ? left : merge(left, right));
    }
    level = next;
  }
  return level[0];
}

/** All states of a kind as one; undefined when there are none. */
export function mergeStates<S>(
  { merge, mergeMany }: Pick<Kind<S>, 'merge' | 'mergeMany'>,
  states: readonly S[],
): S | undefined {
  return states.length > 2 && mergeMany !== undefined ? mergeMany(states) : mergeAll(states, merge);
}

/** Adds sums that stop at 2^53 − 1 instead of losing their last digits: still commutative and associative. */
export const addUpTo53 = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

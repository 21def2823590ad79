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
  encode(state: S): Uint8Array;
  /** @throws Fault('invalid-input') on malformed bytes or a version from the future */
  decode(bytes: Uint8Array, codecVersion: number): S;
}

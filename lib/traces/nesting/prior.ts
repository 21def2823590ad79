/**
 * How often a span of one key was chosen as parent of another key, of the times it could have been: what an endpoint's
 * other traces tell about this one. Keys are numbers of `Keys`; the root has its own.
 */
export class Prior {
  readonly #pairs = new Map<number, { chosen: number; offered: number }>();

  /** ln((chosen + ½) / (offered + 1)): 0 at most. */
  of(parent: number, child: number): number {
    const pair = this.#pairs.get(pairOf(parent, child));
    return pair ? Math.log((pair.chosen + 0.5) / (pair.offered + 1)) : NOTHING_KNOWN;
  }

  offer(parent: number, child: number, chosen: boolean): void {
    const id = pairOf(parent, child);
    const pair = this.#pairs.get(id) ?? { chosen: 0, offered: 0 };
    if (pair.offered === 0) this.#pairs.set(id, pair);
    pair.offered += 1;
    if (chosen) pair.chosen += 1;
  }
}

const NOTHING_KNOWN = Math.log(0.5);
/** Keys are below 2^26 in any process that lives: the product stays exact. */
const KEYS = 2 ** 26;
const pairOf = (parent: number, child: number) => (parent + 1) * KEYS + child;

/**
 * How often a span of one key was the parent of another key, of the times it could have been, by probability: what an
 * endpoint's other traces tell about this one. Keys are numbers of `Keys`; the root has its own.
 */
export class Prior {
  readonly #pairs = new Map<number, { chosen: number; offered: number }>();
  readonly #children = new Map<number, { total: number; most: number }>();
  #strength: number | undefined;

  /** ln((chosen + ½) / (offered + 1)), 0 at most, times how regular the endpoint is. */
  of(parent: number, child: number): number {
    const pair = this.#pairs.get(pairOf(parent, child));
    return this.#strengthNow() * (pair ? Math.log((pair.chosen + 0.5) / (pair.offered + 1)) : NOTHING_KNOWN);
  }

  /** Whether spans have their places in this endpoint, so that more lessons teach more. */
  isRegular(): boolean {
    return this.#strengthNow() > 1;
  }

  #strengthNow(): number {
    this.#strength ??= this.#regularity();
    return this.#strength;
  }

  offer(parent: number, child: number, probability: number): void {
    const id = pairOf(parent, child);
    const pair = this.#pairs.get(id) ?? { chosen: 0, offered: 0 };
    if (pair.offered === 0) this.#pairs.set(id, pair);
    pair.offered += 1;
    pair.chosen += probability;
    const seen = this.#children.get(child) ?? { total: 0, most: 0 };
    if (seen.total === 0) this.#children.set(child, seen);
    seen.total += probability;
    seen.most = Math.max(seen.most, pair.chosen);
  }

  /**
   * 1 where each kind of span hangs off many kinds, up to `STRONGEST` where each has its one place in the code. Random
   * programs are the former: believing their other traces more costs parents there, and wins as many in web services.
   */
  #regularity(): number {
    let most = 0;
    let total = 0;
    for (const seen of this.#children.values()) {
      most += seen.most;
      total += seen.total;
    }
    const share = total === 0 ? 0 : most / total;
    return 1 + (STRONGEST - 1) * Math.min(1, Math.max(0, (share - IRREGULAR) / (REGULAR - IRREGULAR)));
  }
}

const STRONGEST = 2.5;
/** Share of spans that hang off the commonest parent of their kind: random programs have .4, web services .8 and more. */
const IRREGULAR = 0.5;
const REGULAR = 0.75;
const NOTHING_KNOWN = Math.log(0.5);
/** Keys are below 2^26 in any process that lives: the product stays exact. */
const KEYS = 2 ** 26;
const pairOf = (parent: number, child: number) => (parent + 1) * KEYS + child;

/** Values, or characters, that a section may hold in few bytes however short it is. */
const FREE = 65_536;
/** And for every byte before them: far more than what machines say in ten minutes repeats. */
const EACH_BYTE = 256;

/**
 * How much a section may say in fewer bytes than it has values, so that damaged bytes cannot ask for memory without end. Writer
 * and reader count alike: what would be too much is written at length.
 */
export class Allowance {
  #spent = 0;

  /** @param at bytes of the section before the values */
  take(count: number, at: number): boolean {
    if (this.#spent + count > FREE + EACH_BYTE * at) return false;
    this.#spent += count;
    return true;
  }
}

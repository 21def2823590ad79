/** A store takes some ten milliseconds for each, and S3 thousands a second of one prefix. */
const AT_ONCE = 32;

/**
 * Does some of the work at a time, where most of it is waiting for a store; results in the order of `all`.
 * @throws the first error, and begins nothing more
 */
export async function atOnce<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE)
    results.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(work))));
  return results;
}

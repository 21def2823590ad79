// Hashes of pairs of indices, for the tables that look up frames by (name, file) and nodes by (parent, frame).

/**
 * Indices follow the order in which a sender names things, so it could predict a hash that is always the same and choose pairs
 * that all fall into one slot. Odd factors that only this process knows take that away; nothing outside it sees the hashes.
 */
const oddFactor = () => crypto.getRandomValues(new Uint32Array(1))[0]! | 1;
// 0: not drawn yet. Runtimes at the edge give no random values while a module loads.
let [firstFactor, secondFactor] = [0, 0];

/** Murmur3's finaliser on a mix of both, since neighbours must not lie beside each other. Of either sign: to be masked. */
export function pairHash(first: number, second: number): number {
  if (firstFactor === 0) [firstFactor, secondFactor] = [oddFactor(), oddFactor()];
  let hash = Math.imul(first, firstFactor) ^ Math.imul(second, secondFactor);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
  return hash ^ (hash >>> 13);
}

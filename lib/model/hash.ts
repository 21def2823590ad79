/** FNV-1a, 32 bits, as 8 hex digits: for short stable names, never for anything that an attacker must not forge. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** In the order of their hashes, which is the same everywhere and has nothing to do with what they say. */
export const byShortHash = (texts: Iterable<string>): string[] =>
  Array.from(texts, (text) => ({ text, hash: shortHash(text) }))
    .sort((a, b) => (a.hash === b.hash ? (a.text < b.text ? -1 : 1) : a.hash < b.hash ? -1 : 1))
    .map(({ text }) => text);

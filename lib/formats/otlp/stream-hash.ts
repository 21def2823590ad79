import type { Attributes } from '../work/attributes.ts';
import type { Scope } from './decoded.ts';

/**
 * Tells series apart that share unit, status and metric. The part before the dot stands for the scope alone: two
 * instrumentations that count the same requests (a framework's and the HTTP module's) differ in it.
 */
export function streamOf(scope: Scope, attributes: Attributes): string {
  const pairs: string[] = [];
  for (const [key, value] of attributes) pairs.push(`${key}\u0000${typeof value}\u0000${value}`);
  return `${scopeHash(scope)}.${shortHash(pairs.sort().join('\u0001'))}`;
}

export const scopeOfStream = (stream: string): string => stream.slice(0, stream.indexOf('.'));

/** Without the version: an upgrade does not make another series. */
const scopeHash = (scope: Scope): string => shortHash(scope.name).slice(-6);

/** 53 bits of two multiplicative hashes over UTF-16 units (cyrb53), in base 36. Not for secrets. */
export function shortHash(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return ((high & 0x1fffff) * 2 ** 32 + (low >>> 0)).toString(36).padStart(11, '0');
}

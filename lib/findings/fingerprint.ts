import type { FindingKind } from '../model/finding.ts';
import type { MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';

/**
 * What a finding is about. Suspects, onset and release are left out on purpose: they sharpen from scan to scan, and the
 * finding must stay the same one.
 */
export interface Subject {
  readonly project: string;
  readonly service: ServiceName;
  readonly kind: FindingKind;
  /** The role that grew, or the name of the rule. */
  readonly role: MemoryRole | string;
}

/** Id of the finding, the same at every scan, fit for URLs: `leak-` and 16 hex digits. */
export function fingerprint({ project, service, kind, role }: Subject): string {
  // Lengths in front, so that no two subjects run together into one text.
  const text = [project, service, kind, role].map((part) => `${part.length}:${part}`).join('');
  return `${kind}-${fnv1a64(new TextEncoder().encode(text)).toString(16).padStart(16, '0')}`;
}

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): two of 100,000 subjects meet with p = 3·10⁻¹⁰. */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash;
}

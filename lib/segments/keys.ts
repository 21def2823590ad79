import { shortHash } from '../model/hash.ts';
import type { Partition } from '../model/partition.ts';

const NAME_MAX = 120;

/** Any text as part of an object key: what keys may not hold becomes =XX, long names end in a hash. */
export function keyPart(text: string): string {
  let escaped = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    escaped += /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).padStart(2, '0')}`;
  }
  if (escaped === '') return '=';
  return escaped.length <= NAME_MAX ? escaped : `${escaped.slice(0, NAME_MAX - 9)}.${shortHash(text)}`;
}

/** Prefix of every segment of one generation of a project. Services whose names share a prefix may share a folder. */
export function segmentKey(partition: Partition, id: string): string {
  const { project, service, start, generation } = partition;
  const bucket = new Date(start).toISOString().slice(0, 16).replace(':', '.');
  return `${SEGMENT_PREFIX}g${generation}/${keyPart(project)}/${keyPart(service)}/10m/${bucket}/${id}`;
}

export const SEGMENT_PREFIX = 'seg/';

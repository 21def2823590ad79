import { shortHash } from '../model/hash.ts';
import { type Partition, type Step, stepOf } from '../model/partition.ts';

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

/** Where the segments of a service in one generation lie. Services whose long names begin alike may share a folder. */
export const servicePrefix = (project: string, service: string, generation: number): string =>
  `${SEGMENT_PREFIX}g${generation}/${keyPart(project)}/${keyPart(service)}/`;

export function segmentKey(partition: Partition, id: string): string {
  const { project, service, start, generation, shard = 0 } = partition;
  const bucket = new Date(start).toISOString().slice(0, 16).replace(':', '.');
  const part = shard === 0 ? bucket : `${bucket}_${shard}`;
  return `${servicePrefix(project, service, generation)}${stepOf(partition)}/${part}/${id}`;
}

/** Where in its service the partition of a segment lies, as its key names it. */
export function placeOfKey(key: string): Omit<Partition, 'project' | 'service'> {
  const [, generation = '', , , step, part = ''] = key.split('/');
  const [bucket = '', shard] = part.split('_');
  return {
    generation: Number(generation.slice(1)),
    start: Date.parse(`${bucket.replace('.', ':')}Z`),
    ...(step === '10m' ? {} : { step: step as Step }),
    ...(shard === undefined ? {} : { shard: Number(shard) }),
  };
}

export const SEGMENT_PREFIX = 'seg/';

import { bytes, count, digits, milliseconds } from '../format.ts';

const NS_PER: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

/** An amount in the unit of a profile type, as people say it. */
export function profileAmount(value: number, unit: string): string {
  if (unit === 'bytes') return bytes(value);
  const factor = Object.hasOwn(NS_PER, unit) ? NS_PER[unit] : undefined;
  return factor === undefined ? count(value) : milliseconds((value * factor) / 1e6);
}

const WORDS: Readonly<Record<string, string>> = {
  cpu: 'CPU time',
  wall: 'wall time',
  samples: 'samples',
  inuse_space: 'live heap',
  inuse_objects: 'live objects',
  alloc_space: 'allocated bytes',
  alloc_objects: 'allocated objects',
  goroutine: 'goroutines',
  goroutines: 'goroutines',
  mutex: 'mutex wait',
  block: 'block wait',
  delay: 'wait',
  contentions: 'contentions',
};
export const typeWord = (type: string): string => WORDS[type] ?? type.replaceAll('_', ' ');

/** How often, in the unit that gives a number of at least one: `4.2/s`, `12/min`, `3/h`. */
export function throughput(perSecond: number): string {
  if (perSecond >= 1) return `${digits(perSecond)}/s`;
  return perSecond >= 1 / 60 ? `${digits(perSecond * 60)}/min` : `${digits(perSecond * 3600)}/h`;
}

const TIMES = new Set(['cpu', 'cpu-time', 'wall', 'wall-time']);
/** Whether a type tells how long things took, as functions and their growth are told. */
export const isTime = ({ type, unit }: { readonly type: string; readonly unit: string }): boolean =>
  TIMES.has(type) && Object.hasOwn(NS_PER, unit);

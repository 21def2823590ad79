import type { ProfileOrigin } from '../../lib/flame/from-profile.ts';
import { profileOf } from '../../lib/flame/to-profile.ts';
import type { FlameTree } from '../../lib/flame/tree.ts';
import { encodeProfile } from '../../lib/formats/profiles/index.ts';
import type { UploadId } from '../../lib/model/ids.ts';
import type { Profile, Temporality, ValueColumn } from '../../lib/model/profile.ts';
import type { UnitOfWork } from '../../lib/model/unit-of-work.ts';

// Profiles drawn as text. A line is a sample: frames from the root down, then one value per type.
//
//   main;serve;parse@app.js:12   5 500   [http GET /orders]
//
// A frame is name, @file and :line, with + before it where it is the team's own; the unit of work in brackets is optional; `-` is a sample without a frame.

export interface DrawnOptions {
  /** 'cpu/nanoseconds', 'inuse_space/bytes level', … */
  readonly types?: readonly string[];
  readonly durationNs?: number;
}

export function drawn(text: string, { types = ['cpu/nanoseconds'], durationNs }: DrawnOptions = {}): Profile {
  const strings = new Interned<string>();
  strings.of('');
  const frames = new Interned<string>();
  const stacks = new Interned<string>();
  stacks.of('root');
  const units = new Interned<string>();
  const samples = { stack: [] as number[], unit: [] as number[], values: types.map((): bigint[] => []) };
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const [, path, numbers, unit] = /^(\S*)\s+([-\d ]+?)\s*(?:\[(.*)\])?$/.exec(line)!;
    let node = 0;
    for (const frame of path === '-' ? [] : path!.split(';')) node = stacks.of(`${node} ${frames.of(frame)}`);
    samples.stack.push(node);
    samples.unit.push(unit === undefined ? -1 : units.of(unit));
    for (const [i, value] of numbers!.split(/\s+/).entries()) samples.values[i]!.push(BigInt(value));
  }
  const parts = frames.all.map((frame) => /^(\+?)(.*?)(?:@(.*?))?(?::(\d+))?$/.exec(frame)!);
  const table = {
    name: Uint32Array.from(parts, (part) => strings.of(part[2] ?? '')),
    file: Uint32Array.from(parts, (part) => strings.of(part[3] ?? '')),
    line: Int32Array.from(parts, (part) => Number(part[4] ?? 0)),
    inApp: Int8Array.from(parts, (part) => (part[1] === '+' ? 1 : -1)),
  };
  const pairs = stacks.all.slice(1).map((pair) => pair.split(' ').map(Number) as [number, number]);
  return {
    format: 'drawing',
    sampleTypes: types.map((type) => {
      const [, name, unit, temporality] = /^(.*)\/(\S*)(?: (\w+))?$/.exec(type)!;
      return { type: name!, unit: unit!, temporality: (temporality ?? 'delta') as Temporality };
    }),
    defaultType: types.length - 1,
    start: null,
    durationNs: durationNs ?? null,
    frames: { strings: strings.all, ...table },
    stacks: {
      parent: Uint32Array.from([0, ...pairs.map(([parent]) => parent)]),
      frame: Uint32Array.from([0, ...pairs.map(([, frame]) => frame)]),
    },
    samples: {
      stack: Uint32Array.from(samples.stack),
      unit: Int32Array.from(samples.unit),
      values: samples.values.map(valuesOf),
    },
    units: units.all.map((unit) => {
      const space = unit.indexOf(' ');
      return { kind: unit.slice(0, space), name: unit.slice(space + 1) } as UnitOfWork;
    }),
    threads: [],
    labels: new Map(),
  };
}

function valuesOf(values: readonly bigint[]): ValueColumn {
  const magnitude = values.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n);
  return magnitude <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Float64Array.from(values, Number)
    : BigInt64Array.from(values);
}

class Interned<T> {
  readonly all: T[] = [];
  readonly #index = new Map<T, number>();
  of(value: T): number {
    const known = this.#index.get(value);
    if (known !== undefined) return known;
    this.#index.set(value, this.all.length);
    this.all.push(value);
    return this.all.length - 1;
  }
}

export const T0 = Date.UTC(2031, 4, 6, 7, 0);
export const upload = (n: number) => n.toString(16).padStart(32, '0') as UploadId;
export const origin = (n: number, more: Partial<ProfileOrigin> = {}): ProfileOrigin => ({
  upload: upload(n),
  version: '',
  instance: 'pod-1',
  lifeStart: null,
  time: T0,
  scrub: (text) => text,
  ...more,
});

const COUNTS = { type: 'samples', unit: 'count', temporality: 'delta' } as const;

/** A tree as folded stacks, the way they leave the product, sorted. */
export function foldedText(tree: FlameTree): string {
  const profile = profileOf(tree, { sampleType: COUNTS, from: 0, to: 0 });
  const lines = new TextDecoder().decode(encodeProfile(profile, 'folded')).split(/(?<=\n)/);
  return lines.sort().join('');
}

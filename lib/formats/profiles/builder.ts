import type { Profile, SampleType } from '../../model/profile.ts';
import { type UnitOfWork, unitKey } from '../../model/unit-of-work.ts';
import { createSequenceInterner, internSequence } from '../pprof/intern.ts';
import { clip, MAX_DEPTH, MAX_NODES, MAX_SAMPLES, MAX_STACKS, tooMany } from './limits.ts';
import { growingValues } from './value-column.ts';

/** What the format says about a profile apart from its samples. */
export interface ProfileFacts {
  readonly format: string;
  readonly sampleTypes: readonly SampleType[];
  /** Default: the last type, as in pprof. */
  readonly defaultType?: number;
  readonly start?: number | null;
  readonly durationNs?: number | null;
  readonly labels?: ReadonlyMap<string, string>;
}

export interface SampleFacts {
  readonly unit?: number;
  readonly time?: number;
  readonly thread?: number;
}

/** The node of the empty stack. */
export const ROOT = 0;

/** Of Date, which ends in the year 275760. */
const MAX_DATE_MS = 8.64e15;
/** What 64 bits of nanoseconds hold. */
const MAX_DURATION_NS = 2 ** 63;

const inRange = (value: number | null | undefined, limit: number): number | null =>
  value !== null && value !== undefined && Math.abs(value) < limit ? value : null;

/** Collects a profile sample by sample, within the limits of `limits.ts`. Decoders know formats, this knows the model. */
export function createProfileBuilder(valueColumns: number) {
  const strings: string[] = [''];
  const stringIndex = new Map<string, number>([['', 0]]);
  const frames = createSequenceInterner();
  const nodes = createSequenceInterner();
  const key = new Int32Array(4);
  const depths: number[] = [0];
  const stacks = new Set<number>();
  const columns = Array.from({ length: valueColumns }, growingValues);
  const sampleStacks: number[] = [];
  const units: UnitOfWork[] = [];
  const unitIndex = new Map<string, number>();
  const sampleUnits: number[] = [];
  const times: number[] = [];
  const threads: string[] = [];
  const threadIndex = new Map<string, number>();
  const sampleThreads: number[] = [];
  // The root takes place 0; no other node has its key.
  key[0] = -1;
  key[1] = -1;
  internSequence(nodes, key, 2);

  const string = (text: string): number => {
    const known = stringIndex.get(text);
    if (known !== undefined) return known;
    const clipped = clip(text);
    const index = clipped === text ? strings.push(text) - 1 : string(clipped);
    if (clipped === text) stringIndex.set(text, index);
    return index;
  };

  return {
    string,

    /** @param name index of a string, as is `file` */
    frame(name: number, file: number, line: number, inApp: number): number {
      key[0] = name;
      key[1] = file;
      key[2] = line;
      key[3] = inApp;
      return internSequence(frames, key, 4);
    },

    /** The stack of `parent` with one frame more at its leaf. */
    node(parent: number, frame: number): number {
      key[0] = parent;
      key[1] = frame;
      const before = nodes.count;
      const node = internSequence(nodes, key, 2);
      if (node === before) {
        if (nodes.count > MAX_NODES) throw tooMany('nodes in its tree of stacks', MAX_NODES);
        depths.push(depths[parent]! + 1);
        if (depths[node]! > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
      }
      return node;
    },

    unit(unit: UnitOfWork): number {
      const name = unitKey(unit);
      const known = unitIndex.get(name);
      if (known !== undefined) return known;
      unitIndex.set(name, units.length);
      return units.push({ ...unit, name: clip(unit.name) }) - 1;
    },

    /** @param id what tells threads apart; a name alone may be shared */
    thread(id: string, name: string): number {
      const known = threadIndex.get(id);
      if (known !== undefined) return known;
      threadIndex.set(id, threads.length);
      return threads.push(clip(name)) - 1;
    },

    /** Its values follow by `value`, one for each column. */
    sample(stack: number, { unit = -1, time = Number.NaN, thread = -1 }: SampleFacts = {}): void {
      if (sampleStacks.length >= MAX_SAMPLES) throw tooMany('samples', MAX_SAMPLES);
      if (stacks.size < MAX_STACKS) stacks.add(stack);
      else if (!stacks.has(stack)) throw tooMany('distinct stacks', MAX_STACKS);
      sampleStacks.push(stack);
      sampleUnits.push(unit);
      times.push(Number.isFinite(time) ? time : Number.NaN);
      sampleThreads.push(thread);
    },

    value: (column: number, value: number | bigint): void => columns[column]!.push(value),

    get sampleCount() {
      return sampleStacks.length;
    },

    finish(facts: ProfileFacts): Profile {
      const hasTimes = times.some((time) => !Number.isNaN(time));
      const frameColumn = (place: number) => {
        const column = new Int32Array(frames.count);
        for (let i = 0; i < column.length; i += 1) column[i] = frames.items[frames.start[i]! + place]!;
        return column;
      };
      const parent = new Uint32Array(nodes.count);
      const frame = new Uint32Array(nodes.count);
      for (let node = 1; node < nodes.count; node += 1) {
        parent[node] = nodes.items[nodes.start[node]!]!;
        frame[node] = nodes.items[nodes.start[node]! + 1]!;
      }
      return {
        format: facts.format,
        sampleTypes: facts.sampleTypes,
        defaultType: facts.defaultType ?? Math.max(0, facts.sampleTypes.length - 1),
        start: inRange(facts.start, MAX_DATE_MS),
        durationNs: inRange(facts.durationNs, MAX_DURATION_NS),
        frames: {
          strings,
          name: Uint32Array.from(frameColumn(0)),
          file: Uint32Array.from(frameColumn(1)),
          line: frameColumn(2),
          inApp: Int8Array.from(frameColumn(3)),
        },
        stacks: { parent, frame },
        samples: {
          stack: Uint32Array.from(sampleStacks),
          values: columns.map((column) => column.finish()),
          unit: Int32Array.from(sampleUnits),
          ...(hasTimes ? { time: Float64Array.from(times) } : {}),
          ...(threads.length > 0 ? { thread: Int32Array.from(sampleThreads) } : {}),
        },
        units,
        threads,
        labels: facts.labels ?? new Map(),
      };
    },
  };
}

export type ProfileBuilder = ReturnType<typeof createProfileBuilder>;

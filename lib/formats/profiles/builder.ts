import type { LineTicks, Profile, SampleType, ValueColumn } from '../../model/profile.ts';
import { type UnitOfWork, unitKey } from '../../model/unit-of-work.ts';
import { createSequenceInterner, internSequence } from '../pprof/intern.ts';
import { clip, MAX_SAMPLES, MAX_STACKS, MAX_UNITS, tooMany } from './limits.ts';
import { childOf, createNodeTable } from './node-table.ts';
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
  /** Instead of values given one by one. */
  readonly values?: readonly ValueColumn[];
  readonly sampleCount?: number;
  readonly notes?: readonly string[];
  readonly lineTicks?: LineTicks | undefined;
}

export interface SampleFacts {
  readonly unit?: number;
  readonly time?: number;
  readonly thread?: number;
}

const NO_FACTS: SampleFacts = {};

type Column = Uint8Array | Uint32Array | Int32Array | Float64Array;

function longer<T extends Column>(column: T, make: new (length: number) => T, length: number): T {
  const grown = new make(length);
  grown.set(column);
  return grown;
}

/** The node of the empty stack. */
export const ROOT = 0;

/** Of Date, which ends in the year 275760. */
const MAX_DATE_MS = 8.64e15;
/** What 64 bits of nanoseconds hold. */
const MAX_DURATION_NS = 2 ** 63;

const inRange = (value: number | null | undefined, limit: number): number | null =>
  value !== null && value !== undefined && Math.abs(value) < limit ? value : null;

const FIRST_ROOM = 64;
const ROOM_MAX = 1 << 16;

/**
 * Collects a profile sample by sample, within the limits of `limits.ts`. Decoders know formats, this knows the model.
 *
 * @param samples how many there may be, as far as is known: room that need not grow
 */
export function createProfileBuilder(valueColumns: number, samples = FIRST_ROOM) {
  const strings: string[] = [''];
  const stringIndex = new Map<string, number>([['', 0]]);
  const frames = createSequenceInterner();
  const expected = Math.min(ROOM_MAX, Math.max(FIRST_ROOM, samples));
  const nodes = createNodeTable(4 * expected);
  const key = new Int32Array(4);
  // Samples by column; one byte per node tells whether it is the stack of a sample.
  let room = expected;
  let count = 0;
  let stackCount = 0;
  let isStack = new Uint8Array(4 * expected);
  let sampleStacks = new Uint32Array(room);
  let sampleUnits = new Int32Array(room);
  let sampleThreads = new Int32Array(room);
  let times = new Float64Array(room);
  let hasTimes = false;
  const columns = Array.from({ length: valueColumns }, growingValues);
  const units: UnitOfWork[] = [];
  const unitIndex = new Map<string, number>();
  const threads: string[] = [];
  const threadIndex = new Map<string, number>();

  const growSamples = () => {
    room *= 2;
    sampleStacks = longer(sampleStacks, Uint32Array, room);
    sampleUnits = longer(sampleUnits, Int32Array, room);
    sampleThreads = longer(sampleThreads, Int32Array, room);
    times = longer(times, Float64Array, room);
  };

  const addStack = (stack: number) => {
    if (stackCount >= MAX_STACKS) throw tooMany('distinct stacks', MAX_STACKS);
    if (stack >= isStack.length) isStack = longer(isStack, Uint8Array, 2 * nodes.parent.length);
    isStack[stack] = 1;
    stackCount += 1;
  };

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

    /** For loops that add stacks frame by frame; `node` does it once. */
    nodes,

    /** The stack of `parent` with one frame more at its leaf. */
    node: (parent: number, frame: number): number => childOf(nodes, parent, frame),

    /** −1, none, for those beyond MAX_UNITS: a label that is no route must not cost each reader a column per value. */
    unit(unit: UnitOfWork): number {
      const name = unitKey(unit);
      const known = unitIndex.get(name);
      if (known !== undefined) return known;
      if (units.length >= MAX_UNITS) return -1;
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
    sample(stack: number, { unit = -1, time = Number.NaN, thread = -1 }: SampleFacts = NO_FACTS): void {
      if (count >= MAX_SAMPLES) throw tooMany('samples', MAX_SAMPLES);
      if (count === room) growSamples();
      if (isStack[stack] !== 1) addStack(stack);
      sampleStacks[count] = stack;
      sampleUnits[count] = unit;
      sampleThreads[count] = thread;
      times[count] = Number.isFinite(time) ? time : Number.NaN;
      hasTimes ||= Number.isFinite(time);
      count += 1;
    },

    value: (column: number, value: number | bigint): void => columns[column]!.push(value),

    get sampleCount() {
      return count;
    },

    finish(facts: ProfileFacts): Profile {
      const frameColumn = (place: number) => {
        const column = new Int32Array(frames.count);
        for (let i = 0; i < column.length; i += 1) column[i] = frames.items[frames.start[i]! + place]!;
        return column;
      };
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
        stacks: { parent: nodes.parent.slice(0, nodes.count), frame: nodes.frame.slice(0, nodes.count) },
        samples: {
          stack: sampleStacks.slice(0, count),
          values: facts.values ?? columns.map((column) => column.finish()),
          unit: sampleUnits.slice(0, count),
          ...(hasTimes ? { time: times.slice(0, count) } : {}),
          ...(threads.length > 0 ? { thread: sampleThreads.slice(0, count) } : {}),
        },
        units,
        threads,
        labels: facts.labels ?? new Map(),
        ...(facts.sampleCount !== undefined && { sampleCount: facts.sampleCount }),
        ...(facts.notes && { notes: facts.notes }),
        ...(facts.lineTicks && { lineTicks: facts.lineTicks }),
      };
    },
  };
}

export type ProfileBuilder = ReturnType<typeof createProfileBuilder>;

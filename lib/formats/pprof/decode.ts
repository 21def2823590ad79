import type { Profile, SampleType } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from '../profiles/builder.ts';
import { guessInApp, UNKNOWN } from '../profiles/in-app.ts';
import { MAX_DEPTH, MAX_STRING_LENGTH, tooMany } from '../profiles/limits.ts';
import { temporalityOf } from '../profiles/temporality.ts';
import { METHOD_LABELS, UNIT_LABELS, unitOfLabel } from '../profiles/work-unit.ts';
import { createSampleView, LABEL_WIDTH, readSample, type SampleView } from './sample.ts';
import { createTables, type PprofTables, readTables } from './tables.ts';
import { isExact, toBigInt, toNumber } from './wire.ts';

const NS_PER_MS = 1e6;

/**
 * @param bytes pprof, not compressed
 * @throws Fault('invalid-input') when it is broken, Fault('too-large') beyond the limits
 */
export function decodePprof(bytes: Uint8Array): Profile {
  const tables = createTables();
  readTables(bytes, tables);
  const { header } = tables;
  const text = stringReader(tables);
  const builder = createProfileBuilder(header.sampleTypes.length);
  const view = createSampleView(header.sampleTypes.length);
  const isBelowZero = header.sampleTypes.map(() => false);
  const locations = locationReader(tables, text, builder);
  const labels = labelReader(text, builder);
  for (let row = 0; row < tables.samples.count; row += 1) {
    readSample(tables, row, view);
    builder.sample(stackOf(view, locations, builder), labels(view));
    for (let i = 0; i < view.valueLow.length; i += 1) {
      const low = view.valueLow[i]!;
      const high = view.valueHigh[i]!;
      if (high < 0) isBelowZero[i] = true;
      builder.value(i, isExact(high) ? toNumber(low, high) : toBigInt(low, high));
    }
  }
  const durationNs = Number(header.durationNanos);
  const sampleTypes = header.sampleTypes.map(({ type, unit }, i) => ({
    type: text(type),
    unit: text(unit),
    temporality: temporalityOf(text(type), durationNs > 0, isBelowZero[i]),
  }));
  return builder.finish({
    format: 'pprof',
    sampleTypes,
    defaultType: defaultType(sampleTypes, text(header.defaultSampleType)),
    start: startOf(Number(header.timeNanos), durationNs, sampleTypes),
    durationNs: durationNs > 0 ? durationNs : null,
  });
}

/** pprof's rule: the one that the header names, else the last. */
function defaultType(sampleTypes: readonly SampleType[], wanted: string): number {
  const named = wanted === '' ? -1 : sampleTypes.findIndex(({ type }) => type === wanted);
  return named >= 0 ? named : Math.max(0, sampleTypes.length - 1);
}

/** Go writes the time at which a profile began, @datadog/pprof (dd-trace, Pyroscope's Node SDK) at which it ended. */
function startOf(timeNs: number, durationNs: number, sampleTypes: readonly SampleType[]): number | null {
  if (timeNs <= 0) return null;
  const isDatadog = sampleTypes[0]?.type === 'sample' && sampleTypes[1]?.type === 'wall';
  return (timeNs - (isDatadog ? Math.max(0, durationNs) : 0)) / NS_PER_MS;
}

/** Strings are decoded when they are wanted: many never are. Bad UTF-8 becomes U+FFFD. */
function stringReader({ strings, cursor }: PprofTables): (index: number) => string {
  const known: (string | undefined)[] = [];
  const utf8 = new TextDecoder();
  return (index) => {
    const text = known[index];
    if (text !== undefined) return text;
    const start = strings.start[index]!;
    const end = Math.min(strings.end[index]!, start + MAX_STRING_LENGTH);
    const decoded = utf8.decode(cursor.bytes.subarray(start, end));
    known[index] = decoded;
    return decoded;
  };
}

type LocationReader = (row: number) => Int32Array;

/** Frames of a location, outermost first. */
function locationReader(
  tables: PprofTables,
  text: (index: number) => string,
  builder: ProfileBuilder,
): LocationReader {
  const known: (Int32Array | undefined)[] = [];
  return (row) => {
    const frames = known[row];
    if (frames !== undefined) return frames;
    const first = tables.locations.firstLine[row]!;
    const count = tables.locations.firstLine[row + 1]! - first;
    if (count > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
    const read = new Int32Array(Math.max(1, count));
    if (count === 0) read[0] = addressFrame(tables, row, text, builder);
    for (let i = 0; i < count; i += 1) read[i] = lineFrame(tables, row, first + count - 1 - i, text, builder);
    known[row] = read;
    return read;
  };
}

/** A location that nobody has symbols for goes by its address, and by the binary that it is in. */
function addressFrame(
  tables: PprofTables,
  row: number,
  text: (index: number) => string,
  builder: ProfileBuilder,
): number {
  const mapping = tables.mappings[tables.locations.mapping[row]!];
  const file = mapping === undefined ? '' : text(mapping.file);
  return builder.frame(builder.string(addressOf(tables, row)), builder.string(file), 0, UNKNOWN);
}

/** Of functions that have no name, those without an address neither: other formats have such frames. */
const knownAddress = (tables: PprofTables, row: number): string =>
  tables.locations.addressLow[row] === 0 && tables.locations.addressHigh[row] === 0
    ? ''
    : addressOf(tables, row);

function addressOf({ locations }: PprofTables, row: number): string {
  const address = toBigInt(locations.addressLow[row]!, locations.addressHigh[row]!);
  return `0x${BigInt.asUintN(64, address).toString(16)}`;
}

const MAX_LINE = 0x7fff_ffff;

function lineFrame(
  tables: PprofTables,
  row: number,
  line: number,
  text: (index: number) => string,
  builder: ProfileBuilder,
): number {
  const { functions, lines } = tables;
  const place = lines.function[line]!;
  const file = text(functions.file[place]!);
  const name =
    text(functions.name[place]!) || text(functions.systemName[place]!) || knownAddress(tables, row);
  const low = lines.lineLow[line]!;
  const isLine = lines.lineHigh[line] === 0 && low >= 0 && low <= MAX_LINE;
  return builder.frame(builder.string(name), builder.string(file), isLine ? low : 0, guessInApp(name, file));
}

function stackOf(view: SampleView, locations: LocationReader, builder: ProfileBuilder): number {
  let node = ROOT;
  for (let i = view.locationCount - 1; i >= 0; i -= 1) {
    const frames = locations(view.locations[i]!);
    for (let j = 0; j < frames.length; j += 1) node = builder.node(node, frames[j]!);
  }
  return node;
}

/** Unit of work, time and thread of a sample, from its labels. */
function labelReader(text: (index: number) => string, builder: ProfileBuilder) {
  const ranks = new Map<string, number>(UNIT_LABELS.map((name, i) => [name, i]));
  const methods = new Set<string>(METHOD_LABELS);
  const units = new Map<string, number>();
  // One object for all samples: most have no labels, and their facts are copied at once.
  const facts = { unit: -1, time: Number.NaN, thread: -1 };
  return ({ labels, labelCount }: SampleView) => {
    facts.unit = -1;
    facts.time = Number.NaN;
    facts.thread = -1;
    if (labelCount === 0) return facts;
    let rank: number = UNIT_LABELS.length;
    let value = '';
    let method = '';
    let threadId = '';
    let threadName = '';
    for (let i = 0; i < labelCount; i += 1) {
      const at = i * LABEL_WIDTH;
      const key = text(labels[at]!);
      const words = text(labels[at + 1]!);
      if (words === '' && key === 'end_timestamp_ns')
        facts.time = toNumber(labels[at + 2]!, labels[at + 3]!) / NS_PER_MS;
      if (words === '') continue;
      const found = ranks.get(key);
      if (found !== undefined && found < rank) {
        rank = found;
        value = words;
      } else if (methods.has(key)) method = words;
      else if (key === 'thread id' || key === 'thread_id') threadId = words;
      else if (key === 'thread name' || key === 'thread_name') threadName = words;
    }
    const isThread = threadId !== '' || threadName !== '';
    if (value !== '') facts.unit = unitIndex(units, value, method, builder);
    if (isThread) facts.thread = builder.thread(threadId || threadName, threadName || threadId);
    return facts;
  };
}

function unitIndex(
  known: Map<string, number>,
  value: string,
  method: string,
  builder: ProfileBuilder,
): number {
  const key = `${method} ${value}`;
  const index = known.get(key) ?? builder.unit(unitOfLabel(value, method));
  known.set(key, index);
  return index;
}

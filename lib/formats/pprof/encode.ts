import type { Profile, ValueColumn } from '../../model/profile.ts';
import {
  createWireWriter,
  MAX_FIELD,
  reserve,
  sizeOf,
  sizeOfOptional,
  sizeOfSmall,
  type WireWriter,
  writeBigOptional,
  writeLength,
  writeOptional,
  writeSmall,
  writeVarint,
  written,
} from './wire-writer.ts';

// A profile as pprof: one location per frame, one function per name and file. What pprof has no field for goes into the
// labels that profilers use for it, so that decoding gives the same profile again.

const TWO_32 = 2 ** 32;

/** @returns protobuf, not compressed */
export function encodePprof(profile: Profile): Uint8Array {
  const writer = createWireWriter();
  const strings = stringNumbers();
  for (const { type, unit } of profile.sampleTypes)
    writeValueType(writer, strings.number(type), strings.number(unit));
  writeSamples(writer, profile, strings);
  writeFrames(writer, profile, strings);
  const named = profile.sampleTypes[profile.defaultType]?.type ?? '';
  const defaultType = strings.number(named);
  for (const text of strings.all()) writeText(writer, text);
  reserve(writer, 3 * MAX_FIELD);
  writeBigOptional(writer, 0x48, timeNanos(profile));
  writeBigOptional(writer, 0x50, BigInt(Math.round(profile.durationNs ?? 0)));
  writeOptional(writer, 0x70, defaultType);
  return written(writer);
}

function stringNumbers() {
  const numbers = new Map<string, number>([['', 0]]);
  return {
    number(text: string): number {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, numbers.size);
      return numbers.size - 1;
    },
    all: () => numbers.keys(),
  };
}

type StringNumbers = ReturnType<typeof stringNumbers>;

/** @datadog/pprof's types stand for its custom too: the time is that of the end. */
function timeNanos({ start, durationNs, sampleTypes }: Profile): bigint {
  if (start === null) return 0n;
  const isDatadog = sampleTypes[0]?.type === 'sample' && sampleTypes[1]?.type === 'wall';
  const startNs = BigInt(Math.floor(start)) * 1_000_000n + BigInt(Math.round((start % 1) * 1e6));
  return startNs + (isDatadog ? BigInt(Math.round(durationNs ?? 0)) : 0n);
}

function writeValueType(writer: WireWriter, type: number, unit: number): void {
  reserve(writer, 3 * MAX_FIELD);
  writeLength(writer, 0x0a, sizeOfOptional(type) + sizeOfOptional(unit));
  writeOptional(writer, 0x08, type);
  writeOptional(writer, 0x10, unit);
}

const encoder = new TextEncoder();

function writeText(writer: WireWriter, text: string): void {
  const bytes = encoder.encode(text);
  reserve(writer, bytes.length + MAX_FIELD);
  writeLength(writer, 0x32, bytes.length);
  writer.bytes.set(bytes, writer.at);
  writer.at += bytes.length;
}

function writeSamples(writer: WireWriter, profile: Profile, strings: StringNumbers): void {
  const { samples, stacks } = profile;
  const ids: number[] = [];
  for (let i = 0; i < samples.stack.length; i += 1) {
    ids.length = 0;
    for (let node = samples.stack[i]!; node !== 0; node = stacks.parent[node]!)
      ids.push(stacks.frame[node]! + 1);
    const labels = labelsOf(profile, i, strings);
    writeSample(
      writer,
      ids,
      samples.values.map((column) => halves(column, i)),
      labels,
    );
  }
}

type Halves = readonly [low: number, high: number];

function halves(column: ValueColumn, row: number): Halves {
  const value = column[row]!;
  if (typeof value === 'bigint')
    return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
  const high = Math.floor(value / TWO_32);
  return [(value - high * TWO_32) | 0, high];
}

interface Label {
  readonly key: number;
  readonly text: number;
  readonly number: Halves;
}

function labelsOf({ samples, units, threads }: Profile, row: number, strings: StringNumbers): Label[] {
  const labels: Label[] = [];
  const add = (key: string, text: string) =>
    labels.push({ key: strings.number(key), text: strings.number(text), number: [0, 0] });
  const unit = units[samples.unit[row]!];
  if (unit !== undefined) add('endpoint', unit.name);
  const thread = samples.thread?.[row] ?? -1;
  if (thread >= 0) {
    add('thread id', String(thread));
    if (threads[thread] !== '') add('thread name', threads[thread]!);
  }
  const time = samples.time?.[row];
  if (time !== undefined && !Number.isNaN(time)) {
    const ns = BigInt(Math.floor(time)) * 1_000_000n + BigInt(Math.round((time % 1) * 1e6));
    const number: Halves = [Number(BigInt.asIntN(32, ns)), Number(BigInt.asIntN(32, ns >> 32n))];
    labels.push({ key: strings.number('end_timestamp_ns'), text: 0, number });
  }
  return labels;
}

const sizeOfLabel = ({ key, text, number }: Label) =>
  sizeOfOptional(key) + sizeOfOptional(text) + sizeOfOptional(number[0], number[1]);

/** Lists are packed, which all readers of the last ten years understand. */
function writeSample(
  writer: WireWriter,
  ids: readonly number[],
  values: readonly Halves[],
  labels: readonly Label[],
) {
  const idsSize = ids.reduce((sum, id) => sum + sizeOfSmall(id), 0);
  const valuesSize = values.reduce((sum, [low, high]) => sum + sizeOf(low, high), 0);
  let size = 2 + sizeOfSmall(idsSize) + idsSize + sizeOfSmall(valuesSize) + valuesSize;
  for (const label of labels) size += 2 + sizeOfLabel(label);
  reserve(writer, size + MAX_FIELD);
  writeLength(writer, 0x12, size);
  writeLength(writer, 0x0a, idsSize);
  for (const id of ids) writeSmall(writer, id);
  writeLength(writer, 0x12, valuesSize);
  for (const [low, high] of values) writeVarint(writer, low, high);
  for (const label of labels) {
    writeLength(writer, 0x1a, sizeOfLabel(label));
    writeOptional(writer, 0x08, label.key);
    writeOptional(writer, 0x10, label.text);
    writeOptional(writer, 0x18, label.number[0], label.number[1]);
  }
}

function writeFrames(writer: WireWriter, { frames }: Profile, strings: StringNumbers): void {
  const functions = new Map<string, number>();
  const list: { name: number; file: number }[] = [];
  for (let frame = 0; frame < frames.name.length; frame += 1) {
    const name = frames.name[frame]!;
    const file = frames.file[frame]!;
    const key = `${name} ${file}`;
    const id = functions.get(key) ?? functions.size + 1;
    if (id > list.length) {
      functions.set(key, id);
      list.push({ name: strings.number(frames.strings[name]!), file: strings.number(frames.strings[file]!) });
    }
    const line = frames.line[frame]!;
    const lineSize = sizeOfOptional(id) + sizeOfOptional(line, line < 0 ? -1 : 0);
    reserve(writer, 6 * MAX_FIELD);
    writeLength(writer, 0x22, sizeOfOptional(frame + 1) + 2 + lineSize);
    writeOptional(writer, 0x08, frame + 1);
    writeLength(writer, 0x22, lineSize);
    writeOptional(writer, 0x08, id);
    writeOptional(writer, 0x10, line, line < 0 ? -1 : 0);
  }
  for (const [i, { name, file }] of list.entries()) {
    reserve(writer, 5 * MAX_FIELD);
    writeLength(writer, 0x2a, sizeOfOptional(i + 1) + 2 * sizeOfOptional(name) + sizeOfOptional(file));
    writeOptional(writer, 0x08, i + 1);
    writeOptional(writer, 0x10, name);
    writeOptional(writer, 0x18, name);
    writeOptional(writer, 0x20, file);
  }
}

import { invalidInput } from '../../model/fault.ts';
import { type ByteReader, type ByteWriter, readStrings, StringTable } from '../bytes.ts';
import type { CodecVersion } from '../codec.ts';
import {
  type CounterColumn,
  cellsOf,
  type LevelColumn,
  readCounters,
  readLevels,
  readMap,
  readTally,
  type Seen,
  type TallyColumn,
  writeMap,
} from './columns.ts';
import type { InstanceState, InstancesState } from './instance-state.ts';
import { ColumnReader, ColumnWriter } from './packed-columns.ts';
import { readTextTable, writeTexts } from './texts.ts';

// Version 1 wrote every column by itself. Version 2 writes each once, and strings as what they do not share: a third to a
// fifth of the bytes (bench/segments/codecs.ts).

/** How one version lays out what an instance says. */
interface Layout {
  levels(): LevelColumn;
  counters(): CounterColumn;
  tally(): TallyColumn;
}

function readInstances(
  from: ByteReader,
  textAt: (index: number) => string,
  { levels, counters, tally }: Layout,
): InstancesState {
  const unused = readMap(from, textAt, () => from.uint());
  const instances = readMap(
    from,
    textAt,
    (): InstanceState => ({
      facts: readMap(from, textAt, (): Seen => {
        const first = from.int();
        return { first, last: first + from.uint() };
      }),
      levels: readMap(from, textAt, levels),
      counts: readMap(from, textAt, counters),
      work: readMap(from, textAt, tally),
    }),
  );
  return { instances, unused };
}

export const INSTANCE_VERSIONS: readonly CodecVersion[] = [
  {
    read: (from) =>
      readInstances(from, readStrings(from), {
        levels: () => readLevels(from),
        counters: () => readCounters(from),
        tally: () => readTally(from),
      }),
  },
  {
    read(from) {
      const textAt = readTextTable(from);
      const columns = new ColumnReader(from);
      return readInstances(from, textAt, {
        levels: () => readPackedLevels(columns),
        counters: () => readPackedCounters(columns),
        tally: () => readPackedTally(columns),
      });
    },
  },
];

export function writeInstances(out: ByteWriter, state: InstancesState) {
  const table = new StringTable(stringsOf(state));
  const indexOf = (text: string) => table.indexOf(text);
  writeTexts(out, table.texts);
  const columns = new ColumnWriter(out);
  writeMap(out, state.unused, indexOf, (_, points) => out.uint(points));
  writeMap(out, state.instances, indexOf, (_, instance) => {
    writeMap(out, instance.facts, indexOf, (_, seen) => {
      out.int(seen.first);
      out.uint(seen.last - seen.first);
    });
    writeMap(out, instance.levels, indexOf, (_, { conflict, times, values }) => {
      out.u8(conflict ? 1 : 0);
      columns.numbers(times);
      columns.numbers(values);
    });
    writeMap(out, instance.counts, indexOf, (_, column) => writePackedCounters(columns, column));
    writeMap(out, instance.work, indexOf, (_, { seconds, sums }) => {
      columns.numbers(seconds);
      columns.numbers(sums);
    });
  });
}

function* stringsOf(state: InstancesState): Iterable<string> {
  yield* state.unused.keys();
  for (const [key, instance] of state.instances) {
    yield key;
    yield* instance.facts.keys();
    yield* instance.levels.keys();
    yield* instance.counts.keys();
    yield* instance.work.keys();
  }
}

function readPackedLevels(columns: ColumnReader): LevelColumn {
  const conflict = columns.from.u8() === 1;
  const times = columns.ascending();
  const values = columns.numbers();
  checkLengths(times, [values]);
  return { times, values, conflict };
}

function writePackedCounters(
  columns: ColumnWriter,
  { width, times, starts, cells, conflict }: CounterColumn,
) {
  columns.out.u8(conflict ? 1 : 0);
  columns.out.uint(width);
  columns.numbers(times);
  columns.numbers(starts);
  for (let cell = 0; cell < width; cell += 1)
    columns.numbers(times.map((_, row) => cells[row * width + cell] as number));
}

function readPackedCounters(columns: ColumnReader): CounterColumn {
  const conflict = columns.from.u8() === 1;
  const width = columns.from.count();
  const times = columns.ascending();
  const starts = columns.numbers();
  const all = Array.from({ length: width }, () => columns.numbers());
  checkLengths(times, [starts, ...all]);
  return { width, times, starts, cells: cellsOf(all, times.length), conflict };
}

function readPackedTally(columns: ColumnReader): TallyColumn {
  const seconds = columns.ascending();
  const sums = columns.numbers();
  checkLengths(seconds, [sums]);
  return { seconds, sums };
}

function checkLengths(times: readonly number[], columns: readonly (readonly number[])[]) {
  if (columns.some(({ length }) => length !== times.length))
    throw invalidInput('Cannot decode segment: columns differ in length');
}

import { canonicalFlame } from '../../flame/canonical.ts';
import type { Column, RowColumn } from '../../flame/columns.ts';
import { mergeFlame, mergeStates } from '../../flame/merge.ts';
import { emptyFlame, type FlameState, type LevelTotal, type Snapshot } from '../../flame/state.ts';
import { summariseFlame } from '../../flame/summarise.ts';
import { invalidInput } from '../../model/fault.ts';
import { bytesOfHex, hexOf, uploadId } from '../../model/ids.ts';
import { type ByteReader, type ByteWriter, compareText } from '../bytes.ts';
import { codec } from '../codec.ts';
import type { Kind } from '../kind.ts';
import { readMap, writeMap } from './columns.ts';
import {
  IndexReader,
  IndexWriter,
  readBig,
  readColumn,
  readExamples,
  readRows,
  writeBig,
  writeColumn,
  writeExamples,
  writeRows,
} from './flame-columns.ts';
import { readTable, writeTable } from './flame-table.ts';
import { readTexts, writeTexts } from './texts.ts';

const ID_BYTES = 16;

function writeState(out: ByteWriter, state: FlameState) {
  const canonical = canonicalFlame(state);
  writeTable(out, canonical.table);
  const keys = [...new Set(keysOf(canonical))].sort(compareText);
  writeTexts(out, keys);
  const places = new Map(keys.map((key, place) => [key, place]));
  new StateWriter(out, (key) => places.get(key)!).write(canonical);
}

function readState(from: ByteReader): FlameState {
  const table = readTable(from);
  const keys = readTexts(from);
  const keyAt = (place: number) => {
    const key = keys[place];
    if (key === undefined) throw invalidInput(`Cannot decode flame section: key ${place} of ${keys.length}`);
    return key;
  };
  const nodes = table.parent.length;
  return { table, ...new StateReader(from, keyAt, nodes, table.line.length).read() };
}

/** Profiles: stacks with their values. The state and its algebra are those of `lib/flame`. */
export const flameKind: Kind<FlameState> = {
  name: 'flame',
  empty: () => emptyFlame,
  merge: mergeFlame,
  mergeMany: mergeStates,
  summarise: summariseFlame,

  ...codec('flame', [{ read: readState }], writeState),
};

function* keysOf(state: FlameState): Iterable<string> {
  const { table: _, ...maps } = state;
  for (const map of Object.values(maps)) yield* map.keys();
  for (const { version, totals, columns, lines } of state.snapshots.values()) {
    yield version;
    yield* totals.keys();
    yield* columns.keys();
    yield* lines.keys();
  }
}

class StateWriter {
  readonly #out: ByteWriter;
  readonly #keyOf: (key: string) => number;
  readonly #nodes = new IndexWriter();
  readonly #rows = new IndexWriter();

  constructor(out: ByteWriter, keyOf: (key: string) => number) {
    this.#out = out;
    this.#keyOf = keyOf;
  }

  write(state: FlameState) {
    this.#columns(state.sums);
    this.#map(state.examples, (examples) => writeExamples(this.#out, this.#nodes, examples));
    this.#lines(state.lines);
    this.#map(state.counts, ({ profiles, durationMs }) => {
      this.#out.uint(profiles);
      this.#out.uint(durationMs);
    });
    this.#map(state.snapshots, (snapshot) => this.#snapshot(snapshot));
    this.#columns(state.levels);
    this.#lines(state.levelLines);
    this.#map(state.levelTotals, ({ all, kept, instances, keptInstances }) => {
      this.#exact(all);
      this.#exact(kept);
      this.#out.uint(instances);
      this.#out.uint(keptInstances);
    });
  }

  #snapshot({ time, upload, version, totals, columns, lines }: Snapshot) {
    this.#out.int(time);
    this.#out.raw(bytesOfHex(upload));
    this.#out.uint(this.#keyOf(version));
    this.#map(totals, (total) => this.#exact(total));
    this.#columns(columns);
    this.#lines(lines);
  }

  #map<V>(map: ReadonlyMap<string, V>, write: (value: V) => void) {
    writeMap(this.#out, map, this.#keyOf, (_, value) => write(value));
  }
  #columns(map: ReadonlyMap<string, Column>) {
    this.#map(map, (column) => writeColumn(this.#out, this.#nodes, column));
  }
  #lines(map: ReadonlyMap<string, RowColumn>) {
    this.#map(map, (rows) => writeRows(this.#out, this.#rows, rows));
  }
  #exact(value: number | bigint) {
    writeBig(this.#out, BigInt(value));
  }
}

class StateReader {
  readonly #from: ByteReader;
  readonly #keyAt: (place: number) => string;
  readonly #nodes: IndexReader;
  readonly #rows: IndexReader;

  constructor(from: ByteReader, keyAt: (place: number) => string, nodes: number, rows: number) {
    this.#from = from;
    this.#keyAt = keyAt;
    this.#nodes = new IndexReader(nodes);
    this.#rows = new IndexReader(rows);
  }

  read(): Omit<FlameState, 'table'> {
    const from = this.#from;
    const sums = this.#columns();
    const examples = this.#map(() => readExamples(from, this.#nodes));
    const lines = this.#lines();
    const counts = this.#map(() => ({ profiles: from.uint(), durationMs: from.uint() }));
    const snapshots = this.#map(() => this.#snapshot());
    const levels = this.#columns();
    const levelLines = this.#lines();
    const levelTotals = this.#map(
      (): LevelTotal => ({
        all: this.#exact(),
        kept: this.#exact(),
        instances: from.uint(),
        keptInstances: from.uint(),
      }),
    );
    return { sums, examples, lines, counts, snapshots, levels, levelLines, levelTotals };
  }

  #snapshot(): Snapshot {
    const time = this.#from.int();
    const upload = uploadId(hexOf(this.#from.raw(ID_BYTES)));
    const version = this.#keyAt(this.#from.uint());
    const totals = this.#map(() => this.#exact());
    return { time, upload, version, totals, columns: this.#columns(), lines: this.#lines() };
  }

  #map<V>(read: () => V): ReadonlyMap<string, V> {
    return readMap(this.#from, this.#keyAt, read);
  }
  #columns() {
    return this.#map(() => readColumn(this.#from, this.#nodes));
  }
  #lines() {
    return this.#map(() => readRows(this.#from, this.#rows));
  }
  #exact(): number | bigint {
    const value = readBig(this.#from);
    return value >= -MAX && value <= MAX ? Number(value) : value;
  }
}
const MAX = BigInt(Number.MAX_SAFE_INTEGER);

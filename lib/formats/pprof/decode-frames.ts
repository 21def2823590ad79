import type { ProfileBuilder } from '../profiles/builder.ts';
import { UNKNOWN } from '../profiles/in-app.ts';
import { MAX_DEPTH, tooMany } from '../profiles/limits.ts';
import type { PprofTables } from './columns.ts';
import type { StringReader } from './decode-strings.ts';
import { functionAt } from './known-texts.ts';
import { toBigInt } from './wire.ts';

/** Frames of locations, made when a sample first has them: `frames[first … end[row])`, outermost first. */
export interface FrameReader {
  frames: Int32Array;
  used: number;
  /** −1: not made yet. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** Where the frames of a location begin, which are made now. */
  readonly make: (row: number) => number;
}

export function createFrameReader(
  tables: PprofTables,
  strings: StringReader,
  builder: ProfileBuilder,
): FrameReader {
  const { count } = tables.locationSpans;
  const functionOf = functionReader(tables, strings, builder);
  const reader: FrameReader = {
    frames: new Int32Array(2 * count + 16),
    used: 0,
    first: new Int32Array(count).fill(-1),
    end: new Int32Array(count),
    make: (row) => {
      const firstLine = tables.locations.firstLine[row]!;
      const lines = tables.locations.firstLine[row + 1]! - firstLine;
      if (lines > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
      reserve(reader, Math.max(1, lines));
      const first = reader.used;
      if (lines === 0) reader.frames[reader.used++] = addressFrame(tables, row, strings.text, builder);
      for (let line = firstLine + lines - 1; line >= firstLine; line -= 1) {
        const { name, file, inApp } = functionOf(tables.lines.function[line]!);
        // A function without a name goes by the address of its location.
        const shown = name === 0 ? builder.string(knownAddress(tables, row)) : name;
        reader.frames[reader.used++] = builder.frame(shown, file, lineOf(tables, line), inApp);
      }
      reader.first[row] = first;
      reader.end[row] = reader.used;
      return first;
    },
  };
  return reader;
}

function reserve(reader: FrameReader, count: number): void {
  if (reader.used + count <= reader.frames.length) return;
  const longer = new Int32Array(2 * (reader.used + count));
  longer.set(reader.frames);
  reader.frames = longer;
}

interface FunctionFrame {
  /** Indices of the builder's strings, 0: none. */
  readonly name: number;
  readonly file: number;
  readonly inApp: number;
}

/** Most functions have several locations. */
function functionReader(
  { functions, functionSpans }: PprofTables,
  { known, place }: StringReader,
  builder: ProfileBuilder,
): (row: number) => FunctionFrame {
  const made: (FunctionFrame | undefined)[] = new Array(functionSpans.count);
  return (row) => {
    const before = made[row];
    if (before !== undefined) return before;
    const { name, file, inApp } = functionAt(
      known,
      place(functions.name[row]!),
      place(functions.systemName[row]!),
      place(functions.file[row]!),
    );
    const frame = { name: builder.string(name), file: builder.string(file), inApp };
    made[row] = frame;
    return frame;
  };
}

const MAX_LINE = 0x7fff_ffff;

function lineOf({ lines }: PprofTables, line: number): number {
  const low = lines.lineLow[line]!;
  return lines.lineHigh[line] === 0 && low >= 0 && low <= MAX_LINE ? low : 0;
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

import { invalidInput } from '../../model/fault.ts';
import {
  type Cursor,
  cursorOf,
  readLength,
  readSmall,
  readVarint,
  skipField,
  toBigInt,
} from '../pprof/wire.ts';
import type { JsonObject } from './json.ts';
import { MAX_JSON_CONTAINERS, MAX_JSON_VALUES, tooMany } from './limits.ts';

// The protobuf form of an OTLP profiles request, read by a table into the objects that its JSON form has: such requests
// are small (a dictionary shared by all profiles), so one reader of objects serves both.

type Kind = 'int' | 'int64' | 'text' | 'fixed64' | Schema;

interface FieldOf {
  readonly name: string;
  readonly kind: Kind;
  readonly isList?: true;
}

type Schema = { readonly [field: number]: FieldOf };

const one = (name: string, kind: Kind): FieldOf => ({ name, kind });
const many = (name: string, kind: Kind): FieldOf => ({ name, kind, isList: true });

const VALUE_TYPE: Schema = { 1: one('typeStrindex', 'int'), 2: one('unitStrindex', 'int') };
const ANY_VALUE: Schema = {
  1: one('stringValue', 'text'),
  3: one('intValue', 'int64'),
  8: one('stringValueStrindex', 'int'),
};
const KEY_VALUE: Schema = { 1: one('key', 'text'), 2: one('value', ANY_VALUE) };
const SAMPLE: Schema = {
  1: one('stackIndex', 'int'),
  2: many('attributeIndices', 'int'),
  4: many('values', 'int64'),
  5: many('timestampsUnixNano', 'fixed64'),
};
const PROFILE: Schema = {
  1: one('sampleType', VALUE_TYPE),
  2: many('samples', SAMPLE),
  3: one('timeUnixNano', 'fixed64'),
  4: one('durationNano', 'int64'),
};
const LINE: Schema = { 1: one('functionIndex', 'int'), 2: one('line', 'int64') };
const LOCATION: Schema = {
  1: one('mappingIndex', 'int'),
  2: one('address', 'int64'),
  3: many('lines', LINE),
};
const FUNCTION: Schema = {
  1: one('nameStrindex', 'int'),
  2: one('systemNameStrindex', 'int'),
  3: one('filenameStrindex', 'int'),
};
const DICTIONARY: Schema = {
  1: many('mappingTable', { 4: one('filenameStrindex', 'int') }),
  2: many('locationTable', LOCATION),
  3: many('functionTable', FUNCTION),
  5: many('stringTable', 'text'),
  6: many('attributeTable', { 1: one('keyStrindex', 'int'), 2: one('value', ANY_VALUE) }),
  7: many('stackTable', { 1: many('locationIndices', 'int') }),
};
const REQUEST: Schema = {
  1: many('resourceProfiles', {
    1: one('resource', { 1: many('attributes', KEY_VALUE) }),
    2: many('scopeProfiles', { 2: many('profiles', PROFILE) }),
  }),
  2: one('dictionary', DICTIONARY),
};

const utf8 = new TextDecoder();

/** Counts what was made, so that empty messages cannot fill the memory. */
interface Budget {
  objects: number;
  values: number;
}

export function parseOtlpProfiles(bytes: Uint8Array): JsonObject {
  const cursor = cursorOf(bytes);
  try {
    return readMessage(cursor, bytes.length, REQUEST, {
      objects: MAX_JSON_CONTAINERS,
      values: MAX_JSON_VALUES,
    });
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('Cannot decode pprof: ')) throw error;
    throw invalidInput(error.message.replace('pprof', 'OTLP profiles'), { cause: error });
  }
}

function readMessage(cursor: Cursor, end: number, schema: Schema, budget: Budget): JsonObject {
  budget.objects -= 1;
  if (budget.objects < 0) throw tooMany('messages in one request', MAX_JSON_CONTAINERS);
  const message: Record<string, unknown> = {};
  while (cursor.at < end) {
    const tag = readSmall(cursor, end);
    const field = schema[tag >>> 3];
    if (field === undefined || !fits(field, tag & 7)) {
      skipField(cursor, tag, end);
      continue;
    }
    if (field.isList !== true) message[field.name] = readValue(cursor, end, field.kind, budget);
    else {
      message[field.name] ??= [];
      readList(cursor, end, tag & 7, field.kind, message[field.name] as unknown[], budget);
    }
  }
  return message;
}

const LENGTH_DELIMITED = 2;

/** A known field with another wire type is an unknown field, as in the reference implementations. */
function fits({ kind, isList }: FieldOf, wireType: number): boolean {
  if (typeof kind === 'object' || kind === 'text') return wireType === LENGTH_DELIMITED;
  return wireType === (kind === 'fixed64' ? 1 : 0) || (isList === true && wireType === LENGTH_DELIMITED);
}

function readList(
  cursor: Cursor,
  end: number,
  wireType: number,
  kind: Kind,
  list: unknown[],
  budget: Budget,
): void {
  const isPacked = wireType === LENGTH_DELIMITED && typeof kind === 'string' && kind !== 'text';
  const listEnd = isPacked ? readLength(cursor, end) : end;
  do {
    if (isPacked && cursor.at >= listEnd) return;
    budget.values -= 1;
    if (budget.values < 0) throw tooMany('values in one request', MAX_JSON_VALUES);
    list.push(readValue(cursor, listEnd, kind, budget));
  } while (isPacked);
}

function readValue(cursor: Cursor, end: number, kind: Kind, budget: Budget): unknown {
  if (kind === 'int') return readSmall(cursor, end);
  if (kind === 'int64') {
    readVarint(cursor, end);
    return toBigInt(cursor.low, cursor.high);
  }
  if (kind === 'fixed64') return readFixed64(cursor, end);
  const fieldEnd = readLength(cursor, end);
  if (kind !== 'text') return readMessage(cursor, fieldEnd, kind, budget);
  const text = utf8.decode(cursor.bytes.subarray(cursor.at, fieldEnd));
  cursor.at = fieldEnd;
  return text;
}

function readFixed64(cursor: Cursor, end: number): bigint {
  if (end - cursor.at < 8)
    throw invalidInput(`Cannot decode OTLP profiles: it ends inside a field at byte ${cursor.at}`);
  const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at, 8);
  cursor.at += 8;
  return view.getBigUint64(0, true);
}

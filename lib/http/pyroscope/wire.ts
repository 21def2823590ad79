import { Fault, invalidInput } from '../../model/fault.ts';

// Messages of Pyroscope's query API (api/querier/v1/querier.proto, api/types/v1/types.proto), as Connect carries them: protobuf
// or JSON. Fields are told by one table, so that both forms are read and written alike.

type FieldType = 'string' | 'int64' | 'double' | Shape;
interface Field {
  readonly number: number;
  readonly type: FieldType;
  readonly repeated?: boolean;
}
/** Name in JSON → field. */
export interface Shape {
  readonly [name: string]: Field;
}

const string = (number: number): Field => ({ number, type: 'string' });
const strings = (number: number): Field => ({ number, type: 'string', repeated: true });
const int64 = (number: number): Field => ({ number, type: 'int64' });
const messages = (number: number, type: Shape): Field => ({ number, type, repeated: true });

const LABEL_PAIR: Shape = { name: string(1), value: string(2) };
const LEVEL: Shape = { values: { number: 1, type: 'int64', repeated: true } };
const FLAMEGRAPH: Shape = {
  names: strings(1),
  levels: messages(2, LEVEL),
  total: int64(3),
  maxSelf: int64(4),
};
const SELECT: Shape = {
  profileTypeID: string(1),
  labelSelector: string(2),
  start: int64(3),
  end: int64(4),
};

/** Request and answer of each method. */
export const METHODS = {
  ProfileTypes: {
    request: { start: int64(1), end: int64(2) },
    answer: {
      profileTypes: messages(1, {
        ID: string(1),
        name: string(2),
        sampleType: string(4),
        sampleUnit: string(5),
        periodType: string(6),
        periodUnit: string(7),
      }),
    },
  },
  LabelNames: {
    request: { matchers: strings(1), start: int64(2), end: int64(3) },
    answer: { names: strings(1) },
  },
  LabelValues: {
    request: { name: string(1), matchers: strings(2), start: int64(3), end: int64(4) },
    answer: { names: strings(1) },
  },
  Series: {
    request: { matchers: strings(1), labelNames: strings(2), start: int64(3), end: int64(4) },
    answer: { labelsSet: messages(2, { labels: messages(1, LABEL_PAIR) }) },
  },
  SelectMergeStacktraces: {
    request: { ...SELECT, maxNodes: int64(5) },
    answer: { flamegraph: { number: 1, type: FLAMEGRAPH } },
  },
  SelectSeries: {
    request: { ...SELECT, groupBy: strings(5), step: { number: 6, type: 'double' } },
    answer: {
      series: messages(1, {
        labels: messages(1, LABEL_PAIR),
        points: messages(2, { value: { number: 1, type: 'double' }, timestamp: int64(2) }),
      }),
    },
  },
} as const satisfies Readonly<Record<string, { readonly request: Shape; readonly answer: Shape }>>;

export type Method = keyof typeof METHODS;
export type Request = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** @throws Fault('invalid-input') on malformed bytes; unknown fields are passed over */
export function readMessage(bytes: Uint8Array, shape: Shape, isJson: boolean): Request {
  return isJson ? readJson(bytes, shape) : readProto(bytes, shape);
}

function readJson(bytes: Uint8Array, shape: Shape): Request {
  let parsed: unknown;
  try {
    parsed = bytes.length === 0 ? {} : JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot read request: it is not JSON', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw invalidInput('Cannot read request: need an object');
  const request: Record<string, string | number | readonly string[] | undefined> = {};
  for (const [name, { type, repeated }] of Object.entries(shape)) {
    const sent = parsed as Record<string, unknown>;
    const value = sent[name] ?? sent[snake(name)];
    if (value === undefined || value === null) continue;
    if (repeated) request[name] = Array.isArray(value) ? value.map(String) : [];
    else request[name] = type === 'string' ? String(value) : numberOf(value, name);
  }
  return request;
}

/** Protobuf's JSON takes a field's own name as well; Pyroscope calls one profile_typeID. */
const snake = (name: string) =>
  name === 'profileTypeID' ? 'profile_typeID' : name.replaceAll(/[A-Z]/g, (char) => `_${char.toLowerCase()}`);

function numberOf(value: unknown, name: string): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw invalidInput(`Cannot read request: ${name} has to be a number`);
  return number;
}

const REPEATED_MAX = 1000;

function readProto(bytes: Uint8Array, shape: Shape): Request {
  const byNumber = new Map(Object.entries(shape).map(([name, field]) => [field.number, { name, ...field }]));
  const request: Record<string, string | number | readonly string[] | undefined> = {};
  const reader = new ProtoReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const wireType = Number(tag & 7n);
    const value = reader.value(wireType);
    const field = byNumber.get(Number(tag >> 3n));
    if (field === undefined) continue;
    if (field.type === 'string') {
      if (!(value instanceof Uint8Array)) throw malformed();
      const text = new TextDecoder().decode(value);
      const before = (request[field.name] ?? []) as readonly string[];
      if (before.length >= REPEATED_MAX) throw malformed();
      request[field.name] = field.repeated ? [...before, text] : text;
    } else
      request[field.name] = value instanceof Uint8Array ? doubleOf(value) : Number(BigInt.asIntN(64, value));
  }
  return request;
}

const malformed = () => invalidInput('Cannot read request: malformed protobuf');

function doubleOf(bytes: Uint8Array): number {
  if (bytes.length !== 8) throw malformed();
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  if (!Number.isFinite(value)) throw malformed();
  return value;
}

class ProtoReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done() {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw malformed();
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  value(wireType: number): bigint | Uint8Array {
    if (wireType === 0) return this.varint();
    const length = wireType === 2 ? Number(this.varint()) : wireType === 1 ? 8 : wireType === 5 ? 4 : -1;
    if (length < 0 || this.#at + length > this.#bytes.length) throw malformed();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Answers as JSON has them: 64-bit integers may be numbers or digits. */
export type Answer = { readonly [name: string]: unknown };

export function writeMessage(answer: Answer, shape: Shape, isJson: boolean): Uint8Array<ArrayBuffer> {
  if (isJson) return new TextEncoder().encode(JSON.stringify(jsonOf(answer, shape)));
  const out: number[] = [];
  writeProto(out, answer, shape);
  return Uint8Array.from(out);
}

/** Connect writes 64-bit integers as digits, and leaves out what is empty. */
function jsonOf(answer: Answer, shape: Shape): Answer {
  const json: Record<string, unknown> = {};
  for (const [name, { type, repeated }] of Object.entries(shape)) {
    const value = answer[name];
    if (value === undefined) continue;
    const one = (each: unknown) =>
      type === 'int64' ? String(each) : typeof type === 'object' ? jsonOf(each as Answer, type) : each;
    json[name] = repeated ? (value as readonly unknown[]).map(one) : one(value);
  }
  return json;
}

function writeProto(out: number[], answer: Answer, shape: Shape) {
  for (const [name, { number, type, repeated }] of Object.entries(shape)) {
    const value = answer[name];
    if (value === undefined) continue;
    if (repeated && type === 'int64') {
      const packed: number[] = [];
      for (const one of value as readonly (number | string)[]) writeVarint(packed, BigInt(one));
      writeBytes(out, number, packed);
    } else
      for (const one of repeated ? (value as readonly unknown[]) : [value])
        writeField(out, number, type, one);
  }
}

function writeField(out: number[], number: number, type: FieldType, value: unknown) {
  if (type === 'int64') {
    writeVarint(out, BigInt(number << 3));
    writeVarint(out, BigInt(value as number | string));
  } else if (type === 'double') {
    writeVarint(out, BigInt((number << 3) | 1));
    out.push(...new Uint8Array(Float64Array.of(value as number).buffer));
  } else if (type === 'string') writeBytes(out, number, new TextEncoder().encode(value as string));
  else {
    const inner: number[] = [];
    writeProto(inner, value as Answer, type);
    writeBytes(out, number, inner);
  }
}

function writeBytes(out: number[], number: number, bytes: ArrayLike<number>) {
  writeVarint(out, BigInt((number << 3) | 2));
  writeVarint(out, BigInt(bytes.length));
  for (let i = 0; i < bytes.length; i += 1) out.push(bytes[i]!);
}

function writeVarint(out: number[], value: bigint) {
  if (value >= 0n && value < 0x80n) {
    out.push(Number(value));
    return;
  }
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) {
      out.push(Number(rest));
      return;
    }
    out.push(Number(rest & 0x7fn) | 0x80);
  }
}

import { Fault } from '../../model/fault.ts';
import { clip } from '../work/attributes.ts';
import {
  MAX_DEPTH,
  MAX_JSON_CONTAINERS,
  MAX_JSON_VALUES,
  MAX_STRING_LENGTH,
  type Signal,
  tooDeep,
} from './limits.ts';

// OTLP/JSON: protobuf's JSON mapping with hex ids and numeric enums,
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, with what senders really do: 64-bit integers as
// numbers or strings, enums by name or number, "NaN", null for what JSON cannot say.

export type JsonObject = { readonly [key: string]: unknown };

const utf8 = new TextDecoder();

/** Reads members of parsed JSON with checks, and knows the path of the member when one fails. */
export class JsonReader {
  readonly signal: Signal;
  readonly #path: (string | number)[] = [];

  constructor(signal: Signal) {
    this.signal = signal;
  }

  parse(bytes: Uint8Array): JsonObject {
    boundJson(bytes);
    let value: unknown;
    try {
      value = JSON.parse(utf8.decode(bytes));
    } catch (cause) {
      // The rest of V8's message quotes the body, which may hold secrets.
      const where = /at position \d+/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? '';
      const message = `Cannot read OTLP ${this.signal} (JSON): not JSON ${where}`.trimEnd();
      throw new Fault('invalid-input', message, { cause });
    }
    if (!isObject(value)) throw this.fault('', 'an object', value);
    this.#refuseOtherSignal(value);
    return value;
  }

  /** Unknown keys are allowed, so a body at the wrong path would be lost without a word. */
  #refuseOtherSignal(body: JsonObject): void {
    for (const [key, signal] of SIGNAL_KEYS) {
      if (signal !== this.signal && Object.hasOwn(body, key)) {
        throw new Fault(
          'invalid-input',
          `Cannot read OTLP ${this.signal}: "${key}" belongs to /v1/${signal}`,
        );
      }
    }
  }

  /** Visits the objects of a list; a list that is absent or null is empty. */
  each(owner: JsonObject, key: string, visit: (item: JsonObject) => void): void {
    const list = owner[key];
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) throw this.fault(key, 'an array', list);
    const path = this.#path;
    const depth = path.push(key, 0);
    for (let i = 0; i < list.length; i += 1) {
      path[depth - 1] = i;
      const item: unknown = list[i];
      if (!isObject(item)) throw this.fault('', 'an object', item);
      visit(item);
    }
    path.length = depth - 2;
  }

  /** Visits the object under a key, if there is one. */
  within(owner: JsonObject, key: string, visit: (item: JsonObject) => void): void {
    const value = owner[key];
    if (value === undefined || value === null) return;
    if (!isObject(value)) throw this.fault(key, 'an object', value);
    this.#path.push(key);
    visit(value);
    this.#path.pop();
  }

  string(owner: JsonObject, key: string): string {
    const value = owner[key];
    if (value === undefined || value === null) return '';
    if (typeof value !== 'string') throw this.fault(key, 'a string', value);
    // Half of a surrogate pair has no UTF-8: no store could keep it as part of a key.
    return clip(value.toWellFormed(), MAX_STRING_LENGTH);
  }

  boolean(owner: JsonObject, key: string): boolean {
    const value = owner[key];
    if (value === undefined || value === null) return false;
    if (typeof value !== 'boolean') throw this.fault(key, 'a boolean', value);
    return value;
  }

  /** A double, or an integer of up to 64 bits; undefined when absent or null. */
  number(owner: JsonObject, key: string): number | undefined {
    const value = owner[key];
    if (value === undefined || value === null) return undefined;
    const number = toNumber(value);
    if (number === undefined) throw this.fault(key, 'a number', value);
    return number;
  }

  numbers(owner: JsonObject, key: string): number[] {
    const list = owner[key];
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) throw this.fault(key, 'an array', list);
    return list.map((item: unknown) => {
      const number = toNumber(item);
      if (number === undefined) throw this.fault(key, 'an array of numbers', item);
      return number;
    });
  }

  /** @param names in the order of their numbers, as in the .proto file */
  enum(owner: JsonObject, key: string, names: readonly string[]): number {
    const value = owner[key];
    if (value === undefined || value === null) return 0;
    const number = typeof value === 'number' ? value : names.indexOf(String(value));
    if (!Number.isInteger(number) || number < 0) throw this.fault(key, names.join(' or '), value);
    return number;
  }

  /**
   * @param bytes the id's length
   * @returns lower-case hex, or ''. Some senders use protobuf's own JSON mapping, which writes ids in base64.
   */
  id(owner: JsonObject, key: string, bytes: number): string {
    const value = owner[key];
    if (value === undefined || value === null || value === '') return '';
    if (typeof value === 'string') {
      if (value.length === 2 * bytes && HEX.test(value)) return value.toLowerCase();
      if (value.length === 4 * Math.ceil(bytes / 3) && BASE64.test(value)) return hexOf(atob(value));
    }
    throw this.fault(key, `${2 * bytes} hex digits`, value);
  }

  fault(key: string, wanted: string, got: unknown): Fault {
    const path = [...this.#path, ...(key === '' ? [] : [key])]
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
      .join('')
      .slice(1);
    const shown = JSON.stringify(got) ?? String(got);
    const where = path === '' ? 'the body' : path;
    return new Fault(
      'invalid-input',
      `Cannot read OTLP ${this.signal} (JSON): ${where} has to be ${wanted}, got ${clip(shown, 80)}`,
    );
  }
}

const SIGNAL_KEYS: readonly (readonly [string, Signal])[] = [
  ['resourceMetrics', 'metrics'],
  ['resourceSpans', 'traces'],
  ['resourceLogs', 'logs'],
];
const HEX = /^[0-9a-f]+$/i;
/** Of 8 or 16 bytes: one or two padding signs. */
const BASE64 = /^[A-Za-z0-9+/]+={1,2}$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const hexOf = (binary: string): string =>
  Array.from(binary, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (NUMBER.test(value)) return Number(value);
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  return undefined;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Before JSON.parse, which has no limits: 64 MiB of `[` or `{},` would take gigabytes. About 1 ns a byte. */
function boundJson(bytes: Uint8Array): void {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      containers += 1;
      depth += 1;
      if (depth > MAX_DEPTH) throw tooDeep();
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    else if (byte === COMMA) commas += 1;
  }
  if (containers > MAX_JSON_CONTAINERS || commas > MAX_JSON_VALUES) {
    throw new Fault(
      'too-large',
      `OTLP request has ${containers} JSON objects and arrays with ${commas} more members`,
    );
  }
}

function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

import { invalidInput } from '../../model/fault.ts';
import { MAX_JSON_CONTAINERS, MAX_JSON_DEPTH, MAX_JSON_VALUES, tooMany } from './limits.ts';

// JSON from outside, bounded before JSON.parse, which has no limits, and read with checks.

export type JsonObject = { readonly [key: string]: unknown };

/** What a pass over the bytes finds without parsing them. Cut JSON has what comes before the cut. */
export interface JsonOutline {
  /** Members of the outermost object, in order. */
  readonly keys: readonly string[];
  readonly depth: number;
  readonly containers: number;
  readonly commas: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const MAX_KEYS = 64;

const utf8 = new TextDecoder();

/** About 1 ns a byte. */
export function outlineJson(bytes: Uint8Array): JsonOutline {
  const keys: string[] = [];
  let depth = 0;
  let deepest = 0;
  let containers = 0;
  let commas = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      if (depth === 1 && keys.length < MAX_KEYS && isKey(bytes, end))
        keys.push(utf8.decode(bytes.subarray(i + 1, end)));
      i = end;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      containers += 1;
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    else if (byte === COMMA) commas += 1;
  }
  return { keys, depth: deepest, containers, commas };
}

function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function isKey(bytes: Uint8Array, endOfText: number): boolean {
  let i = endOfText + 1;
  while (i < bytes.length && bytes[i]! <= 0x20) i += 1;
  return bytes[i] === COLON;
}

export interface JsonOptions {
  readonly maxDepth?: number;
  /** Integers that a double cannot hold become bigints. */
  readonly isExact?: boolean;
}

const LARGE_INTEGER = /[[,:]\s*-?\d{16,}\s*[\],}]/;

/** ECMAScript's JSON.parse with source text access, which the types do not know yet. */
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d{1,40}$/.test(source) ? BigInt(source) : value;
}

/**
 * @param what names the format in messages: `V8 CPU profile`
 * @throws Fault('invalid-input') when it is no JSON object, Fault('too-large') when parsing would take too much memory
 */
export function parseJson(
  bytes: Uint8Array,
  what: string,
  { maxDepth = MAX_JSON_DEPTH, isExact = false }: JsonOptions = {},
): JsonObject {
  const { depth, containers, commas } = outlineJson(bytes);
  if (depth > maxDepth) throw tooMany('levels of JSON', maxDepth);
  if (containers > MAX_JSON_CONTAINERS) throw tooMany('JSON objects and arrays', MAX_JSON_CONTAINERS);
  if (commas > MAX_JSON_VALUES) throw tooMany('JSON values', MAX_JSON_VALUES);
  let value: unknown;
  try {
    const text = utf8.decode(bytes);
    // A reviver makes parsing ten times slower: only where there is something to keep exact.
    value = isExact && LARGE_INTEGER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch (cause) {
    // V8's message quotes the file, which may hold secrets; where it broke is enough.
    const where = /at position \d+/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? 'at its end';
    throw invalidInput(`Cannot decode ${what}: not JSON ${where}`, { cause });
  }
  if (!isObject(value)) throw invalidInput(`Cannot decode ${what}: need a JSON object`);
  return value;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads members of parsed JSON; what is not as it should be is named by its path. */
export function jsonReader(what: string) {
  const fault = (path: string, wanted: string) =>
    invalidInput(`Cannot decode ${what}: ${path} has to be ${wanted}`);
  return {
    fault,
    object(value: unknown, path: string): JsonObject {
      if (!isObject(value)) throw fault(path, 'an object');
      return value;
    },
    array(value: unknown, path: string): readonly unknown[] {
      if (!Array.isArray(value)) throw fault(path, 'an array');
      return value;
    },
    /** A list that may be left out. */
    list(value: unknown, path: string): readonly unknown[] {
      if (value === undefined || value === null) return [];
      if (!Array.isArray(value)) throw fault(path, 'an array');
      return value;
    },
    number(value: unknown, path: string): number {
      if (typeof value !== 'number' || !Number.isFinite(value)) throw fault(path, 'a number');
      return value;
    },
    index(value: unknown, length: number, path: string): number {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= length) {
        throw fault(path, `an index below ${length}`);
      }
      return value;
    },
    /** '' when it is absent or something else: names are not worth a refusal. */
    text: (value: unknown): string => (typeof value === 'string' ? value.toWellFormed() : ''),
    /** As text what SDKs write as a number or a string; '' for anything else. */
    id: (value: unknown): string =>
      typeof value === 'string'
        ? value.toWellFormed()
        : typeof value === 'number' || typeof value === 'bigint'
          ? String(value)
          : '',
  };
}

/** A line or column: whole and below 2^31, else 0, not known. */
export const lineNumber = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 0x7fff_ffff ? value : 0;

import { Fault } from '../../model/fault.ts';
import { clip } from '../work/attributes.ts';
import { MAX_JSON_CONTAINERS, MAX_JSON_DEPTH, MAX_STRING_LENGTH } from './limits.ts';

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fatalUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses one JSON object within bounds of depth and number of objects.
 *
 * @param what named in the message: `envelope header`, `transaction`
 * @throws Fault `invalid-input`, `too-large`
 */
export function parseObject(bytes: Uint8Array, what: string): JsonObject {
  boundJson(bytes, what);
  let value: unknown;
  try {
    value = JSON.parse(fatalUtf8.decode(bytes));
  } catch (cause) {
    // The rest of V8's message quotes the text, which may hold secrets.
    const where = /at position \d+/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? '';
    throw new Fault('invalid-input', `Cannot read ${what}: not JSON ${where}`.trimEnd(), { cause });
  }
  if (!isObject(value)) throw new Fault('invalid-input', `Cannot read ${what}: not a JSON object`);
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Before JSON.parse, which has no limits of its own. */
function boundJson(bytes: Uint8Array, what: string): void {
  let depth = 0;
  let containers = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i += 1;
      while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      containers += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) throw tooDeep(what);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
  }
  if (containers > MAX_JSON_CONTAINERS)
    throw new Fault('too-large', `Cannot read ${what}: JSON has ${containers} objects and arrays`);
}

const tooDeep = (what: string) =>
  new Fault('too-large', `Cannot read ${what}: JSON is nested deeper than ${MAX_JSON_DEPTH} levels`);

// Readers of members: SDKs of ten languages agree on names, less so on types. What is of another type is as good as absent.

/** The object under a key; an empty one when there is none. */
export const objectAt = (owner: JsonObject, key: string): JsonObject => {
  const value = owner[key];
  return isObject(value) ? value : NOTHING;
};
const NOTHING: JsonObject = {};

export const listAt = (owner: JsonObject, key: string): readonly unknown[] => {
  const value = owner[key];
  return Array.isArray(value) ? value : [];
};

/** Strings, and numbers as their decimal text: thread ids are sent as either. '' when absent. */
export function textAt(owner: JsonObject, key: string, limit: number = MAX_STRING_LENGTH): string {
  const value = owner[key];
  if (typeof value === 'string') return clip(value.toWellFormed(), limit);
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}

/** Numbers, and texts of them: ids and rates are sent as either. */
export function numberAt(owner: JsonObject, key: string): number | undefined {
  const value = owner[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Ids of hex digits, with dashes or without, in any case; '' when it is none of `digits` digits. */
export function idAt(owner: JsonObject, key: string, digits: number): string {
  const value = owner[key];
  if (typeof value !== 'string' || value.length > 2 * digits) return '';
  const hex = value.replaceAll('-', '').toLowerCase();
  return hex.length === digits && /^[0-9a-f]+$/.test(hex) && !/^0+$/.test(hex) ? hex : '';
}

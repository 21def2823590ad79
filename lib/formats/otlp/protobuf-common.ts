import { type Attributes, type AttributeValue, clip, NO_ATTRIBUTES } from '../work/attributes.ts';
import { NO_SCOPE, type Scope } from './decoded.ts';
import { type Budget, MAX_DEPTH, MAX_STRING_LENGTH, tooDeep } from './limits.ts';
import { FIXED64, LEN, type Reader, tagOf, VARINT } from './protobuf-reader.ts';

// opentelemetry/proto/common/v1/common.proto and resource/v1/resource.proto

const KEY_VALUE_KEY = tagOf(1, LEN);
const KEY_VALUE_VALUE = tagOf(2, LEN);
const ANY_STRING = tagOf(1, LEN);
const ANY_BOOL = tagOf(2, VARINT);
const ANY_INT = tagOf(3, VARINT);
const ANY_DOUBLE = tagOf(4, FIXED64);
const ANY_ARRAY = tagOf(5, LEN);
const ANY_KVLIST = tagOf(6, LEN);
const ANY_BYTES = tagOf(7, LEN);
const LIST_VALUES = tagOf(1, LEN);
const RESOURCE_ATTRIBUTES = tagOf(1, LEN);
const SCOPE_NAME = tagOf(1, LEN);
const SCOPE_VERSION = tagOf(2, LEN);

/** Adds the KeyValue that begins here. The last of two equal keys wins; one without a key is no attribute. */
export function readAttribute(
  reader: Reader,
  budget: Budget,
  into: Map<string, AttributeValue>,
  ofOwner = into.size + 1,
): void {
  budget.spendAttribute(ofOwner);
  const outer = reader.enter();
  let key = '';
  let value: AttributeValue = '';
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === KEY_VALUE_KEY) key = reader.string();
    else if (tag === KEY_VALUE_VALUE) value = readAnyValue(reader, budget, 1);
    else reader.skip(tag); // key_strindex belongs to profiles alone
  }
  reader.leave(outer);
  if (key !== '') into.set(key, value);
}

export function readResource(reader: Reader, budget: Budget, into: Map<string, AttributeValue>): void {
  const outer = reader.enter();
  let count = 0; // not the map's size: a resource may come in several pieces
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === RESOURCE_ATTRIBUTES) {
      count += 1;
      readAttribute(reader, budget, into, count);
    } else reader.skip(tag);
  }
  reader.leave(outer);
}

export function readScope(reader: Reader, into: { name: string; version: string }): void {
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === SCOPE_NAME) into.name = reader.string();
    else if (tag === SCOPE_VERSION) into.version = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

export const frozenAttributes = (read: ReadonlyMap<string, AttributeValue>): Attributes =>
  read.size === 0 ? NO_ATTRIBUTES : read;
export const frozenScope = (read: Scope): Scope =>
  read.name === '' && read.version === '' ? NO_SCOPE : read;

/** An empty value (allowed since proto 1.9) reads as ''. */
function readAnyValue(reader: Reader, budget: Budget, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) throw tooDeep();
  const outer = reader.enter();
  let value: AttributeValue = '';
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case ANY_STRING:
        value = reader.string();
        break;
      case ANY_BOOL:
        value = reader.varint() !== 0;
        break;
      case ANY_INT:
        value = reader.signedVarint();
        break;
      case ANY_DOUBLE:
        value = reader.double();
        break;
      case ANY_ARRAY:
        value = readList(reader, budget, depth);
        break;
      case ANY_KVLIST:
        value = readMap(reader, budget, depth);
        break;
      case ANY_BYTES:
        value = base64(reader.bytes.subarray(...reader.span()));
        break;
      default:
        reader.skip(tag); // string_value_strindex belongs to profiles alone
    }
  }
  reader.leave(outer);
  return value;
}

function readList(reader: Reader, budget: Budget, depth: number): string {
  const outer = reader.enter();
  const values: AttributeValue[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === LIST_VALUES) {
      budget.spendAttribute(values.length + 1);
      values.push(readAnyValue(reader, budget, depth + 1));
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return listText(values);
}

function readMap(reader: Reader, budget: Budget, depth: number): string {
  const outer = reader.enter();
  const entries: [string, AttributeValue][] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === LIST_VALUES) {
      budget.spendAttribute(entries.length + 1);
      entries.push(readEntry(reader, budget, depth));
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return mapText(entries);
}

function readEntry(reader: Reader, budget: Budget, depth: number): [string, AttributeValue] {
  const outer = reader.enter();
  let key = '';
  let value: AttributeValue = '';
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === KEY_VALUE_KEY) key = reader.string();
    else if (tag === KEY_VALUE_VALUE) value = readAnyValue(reader, budget, depth + 1);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [key, value];
}

export const listText = (values: readonly AttributeValue[]): string =>
  clip(`[${values.join(',')}]`, MAX_STRING_LENGTH);
export const mapText = (entries: readonly (readonly [string, AttributeValue])[]): string =>
  clip(`{${entries.map(([key, value]) => `${key}=${value}`).join(',')}}`, MAX_STRING_LENGTH);

/** Longer than this is cut: bytes serve to tell series apart, nothing reads them. */
const MAX_BASE64_BYTES = (MAX_STRING_LENGTH / 4) * 3;

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes.subarray(0, MAX_BASE64_BYTES)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

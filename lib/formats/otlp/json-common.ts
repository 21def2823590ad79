import { type Attributes, type AttributeValue, NO_ATTRIBUTES } from '../work/attributes.ts';
import type { Scope } from './decoded.ts';
import { NO_SCOPE } from './decoded.ts';
import type { JsonObject, JsonReader } from './json-reader.ts';
import type { Budget } from './limits.ts';
import { listText, mapText } from './protobuf-common.ts';

export function jsonAttributes(json: JsonReader, budget: Budget, owner: JsonObject): Attributes {
  const list = owner.attributes;
  if (list === undefined || list === null || (Array.isArray(list) && list.length === 0)) return NO_ATTRIBUTES;
  const attributes = new Map<string, AttributeValue>();
  let count = 0;
  json.each(owner, 'attributes', (item) => {
    count += 1;
    budget.spendAttribute(count);
    const [key, value] = jsonKeyValue(json, budget, item);
    if (key !== '') attributes.set(key, value);
  });
  return attributes.size === 0 ? NO_ATTRIBUTES : attributes;
}

export function jsonResource(json: JsonReader, budget: Budget, owner: JsonObject): Attributes {
  let attributes = NO_ATTRIBUTES;
  json.within(owner, 'resource', (resource) => {
    attributes = jsonAttributes(json, budget, resource);
  });
  return attributes;
}

export function jsonScope(json: JsonReader, owner: JsonObject): Scope {
  let scope = NO_SCOPE;
  json.within(owner, 'scope', (item) => {
    scope = { name: json.string(item, 'name'), version: json.string(item, 'version') };
  });
  return scope.name === '' && scope.version === '' ? NO_SCOPE : scope;
}

/** Nesting is bounded by the scan before JSON.parse. */
function jsonKeyValue(json: JsonReader, budget: Budget, item: JsonObject): readonly [string, AttributeValue] {
  const key = json.string(item, 'key');
  let value: AttributeValue = '';
  json.within(item, 'value', (any) => {
    value = jsonAnyValue(json, budget, any);
  });
  return [key, value];
}

function jsonAnyValue(json: JsonReader, budget: Budget, any: JsonObject): AttributeValue {
  if (isThere(any.stringValue)) return json.string(any, 'stringValue');
  if (isThere(any.boolValue)) return json.boolean(any, 'boolValue');
  if (isThere(any.intValue)) return jsonInteger(json, any);
  if (isThere(any.doubleValue)) return json.number(any, 'doubleValue') ?? '';
  if (isThere(any.bytesValue)) return json.string(any, 'bytesValue');
  if (isThere(any.arrayValue)) {
    const values: AttributeValue[] = [];
    json.within(any, 'arrayValue', (list) => {
      json.each(list, 'values', (item) => {
        budget.spendAttribute(values.length + 1);
        values.push(jsonAnyValue(json, budget, item));
      });
    });
    return listText(values);
  }
  if (isThere(any.kvlistValue)) {
    const entries: (readonly [string, AttributeValue])[] = [];
    json.within(any, 'kvlistValue', (list) => {
      json.each(list, 'values', (item) => {
        budget.spendAttribute(entries.length + 1);
        entries.push(jsonKeyValue(json, budget, item));
      });
    });
    return mapText(entries);
  }
  return '';
}

/** As in protobuf: a number where a double holds it, else its decimal text. */
function jsonInteger(json: JsonReader, any: JsonObject): AttributeValue {
  const number = json.number(any, 'intValue') ?? 0;
  const sent = any.intValue;
  return typeof sent === 'string' && !Number.isSafeInteger(number) ? sent : number;
}

const isThere = (value: unknown) => value !== undefined && value !== null;

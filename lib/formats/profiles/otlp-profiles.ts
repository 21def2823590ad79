import type { Profile } from '../../model/profile.ts';
import { isOtlpProfiles } from '../pprof/detect.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from './builder.ts';
import { guessInApp, UNKNOWN } from './in-app.ts';
import { isObject, type JsonObject, jsonReader, lineNumber, parseJson } from './json.ts';
import { MAX_DEPTH, tooMany } from './limits.ts';
import { parseOtlpProfiles } from './otlp-protobuf.ts';
import { temporalityOf } from './temporality.ts';
import { unitOfLabels } from './work-unit.ts';

// OTLP profiles, v1development since 1.10 of the protocol: one dictionary for all profiles of a request, samples by stack.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/profiles/v1development/profiles.proto
//
// A sample has values, or times, or both: without values each time counts one.

const WHAT = 'OTLP profiles';
const read = jsonReader(WHAT);
const NS_PER_MS = 1e6;

/** All profiles of a request as one: each has one type of value, and profiles of one type add up. */
export function decodeOtlpProfiles(bytes: Uint8Array): Profile {
  const request = isBinary(bytes) ? parseOtlpProfiles(bytes) : parseJson(bytes, WHAT);
  const dictionary = read.object(request.dictionary ?? {}, 'dictionary');
  const text = stringTable(dictionary);
  const profiles = allProfiles(request).map((profile) => ({ profile, type: typeOf(profile, text) }));
  const types = new Map(profiles.map(({ type }) => [`${type.type} ${type.unit}`, type]));
  if (types.size > MAX_TYPES) throw tooMany('sample types', MAX_TYPES);
  const places = new Map([...types.keys()].map((key, place) => [key, place]));
  const builder = createProfileBuilder(types.size);
  const tables = { text, dictionary, builder, stackOf: stackReader(dictionary, text, builder) };
  let start = Number.POSITIVE_INFINITY;
  let durationNs = 0;
  for (const { profile, type } of profiles) {
    addSamples(profile, { ...tables, place: places.get(`${type.type} ${type.unit}`)!, types: types.size });
    const time = integer(profile.timeUnixNano);
    if (time > 0n) start = Math.min(start, Number(time) / NS_PER_MS);
    durationNs = Math.max(durationNs, Number(integer(profile.durationNano)));
  }
  return builder.finish({
    format: 'otlp-profiles',
    sampleTypes: Array.from(types.values(), (type) => ({
      ...type,
      temporality: temporalityOf(type.type, durationNs > 0),
    })),
    defaultType: 0,
    start: Number.isFinite(start) ? start : null,
    durationNs: durationNs > 0 ? durationNs : null,
    labels: resourceLabels(request),
  });
}

/** Of a request; a sample has a value of one of them, and zeros of the others. */
const MAX_TYPES = 32;

/** JSON may begin with a line feed, which is the tag of a field here: only then the bytes after it have to tell. */
const isBinary = (bytes: Uint8Array) =>
  bytes[0] === 0x12 || (bytes[0] === 0x0a && (isOtlpProfiles(bytes) || !/^\s*\{/.test(head(bytes))));

const head = (bytes: Uint8Array) => String.fromCharCode(...bytes.subarray(0, 64));

interface Tables {
  readonly text: (index: unknown) => string;
  readonly dictionary: JsonObject;
  readonly builder: ProfileBuilder;
  readonly stackOf: (index: unknown) => number;
  /** Of the profile's type, and how many there are. */
  readonly place: number;
  readonly types: number;
}

function allProfiles(request: JsonObject): JsonObject[] {
  return read
    .list(request.resourceProfiles, 'resourceProfiles')
    .flatMap((resource) =>
      read.list(read.object(resource, 'resourceProfiles').scopeProfiles, 'scopeProfiles'),
    )
    .flatMap((scope) => read.list(read.object(scope, 'scopeProfiles').profiles, 'profiles'))
    .map((profile) => read.object(profile, 'profiles'));
}

function stringTable(dictionary: JsonObject): (index: unknown) => string {
  const strings = read.list(dictionary.stringTable, 'dictionary.stringTable');
  return (index) =>
    index === undefined
      ? ''
      : read.text(strings[read.index(Number(read.id(index)), strings.length, 'a string index')]);
}

function typeOf(profile: JsonObject | undefined, text: (index: unknown) => string) {
  const type = isObject(profile?.sampleType) ? profile.sampleType : {};
  return { type: text(type.typeStrindex) || 'samples', unit: text(type.unitStrindex) || 'count' };
}

/** 64-bit integers are strings in JSON. */
function integer(value: unknown): bigint {
  if (value === undefined || value === null || value === '') return 0n;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw read.fault('an integer', 'one of up to 64 bits');
}

function addSamples(profile: JsonObject, { builder, stackOf, text, dictionary, place, types }: Tables): void {
  for (const item of read.list(profile.samples, 'samples')) {
    const sample = read.object(item, 'samples');
    const stack = stackOf(sample.stackIndex);
    const facts = attributesOf(sample, text, dictionary, builder);
    const values = read.list(sample.values, 'values').map(integer);
    const times = read
      .list(sample.timestampsUnixNano, 'timestampsUnixNano')
      .map((time) => Number(integer(time)) / NS_PER_MS);
    const count = Math.max(values.length, times.length);
    // One value for many times is the value of them all: it cannot be split.
    const rows = values.length === 1 ? 1 : count;
    if (values.length > 0 && rows !== values.length) throw read.fault('values', 'one, or as many as times');
    for (let i = 0; i < rows; i += 1) {
      builder.sample(stack, { ...facts, ...(times[i] === undefined ? {} : { time: times[i] }) });
      const value = values[i] ?? 1n;
      for (let type = 0; type < types; type += 1) {
        if (type !== place) builder.value(type, 0);
        else builder.value(type, Number.isSafeInteger(Number(value)) ? Number(value) : value);
      }
    }
  }
}

/** Unit of work and thread, from the sample's attributes. */
function attributesOf(
  sample: JsonObject,
  text: (index: unknown) => string,
  dictionary: JsonObject,
  builder: ProfileBuilder,
): { unit?: number; thread?: number } {
  const table = read.list(dictionary.attributeTable, 'dictionary.attributeTable');
  const words = new Map<string, string>();
  for (const index of read.list(sample.attributeIndices, 'attributeIndices')) {
    const attribute = read.object(
      table[read.index(index, table.length, 'an attribute index')],
      'an attribute',
    );
    const value = isObject(attribute.value) ? attribute.value : {};
    const word = read.text(value.stringValue) || text(value.stringValueStrindex) || read.id(value.intValue);
    words.set(text(attribute.keyStrindex), word);
  }
  const unit = unitOfLabels(words);
  const thread = words.get('thread.id') ?? words.get('thread.name');
  return {
    ...(unit === undefined ? {} : { unit: builder.unit(unit) }),
    ...(thread === undefined ? {} : { thread: builder.thread(thread, words.get('thread.name') ?? '') }),
  };
}

function stackReader(dictionary: JsonObject, text: (index: unknown) => string, builder: ProfileBuilder) {
  const stacks = read.list(dictionary.stackTable, 'dictionary.stackTable');
  const framesOf = locationReader(dictionary, text, builder);
  const known: (number | undefined)[] = [];
  return (index: unknown): number => {
    if (index === undefined) return ROOT;
    const place = read.index(index, stacks.length, 'a stack index');
    if (known[place] !== undefined) return known[place];
    // The leaf comes first.
    const locations = read.list(read.object(stacks[place], 'a stack').locationIndices, 'locationIndices');
    if (locations.length > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
    let node = ROOT;
    for (const location of locations.toReversed())
      for (const frame of framesOf(location)) node = builder.node(node, frame);
    known[place] = node;
    return node;
  };
}

/** Frames of a location, outermost first. */
function locationReader(dictionary: JsonObject, text: (index: unknown) => string, builder: ProfileBuilder) {
  const locations = read.list(dictionary.locationTable, 'dictionary.locationTable');
  const functions = read.list(dictionary.functionTable, 'dictionary.functionTable');
  const mappings = read.list(dictionary.mappingTable, 'dictionary.mappingTable');
  const known: (number[] | undefined)[] = [];
  return (index: unknown): number[] => {
    const place = read.index(index, locations.length, 'a location index');
    if (known[place] !== undefined) return known[place];
    const location = read.object(locations[place], 'a location');
    const address = `0x${BigInt.asUintN(64, integer(location.address)).toString(16)}`;
    const lines = read.list(location.lines, 'lines');
    if (lines.length > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
    const frames = lines.map((item) => {
      const line = read.object(item, 'a line');
      const fn = read.object(
        functions[read.index(line.functionIndex ?? 0, functions.length, 'a function index')],
        'a function',
      );
      const file = text(fn.filenameStrindex);
      const name = text(fn.nameStrindex) || text(fn.systemNameStrindex) || address;
      return builder.frame(
        builder.string(name),
        builder.string(file),
        lineNumber(Number(integer(line.line))),
        guessInApp(name, file),
      );
    });
    if (frames.length === 0) frames.push(addressFrame(location, address, mappings, text, builder));
    known[place] = frames.reverse();
    return known[place];
  };
}

function addressFrame(
  location: JsonObject,
  address: string,
  mappings: readonly unknown[],
  text: (index: unknown) => string,
  builder: ProfileBuilder,
): number {
  const mapping =
    location.mappingIndex === undefined
      ? {}
      : mappings[read.index(location.mappingIndex, mappings.length, 'a mapping index')];
  const file = isObject(mapping) ? text(mapping.filenameStrindex) : '';
  return builder.frame(builder.string(address), builder.string(file), 0, UNKNOWN);
}

/** What every resource of the request says alike. */
function resourceLabels(request: JsonObject): Map<string, string> {
  const all = read.list(request.resourceProfiles, 'resourceProfiles').map((item) => {
    const resource = isObject(item) && isObject(item.resource) ? item.resource : {};
    const words = new Map<string, string>();
    for (const attribute of read.list(resource.attributes, 'attributes')) {
      if (!isObject(attribute) || !isObject(attribute.value)) continue;
      const value = read.text(attribute.value.stringValue);
      if (value !== '') words.set(read.text(attribute.key), value);
    }
    return words;
  });
  return new Map(
    [...(all[0] ?? [])].filter(([key, value]) => all.every((words) => words.get(key) === value)),
  );
}

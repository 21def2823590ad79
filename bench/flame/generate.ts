import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type NeutralProfile, neutralPprof } from './neutral-pprof.ts';

// Profiles that look like one service's fleet: 1,000 files of 60 s each, 72 MB unpacked, all different. They are made
// from a real CPU profile (gdu, a disk usage tool in Go; test/fixtures/profiles): its stacks, functions and mappings.
//
// - Every file has a share of the real stacks, drawn anew, so that files overlap as those of a fleet do; ids of
//   strings, functions and locations are given in the order of appearance, as Go's runtime does: no file's tables are a
//   copy of another's.
// - Values are drawn around the real ones.
// - One sample in six ends at an instruction of its own (address and line differ): the long tail of real profiles.
// - There are 40 processes, whose program lies at addresses of their own, and 4 versions, whose lines are shifted.
//
// Run: node bench/flame/generate.ts FOLDER [files] [seed]

const SEED_PROFILE = new URL('../../test/fixtures/profiles/gdu-cpu.pb.gz', import.meta.url);
const SHARE_OF_STACKS = 0.312;
const TAIL_SHARE = 1 / 6;
const PROCESSES = 40;
const VERSIONS = 4;
const ROUTES = ['GET /items', 'GET /items/:id', 'POST /items', 'GET /search', 'GET /report'];

/** mulberry32 (public domain): small, and the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const varint = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
};
const small = (value: number): number[] => {
  if (value < 0x80) return [value];
  if (value < 0x4000) return [(value & 0x7f) | 0x80, value >> 7];
  return varint(value);
};
const integer = (field: number, value: number | bigint): number[] =>
  value === 0 || value === 0n
    ? []
    : [field << 3, ...(typeof value === 'number' && value > 0 ? small(value) : varint(value))];
const message = (field: number, content: readonly number[]): number[] => [
  (field << 3) | 2,
  ...small(content.length),
  ...content,
];

/** Numbers of things in the order of their appearance, from `first`. */
function numbering(first: number) {
  const numbers = new Map<string, number>();
  const order: string[] = [];
  return {
    order,
    of(key: string): number {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, order.length + first);
      return order.push(key) - 1 + first;
    },
  };
}

function makeProfile(seed: NeutralProfile, file: number, seedNumber: number): Uint8Array {
  const draw = random(seedNumber * 1_000_003 + file);
  const shift = BigInt(Math.floor(random(file % PROCESSES)() * 4096)) * 0x1000n;
  const version = (file % PROCESSES) % VERSIONS;
  const strings = numbering(0);
  strings.of('');
  const text = (value: string) => strings.of(value);
  const header = [
    ...message(1, [...integer(1, text('samples')), ...integer(2, text('count'))]),
    ...message(1, [...integer(1, text('cpu')), ...integer(2, text('nanoseconds'))]),
  ];
  const locations = numbering(1);
  const functions = numbering(1);
  const samples: number[] = [];
  for (const sample of seed.samples) {
    if (draw() > SHARE_OF_STACKS) continue;
    const count = Math.max(1, Math.round(sample.values[0]! * 2 * draw()));
    const isTail = draw() < TAIL_SHARE;
    const own = isTail ? 1 + Math.floor(draw() * 4000) : 0;
    const ids = sample.locations.flatMap((location, i) =>
      small(locations.of(`${location}:${i === 0 ? own : 0}`)),
    );
    const label =
      draw() < 0.3
        ? [...integer(1, text('route')), ...integer(2, text(ROUTES[Math.floor(draw() * ROUTES.length)]!))]
        : [];
    const values = [...small(count), ...varint(count * 10_000_000)];
    const body = [...message(1, ids), ...message(2, values), ...(label.length > 0 ? message(3, label) : [])];
    for (const byte of message(2, body)) samples.push(byte);
  }
  const tables: number[] = [];
  for (const [i, key] of locations.order.entries()) {
    const [place, own] = key.split(':').map(Number) as [number, number];
    const location = seed.locations[place]!;
    const lines = location.lines.flatMap(({ function: fn, line }) =>
      message(4, [
        ...integer(1, functions.of(String(fn))),
        ...integer(2, line + BigInt(version * 2 + (own % 7))),
      ]),
    );
    const address = location.address + shift + BigInt(own);
    for (const byte of message(4, [
      ...integer(1, i + 1),
      ...integer(2, location.mapping),
      ...integer(3, address),
      ...lines,
    ]))
      tables.push(byte);
  }
  for (const [i, key] of functions.order.entries()) {
    const { name, systemName, file: path, startLine } = seed.functions[Number(key)]!;
    const body = [
      ...integer(1, i + 1),
      ...integer(2, text(name)),
      ...integer(3, text(systemName)),
      ...integer(4, text(path)),
      ...integer(5, startLine),
    ];
    for (const byte of message(5, body)) tables.push(byte);
  }
  const mappings = seed.mappings.flatMap((m, i) =>
    message(3, [
      ...integer(1, i + 1),
      ...integer(2, m.start + shift),
      ...integer(3, m.limit + shift),
      ...integer(4, m.offset),
      ...integer(5, text(m.file)),
      ...integer(6, text(`${m.buildId}${i === 0 ? version : ''}`)),
      ...integer(7, m.hasFunctions ? 1 : 0),
    ]),
  );
  const period = message(11, [...integer(1, text('cpu')), ...integer(2, text('nanoseconds'))]);
  const encoder = new TextEncoder();
  const stringBytes = strings.order.flatMap((value) => {
    const bytes = encoder.encode(value);
    return [0x32, ...small(bytes.length), ...bytes];
  });
  const start = 1_795_000_000_000_000_000n + BigInt(file) * 60_000_000_000n;
  const tail = [
    ...integer(9, start),
    ...integer(10, 60_000_000_000n + BigInt(file * 1000)),
    ...period,
    ...integer(12, 10_000_000),
  ];
  return Uint8Array.from([header, samples, mappings, tables, stringBytes, tail].flat());
}

/** @returns bytes of all files, unpacked and packed */
export function generate(folder: string, files: number, seedNumber: number): { raw: number; packed: number } {
  const seed = neutralPprof(gunzipSync(readFileSync(SEED_PROFILE)));
  mkdirSync(folder, { recursive: true });
  let raw = 0;
  let packed = 0;
  for (let file = 0; file < files; file += 1) {
    const bytes = makeProfile(seed, file, seedNumber);
    const gz = gzipSync(bytes);
    raw += bytes.length;
    packed += gz.length;
    writeFileSync(join(folder, `${String(file).padStart(5, '0')}.pb.gz`), gz);
  }
  return { raw, packed };
}

if (import.meta.main) {
  const [folder, files = '1000', seed = '1'] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Usage: node bench/flame/generate.ts FOLDER [files] [seed]');
  const { raw, packed } = generate(folder, Number(files), Number(seed));
  console.log(`${files} files, ${(raw / 1e6).toFixed(1)} MB, ${(packed / 1e6).toFixed(1)} MB packed`);
}

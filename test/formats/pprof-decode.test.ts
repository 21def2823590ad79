import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { profileTotals } from '../../lib/cli/profile-totals.ts';
import { summaryJson } from '../../lib/cli/profile-view.ts';
import { decodeProfile, detectProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { type DrawnPprof, drawPprof, integer, message, PLAIN, varint, type Wire } from './pprof-drawn.ts';

const folded = (bytes: Uint8Array, type?: number) =>
  new TextDecoder().decode(
    encodeProfile(decodeProfile(bytes), 'folded', { ...(type === undefined ? {} : { type }) }),
  );

/** main calls serve, into which parse is inlined; both allocate, and something without a name runs below. */
const DRAWN: DrawnPprof = {
  types: [
    ['alloc_objects', 'count'],
    ['inuse_space', 'bytes'],
  ],
  functions: {
    main: { name: 'main', file: '/app/main.go' },
    serve: { name: 'serve', file: '/app/serve.go' },
    parse: { name: 'parse', file: '/app/parse.go' },
  },
  locations: {
    main: { lines: [['main', 10]] },
    // Innermost first.
    serve: {
      lines: [
        ['parse', 30],
        ['serve', 20],
      ],
    },
    bare: { address: 0x4a11, mapping: 1 },
  },
  samples: [
    { stack: ['serve', 'main'], values: [3, -100] },
    { stack: ['bare', 'serve', 'main'], values: [2, 2n ** 60n] },
    { stack: [], values: [1, 7] },
  ],
  mappings: ['/lib/libc.so.6'],
};

const EXPECTED_COUNTS = `main;serve;parse 3
main;serve;parse;0x4a11 2
(no stack) 1
`;
const EXPECTED_BYTES = `main;serve;parse -100
main;serve;parse;0x4a11 1152921504606846976
(no stack) 7
`;

describe('decodePprof of every form of the wire', () => {
  const wires = fc.record({
    packed: fc.boolean(),
    order: fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 14], { minLength: 7 }),
    id: fc.constantFrom<Wire['id']>(
      (n) => n + 1,
      (n) => 1000 - n,
      (n) => 2n ** 63n + BigInt(n),
      (n) => 0x1_0000_0001 * (n + 1),
    ),
    unknown: fc.boolean(),
  });

  it('reads tables in any order, packed or not, with any ids and fields of later versions between', () => {
    fc.assert(
      fc.property(wires, (wire) => {
        const bytes = drawPprof(DRAWN, wire);
        expect(detectProfile(bytes)).toBe('pprof');
        expect(folded(bytes, 0)).toBe(EXPECTED_COUNTS);
        expect(folded(bytes)).toBe(EXPECTED_BYTES);
      }),
      { seed: 20261121, numRuns: 60 },
    );
  });

  it('sums beyond 2^53 exactly, and writes them as strings', () => {
    const summary = summaryJson(decodeProfile(drawPprof(DRAWN)), 1);
    expect(summary.sampleTypes[1]!.total).toBe(String(2n ** 60n - 100n + 7n));
    expect(summary.top[0]).toEqual({ name: '0x4a11', self: String(2n ** 60n), total: String(2n ** 60n) });
  });

  it('adds to the lowest and the highest 64-bit integer', () => {
    const samples = [
      { stack: ['main'], values: [0, 2n ** 63n - 1n] },
      { stack: ['main'], values: [0, -(2n ** 63n)] },
    ];
    expect(profileTotals(decodeProfile(drawPprof({ ...DRAWN, samples })), 1).sum).toBe(-1n);
  });

  it('takes a field that is split into several: lists go on, the last of other fields counts', () => {
    const [types, ...rest] = [PLAIN.order[0]!, ...PLAIN.order.slice(1)];
    const bytes = drawPprof(DRAWN, { ...PLAIN, order: [types, ...rest] });
    const tail = [...integer(14, 1), ...integer(14, 3)];
    expect(decodeProfile(Uint8Array.from([...bytes, ...tail])).defaultType).toBe(1);
  });
});

describe('decodePprof names frames', () => {
  const one = (fn: DrawnPprof['functions'][string], location: DrawnPprof['locations'][string] = {}) =>
    folded(
      drawPprof({
        types: [['cpu', 'nanoseconds']],
        functions: { f: fn },
        locations: { l: { lines: [['f', 1]], ...location } },
        samples: [{ stack: ['l'], values: [1] }],
      }),
    ).replace(/ 1\n$/, '');

  it('by the name, else the system name, else the address', () => {
    expect(one({ name: 'f', systemName: '_Z1fv' })).toBe('f');
    expect(one({ systemName: '_Z1fv' })).toBe('_Z1fv');
    expect(one({}, { address: 0xff })).toBe('0xff');
    expect(one({ name: 'f' }, { lines: [], address: 0xffff_ffff })).toBe('0xffffffff');
  });

  it('with U+FFFD for bytes that are no UTF-8', () => {
    expect(one({ name: Uint8Array.from([0x66, 0xff, 0x67]) })).toBe('f\ufffdg');
    expect(one({ name: Uint8Array.from([0xe2, 0x82]) })).toBe('\ufffd');
  });

  it('whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x10ffff), { minLength: 1, maxLength: 30 }), (points) => {
        const name = String.fromCodePoint(...points);
        const bytes = drawPprof({
          types: [['cpu', 'nanoseconds']],
          functions: { f: { name } },
          locations: { l: { lines: [['f', 1]] } },
          samples: [{ stack: ['l'], values: [1] }],
        });
        const read = decodeProfile(bytes).frames;
        expect(read.strings[read.name[0]!]).toBe(name.toWellFormed());
      }),
      { seed: 20261121, numRuns: 100 },
    );
  });
});

describe('decodePprof reads labels', () => {
  const read = (labels: readonly (readonly [string, string | number])[]) =>
    decodeProfile(drawPprof({ ...DRAWN, samples: [{ stack: ['main'], values: [1, 1], labels }] }));

  it('as units of work, threads and times', () => {
    const { units, threads, samples } = read([
      ['trace endpoint', 'GET /items/:id'],
      ['thread id', '7'],
      ['thread name', 'worker'],
      ['end_timestamp_ns', 1_795_000_000_123_000_000],
      ['bytes', 512],
    ]);
    expect(units).toEqual([{ kind: 'http', name: 'GET /items/:id' }]);
    expect(threads).toEqual(['worker']);
    expect(samples.time![0]).toBeCloseTo(1_795_000_000_123, 2);
  });

  it('as the local root span, where nothing else names the work', () => {
    expect(read([['span_name', 'GET /cart']]).units).toEqual([{ kind: 'http', name: 'GET /cart' }]);
    const named = read([
      ['span_name', 'HTTP GET'],
      ['http.route', '/cart'],
    ]);
    expect(named.units.map(({ name }) => name)).toEqual(['HTTP /cart']);
  });

  it('as threads of one name that a number tells apart', () => {
    const samples = [7, 8, 7].map((id) => ({
      stack: ['main'],
      values: [1, 1],
      labels: [['thread id', id] as const, ['thread name', 'worker'] as const],
    }));
    const profile = decodeProfile(drawPprof({ ...DRAWN, samples }));
    expect(profile.threads).toEqual(['worker', 'worker']);
    expect([...profile.samples.thread!]).toEqual([0, 1, 0]);
  });

  it('and passes over others', () => {
    expect(read([['span id', 'abc']]).units).toEqual([]);
  });
});

describe('decodePprof refuses', () => {
  const refusal = (drawn: Partial<DrawnPprof>, extra: readonly number[] = []) => {
    const bytes = Uint8Array.from([...drawPprof({ ...DRAWN, ...drawn }), ...extra]);
    return () => decodeProfile(bytes);
  };

  it.each([
    [
      'values that are too few',
      { samples: [{ stack: ['main'], values: [1] }] },
      [],
      /1 values.*2 sample types/,
    ],
    ['values that are too many', { samples: [{ stack: ['main'], values: [1, 2, 3] }] }, [], /3 values/],
    ['a location twice', {}, message(4, integer(1, 1)), /two locations/],
    ['a function without an id', {}, message(5, integer(2, 1)), /has no id/],
    ['a string that is not there', {}, message(5, [...integer(1, 77), ...integer(2, 999)]), /string 999 of/],
    [
      'a sample of a location that is not there',
      {},
      message(2, [...integer(1, 99), ...integer(2, 1), ...integer(2, 1)]),
      /location 99/,
    ],
    ['an integer of eleven bytes', {}, [0x48, ...new Array(11).fill(0xff)], /more than ten bytes/],
    ['a length beyond the end', {}, [0x32, 0x7f, 0x61], /127 bytes and 1 are left/],
    ['wire types that are none', {}, varint((30 << 3) | 7), /unknown wire type/],
    ['several files one after the other', {}, [...integer(9, 1), ...integer(9, 2)], /several profiles/],
  ] as const)('%s', (_, drawn, extra, message) => {
    expect(refusal(drawn as Partial<DrawnPprof>, extra)).toThrow(message);
  });
});

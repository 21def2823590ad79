import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../lib/model/fault.ts';
import { ByteReader, ByteWriter } from '../../lib/segments/bytes.ts';
import type { Kind } from '../../lib/segments/kind.ts';
import { KIND_NAMES, KINDS, type Sections } from '../../lib/segments/kinds/index.ts';
import { encodeSegment, readFooter, readSection } from '../../lib/segments/segment.ts';
import { functionsState } from './functions-state.ts';
import {
  allocationsState,
  factsState,
  flameSection,
  instancesState,
  latencyState,
  sections,
  spansState,
  uploadIds,
} from './states.ts';

const STATES: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  allocations: allocationsState,
  facts: factsState,
  flame: flameSection,
  functions: functionsState,
  instance: instancesState,
  latency: latencyState,
  spans: spansState,
};
const options = { seed: 20_310_506, numRuns: 200 };

function readAll(bytes: Uint8Array): Sections {
  const footer = readFooter(bytes);
  return Object.fromEntries(KIND_NAMES.map((name) => [name, readSection(bytes, footer, name)])) as Sections;
}

/** The one way in which damage may show. */
function expectRefused(read: () => unknown) {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ code: 'invalid-input' });
    return;
  }
  throw new Error('Damaged bytes were read as if they were whole');
}

describe('KINDS', () => {
  it('has a generator of states for every kind', () => {
    expect(Object.keys(STATES).sort()).toEqual(KIND_NAMES);
  });
});

describe.each(KIND_NAMES)('codec of kind %s', (name) => {
  const kind = KINDS[name] as Kind<unknown>;
  const state = STATES[name] as fc.Arbitrary<unknown>;

  it('decode() of encode() gives the same state', () => {
    fc.assert(
      fc.property(state, (drawn) => {
        expect(kind.decode(kind.encode(drawn), kind.codecVersion)).toEqual(drawn);
      }),
      options,
    );
  });

  it('encode() gives the same bytes whatever the order of insertion', () => {
    fc.assert(
      fc.property(state, (drawn) => {
        expect(kind.encode(turned(drawn))).toEqual(kind.encode(drawn));
      }),
      options,
    );
  });

  it('encode(empty()) decodes to empty()', () => {
    expect(kind.decode(kind.encode(kind.empty()), kind.codecVersion)).toEqual(kind.empty());
  });

  it('decode() refuses every truncation, and bytes that are left over', () => {
    fc.assert(
      fc.property(state, (drawn) => {
        const bytes = kind.encode(drawn);
        for (let end = 0; end < bytes.length; end += Math.ceil(bytes.length / 50)) {
          expectRefused(() => kind.decode(bytes.subarray(0, end), kind.codecVersion));
        }
        expectRefused(() => kind.decode(Uint8Array.of(...bytes, 0), kind.codecVersion));
      }),
      { ...options, numRuns: 40 },
    );
  });

  it('decode() of random and of changed bytes is a state or a Fault, never a hang or a crash', () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        kind.decode(bytes, kind.codecVersion);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'invalid-input') throw error;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { ...options, numRuns: 1500 });
    fc.assert(
      fc.property(
        state,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (drawn, edits) => {
          const bytes = kind.encode(drawn);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          attempt(bytes);
        },
      ),
      { ...options, numRuns: 600 },
    );
  });

  it('decode() refuses a codec version from the future', () => {
    expectRefused(() => kind.decode(kind.encode(kind.empty()), kind.codecVersion + 1));
  });
});

/** Every map inside of a state, filled in the opposite order. */
function turned(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].reverse().map(([key, inner]) => [key, turned(inner)]));
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, turned(inner)]));
}

describe('encodeSegment()', () => {
  it('is undone by readFooter() and readSection()', () => {
    fc.assert(
      fc.property(sections, uploadIds, (drawn, ids) => {
        const bytes = encodeSegment(drawn, ids);
        expect(readFooter(bytes).uploads.list()).toEqual([...ids].sort());
        for (const name of KIND_NAMES) {
          expect(readSection(bytes, readFooter(bytes), name)).toEqual(drawn[name]);
        }
      }),
      options,
    );
  });

  it('gives the same bytes for ids in any order and number', () => {
    fc.assert(
      fc.property(sections, uploadIds, (drawn, ids) => {
        expect(encodeSegment(drawn, [...ids, ...ids].reverse())).toEqual(encodeSegment(drawn, ids));
      }),
      options,
    );
  });

  it('refuses a half surrogate pair, which would come back as another string', () => {
    const instance = { instances: new Map(), unused: new Map([['\ud800', 1]]) };
    expect(() => encodeSegment({ instance }, [])).toThrow(RangeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s, which no merge could order', (value) => {
    const machines = new Map([['k', { times: [1], values: [value], conflict: false }]]);
    expect(() => encodeSegment({ facts: { machines } }, [])).toThrow(RangeError);
  });
});

describe('readFooter() and readSection()', () => {
  const drawn = () => fc.sample(fc.tuple(sections, uploadIds), { seed: 5, numRuns: 6 });

  it('refuse every truncation of a segment', () => {
    for (const [state, ids] of drawn()) {
      const bytes = encodeSegment(state, ids);
      for (let end = 0; end < bytes.length; end += 1) expectRefused(() => readAll(bytes.subarray(0, end)));
    }
  });

  it('refuse a segment with any one byte changed', () => {
    for (const [state, ids] of drawn()) {
      const bytes = encodeSegment(state, ids);
      for (let at = 0; at < bytes.length; at += 1) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const damaged = bytes.slice();
          damaged[at] = (damaged[at] as number) ^ flip;
          expectRefused(() => readAll(damaged));
        }
      }
    }
  });

  it('refuse random bytes, also behind a good beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (tail, begun) => {
        const bytes = begun ? Uint8Array.of(0x54, 0x44, 0x53, 0x47, 1, ...tail) : tail;
        expectRefused(() => readAll(bytes));
      }),
      { ...options, numRuns: 1000 },
    );
  });
});

describe('ByteWriter and ByteReader', () => {
  const roundTrip = <T>(write: (out: ByteWriter) => void, read: (from: ByteReader) => T): T => {
    const out = new ByteWriter();
    write(out);
    const from = new ByteReader(out.finish());
    const value = read(from);
    expect(from.done).toBe(true);
    return value;
  };

  it('keep every unsigned integer below 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(
          roundTrip(
            (out) => out.uint(value),
            (from) => from.uint(),
          ),
        ).toBe(value);
      }),
      options,
    );
  });

  it('keep every signed integer within ±(2^53 − 1), also around the edges of both ways', () => {
    const edges = [2 ** 47, 2 ** 48, 2 ** 51, 2 ** 52, Number.MAX_SAFE_INTEGER].flatMap((edge) => [
      edge - 1,
      edge,
      -edge,
      1 - edge,
    ]);
    for (const value of edges)
      expect(
        roundTrip(
          (out) => out.int(value),
          (from) => from.int(),
        ),
      ).toBe(value);
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(
          roundTrip(
            (out) => out.int(value),
            (from) => from.int(),
          ),
        ).toBe(value);
      }),
      options,
    );
  });

  it('read many signed integers as one by one, and refuse those that are cut', () => {
    const signed = fc.maxSafeNat().chain((limit) => fc.integer({ min: -limit, max: limit }));
    const edges = Array.from({ length: 54 }, (_, bits) => 2 ** bits - 1).flatMap((edge) => [edge, -edge]);
    fc.assert(
      fc.property(fc.array(fc.oneof(signed, fc.constantFrom(...edges))), (values) => {
        const out = new ByteWriter();
        for (const value of values) out.int(value);
        const bytes = out.finish();
        const from = new ByteReader(bytes);
        const [many, single] = [new Float64Array(values.length), new ByteReader(bytes)];
        from.ints(many);
        expect(from.done).toBe(true);
        for (const value of many) expect(value).toBe(single.int());
        const cut = new ByteReader(bytes.subarray(0, -1));
        if (values.length > 0) expectRefused(() => cut.ints(many));
      }),
      options,
    );
  });

  it('keep sums beyond 2^53 and 2^64 as bigints', () => {
    for (const value of [
      0n,
      (1n << 28n) - 1n,
      1n << 28n,
      (1n << 49n) - 1n,
      1n << 49n,
      1n << 53n,
      (1n << 64n) - 1n,
      1n << 64n,
      (1n << 98n) - 1n,
      1n << 98n,
      (1n << 128n) - 1n,
    ]) {
      expect(
        roundTrip(
          (out) => out.big(value),
          (from) => from.big(),
        ),
      ).toBe(value);
    }
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('uint(%s) is refused', (value) => {
    expect(() => new ByteWriter().uint(value)).toThrow(RangeError);
  });

  it.each([-1n, 1n << 128n])('big(%s) is refused', (value) => {
    expect(() => new ByteWriter().big(value)).toThrow(RangeError);
  });
  it.each([0.5, -0.5, 2 ** 40 + 0.25, Number.NaN, Number.NEGATIVE_INFINITY])(
    'int() refuses %s, which would come back as another number',
    (value) => {
      expect(() => new ByteWriter().int(value)).toThrow(RangeError);
    },
  );

  it('refuse an integer that does not end', () => {
    const endless = new Uint8Array(64).fill(0xff);
    for (const read of [
      (from: ByteReader) => from.uint(),
      (from: ByteReader) => from.int(),
      (from: ByteReader) => from.ints(new Float64Array(1)),
      (from: ByteReader) => from.big(),
    ]) {
      expectRefused(() => read(new ByteReader(endless)));
    }
  });

  it('refuse a count of more things than bytes follow, before any memory is taken', () => {
    const out = new ByteWriter();
    out.uint(2 ** 40);
    expectRefused(() => new ByteReader(out.finish()).count());
  });
});

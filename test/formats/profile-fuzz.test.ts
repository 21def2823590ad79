import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { profileTotals } from '../../lib/cli/profile-totals.ts';
import { addToMerge, createMerge, finishMerge } from '../../lib/formats/pprof/merge.ts';
import {
  combineProfiles,
  decodeProfile,
  encodeProfile,
  PROFILE_FORMATS,
} from '../../lib/formats/profiles/index.ts';
import { Fault } from '../../lib/model/fault.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { drawPprof, integer, message, varint } from './pprof-drawn.ts';
import { plainProfile } from './profile-fixtures.ts';

const SEED = 20261121;

/** A fault, or a profile that keeps what the model promises; anything else thrown fails the test. */
function examine(attempt: () => Profile): 'refused' | 'read' {
  let profile: Profile;
  try {
    profile = attempt();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(['invalid-input', 'too-large', 'unsupported']).toContain(error.code);
    expect(error.message.length).toBeLessThan(400);
    return 'refused';
  }
  check(profile);
  return 'read';
}

function check(profile: Profile): void {
  const { frames, stacks, samples, sampleTypes, threads, units } = profile;
  expect(samples.values.length).toBe(sampleTypes.length);
  for (const column of samples.values) expect(column.length).toBe(samples.stack.length);
  for (const column of samples.values)
    if (column instanceof Float64Array) expect(column.every(Number.isSafeInteger)).toBe(true);
  expect(samples.stack.every((node) => node < stacks.parent.length)).toBe(true);
  expect(stacks.parent.every((parent, node) => node === 0 || parent < node)).toBe(true);
  expect(stacks.frame.every((frame, node) => node === 0 || frame < frames.name.length)).toBe(true);
  expect(frames.name.every((name) => name < frames.strings.length)).toBe(true);
  expect(frames.file.every((file) => file < frames.strings.length)).toBe(true);
  expect(samples.unit.every((unit) => unit >= -1 && unit < units.length)).toBe(true);
  expect(samples.thread?.every((thread) => thread >= -1 && thread < threads.length) ?? true).toBe(true);
  // What was read can be written, and reads the same.
  const again = decodeProfile(encodeProfile(profile, 'pprof-plain'), { format: 'pprof' });
  for (const type of sampleTypes.keys())
    expect(profileTotals(again, type).sum).toBe(profileTotals(profile, type).sum);
  encodeProfile(profile, 'speedscope');
  encodeProfile(profile, 'folded');
  expect(combineProfiles([profile]).samples.stack.length).toBeLessThanOrEqual(samples.stack.length);
}

/** One small file of every form. */
const FILES = [
  'own-go-mutex.pb.gz',
  'node-wall-react.pb',
  'chrome65-simple.cpuprofile',
  'own-excimer.folded',
  'simple-utf16-le.txt',
  'evented-0.0.1.speedscope.json',
  'sampled-0.1.2.speedscope.json',
] as const;
const SMALL_JSON = [
  {
    version: '1',
    platform: 'python',
    timestamp: 1,
    transaction: { name: 'GET /a/1', active_thread_id: 1 },
    profile: {
      frames: [{ function: 'f', lineno: 2 }, {}],
      stacks: [[0, 1], [1]],
      samples: [
        { stack_id: 0, thread_id: 1, elapsed_since_start_ns: 1 },
        { stack_id: 1, thread_id: 1, elapsed_since_start_ns: 9 },
      ],
      thread_metadata: { 1: { name: 'm' } },
    },
  },
  {
    head: {
      callFrame: { functionName: '(root)' },
      selfSize: 3,
      children: [{ functionName: 'a', selfSize: 2, children: [] }],
    },
  },
  {
    head: {
      id: 1,
      functionName: '(root)',
      hitCount: 0,
      children: [{ id: 2, functionName: 'a', hitCount: 3 }],
    },
    startTime: 1,
    endTime: 2,
    samples: [2],
    timestamps: [1e6],
  },
  {
    resourceProfiles: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
        scopeProfiles: [
          {
            profiles: [
              {
                sampleType: { typeStrindex: 1, unitStrindex: 2 },
                timeUnixNano: '1795000000000000000',
                durationNano: '1000',
                samples: [
                  {
                    stackIndex: 0,
                    values: ['5'],
                    attributeIndices: [0],
                    timestampsUnixNano: ['1795000000000000000'],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
    dictionary: {
      stringTable: ['', 'cpu', 'ns', 'f', 'thread.name'],
      functionTable: [{ nameStrindex: 3 }],
      mappingTable: [{}],
      locationTable: [{ mappingIndex: 0, address: '255', lines: [{ functionIndex: 0, line: '7' }] }],
      stackTable: [{ locationIndices: [0] }],
      attributeTable: [{ keyStrindex: 4, value: { stringValue: 'w' } }],
    },
  },
];
const SEEDS: readonly Uint8Array[] = [
  ...FILES.map(plainProfile),
  ...SMALL_JSON.map((value) => new TextEncoder().encode(JSON.stringify(value))),
  plainProfile('ebpf.pb.gz').slice(0, 4000),
];
const seeds = fc.constantFrom(...SEEDS);

describe('decodeProfile of anything', () => {
  it('reads or refuses random bytes, whatever format they are said to have', () => {
    const formats = fc.constantFrom(undefined, ...PROFILE_FORMATS);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), formats, (bytes, format) => {
        examine(() => decodeProfile(bytes, format === undefined ? {} : { format }));
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it('reads or refuses files of every format as every other', () => {
    for (const bytes of SEEDS)
      for (const format of PROFILE_FORMATS) examine(() => decodeProfile(bytes, { format }));
  });

  it('reads or refuses files with a few bytes changed, cut or doubled', () => {
    const edits = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255), fc.nat(3)), {
      minLength: 1,
      maxLength: 4,
    });
    const outcomes = { refused: 0, read: 0 };
    fc.assert(
      fc.property(seeds, edits, (file, changes) => {
        let bytes = Array.from(file);
        for (const [place, byte, kind] of changes) {
          const at = Math.floor(place * bytes.length);
          if (kind === 0) bytes = bytes.slice(0, at);
          else if (kind === 1) bytes.splice(at, 1);
          else if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + (byte % 32)));
          else bytes[at] = byte;
        }
        outcomes[examine(() => decodeProfile(Uint8Array.from(bytes)))] += 1;
      }),
      { seed: SEED, numRuns: 1500 },
    );
    // Both happen, or the test looks at nothing.
    expect(Math.min(outcomes.refused, outcomes.read)).toBeGreaterThan(100);
  });

  it('reads or refuses JSON with any value in the place of another', () => {
    const odd = fc.constantFrom<unknown>(
      null,
      '',
      'x',
      -1,
      0.5,
      1e308,
      1e300,
      -0,
      true,
      [],
      {},
      [[]],
      [null],
      '9'.repeat(30),
      2 ** 53,
      '__proto__',
      'constructor',
      { toString: 1 },
    );
    const trees = fc.constantFrom(
      ...SEEDS.filter((bytes) => bytes[0] === 0x7b).map((bytes) => new TextDecoder().decode(bytes)),
    );
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), odd, odd, (text, first, second, a, b) => {
        const count = { nodes: 0 };
        JSON.parse(text, (_, value) => {
          count.nodes += 1;
          return value;
        });
        let at = 0;
        const changed = JSON.parse(text, (_, value) => {
          at += 1;
          if (at === first % count.nodes) return a;
          return at === second % count.nodes ? b : value;
        });
        examine(() => decodeProfile(new TextEncoder().encode(JSON.stringify(changed))));
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });
});

describe('addToMerge of anything', () => {
  it('merges or refuses', () => {
    fc.assert(
      fc.property(fc.constantFrom(SEEDS[0]!, SEEDS[1]!), fc.nat(), fc.nat(255), (file, at, byte) => {
        const bytes = Uint8Array.from(file);
        bytes[at % bytes.length] = byte;
        examine(() => {
          const merge = createMerge();
          addToMerge(merge, bytes);
          addToMerge(merge, bytes);
          return decodeProfile(finishMerge(merge), { format: 'pprof' });
        });
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe('decodeProfile is bounded', () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

  it.each([
    ['arrays', utf8(`{"nodes":${nested('[', ']', 100_000)}}`), 'v8-cpuprofile', /levels of JSON/],
    [
      'objects',
      utf8(`{"head":${nested('{"children":[', ']}', 100_000)}}`),
      'v8-heapprofile',
      /levels of JSON/,
    ],
    ['Sentry', utf8(`{"profile":${nested('[', ']', 1000)}}`), 'sentry', /levels of JSON/],
    ['folded frames', utf8(`${'a;'.repeat(5000)}b 1\n`), 'folded', /frames in a stack/],
    ['lines', utf8(`${'a;'.repeat(5000)}b\n`), 'lines', /frames in a stack/],
  ] as const)('in depth: %s', (_, bytes, format, message) => {
    expect(() => decodeProfile(bytes, { format })).toThrow(message);
  });

  it('in depth, yet takes the 2,048 frames that async-profiler records', () => {
    expect(decodeProfile(utf8(`${'a;'.repeat(2048)}b 1\n`)).stacks.parent).toHaveLength(2050);
  });

  it('in depth: V8 nodes and speedscope events', () => {
    const callFrame = { functionName: 'f', url: '', lineNumber: 0 };
    const nodes = Array.from({ length: 3000 }, (_, i) => ({ id: i + 1, callFrame, children: [i + 2] }));
    nodes[2999]!.children = [];
    const cpu = { nodes, samples: [3000], timeDeltas: [1], startTime: 0, endTime: 1 };
    expect(() => decodeProfile(utf8(JSON.stringify(cpu)))).toThrow(/frames in a stack/);
    const events = Array.from({ length: 3000 }, (_, at) => ({ type: 'O', frame: 0, at }));
    const evented = {
      shared: { frames: [{ name: 'f' }] },
      profiles: [{ type: 'evented', unit: 'none', events }],
    };
    expect(() => decodeProfile(utf8(JSON.stringify(evented)))).toThrow(/frames in a stack/);
  });

  const drawn = {
    types: [['cpu', 'nanoseconds']],
    functions: { f: { name: 'f' } },
    locations: { l: { lines: [['f', 1]] } },
  } as const;

  it('in depth: pprof', () => {
    const deep = { ...drawn, samples: [{ stack: new Array<string>(5000).fill('l'), values: [1] }] };
    expect(() => decodeProfile(drawPprof(deep))).toThrow(/frames in a stack/);
  });

  it('in counts that a file only claims to have', () => {
    // A length of 2 GB, of 2^63, and a string table index of 2^62.
    for (const extra of [
      [0x32, ...varint(2 ** 31)],
      [0x12, ...varint(2n ** 63n)],
      message(5, [...integer(1, 9), ...integer(2, 2n ** 62n)]),
    ]) {
      const bytes = Uint8Array.from([...drawPprof({ ...drawn, samples: [] }), ...extra]);
      expect(() => decodeProfile(bytes)).toThrow(Fault);
    }
  });

  it('in size: what unpacks to more than it may', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    expect(() => decodeProfile(bomb)).toThrow(/more than \d+ bytes/);
  });

  it('in time: a megabyte of what makes patterns slow', () => {
    const run = (unit: string) => unit.repeat(Math.floor(300_000 / unit.length));
    for (const unit of [
      ' ',
      'a ',
      '1 ',
      'a;',
      ';',
      '\t',
      '1',
      '.so',
      '@v1.',
      '/go/src/',
      '"',
      '{',
      '[',
      '\\',
      '{"a":',
      '\n',
      '\r',
    ])
      for (const text of [run(unit), `main ${run(unit)}`, `${run(unit)} 1`, `{"profile":"${run(unit)}`])
        examine(() => decodeProfile(utf8(text)));
  });
});

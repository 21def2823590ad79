import { describe, expect, it } from 'vitest';
import { diffProfiles } from '../../lib/cli/profile-diff.ts';
import { profileTotals } from '../../lib/cli/profile-totals.ts';
import { summaryJson, summaryView } from '../../lib/cli/profile-view.ts';
import {
  combineProfiles,
  decodeProfile,
  detectProfile,
  encodeProfile,
} from '../../lib/formats/profiles/index.ts';
import { PROFILE_FILES, plainProfile } from './profile-fixtures.ts';

// Forms that tools write and that no fixture has.

const utf8 = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => utf8(JSON.stringify(value));
const utf16 = (text: string, { bigEndian = false, mark = true } = {}) => {
  const bytes = new Uint8Array(2 * text.length + (mark ? 2 : 0));
  const view = new DataView(bytes.buffer);
  const all = mark ? `\ufeff${text}` : text;
  for (let i = 0; i < all.length; i += 1) view.setUint16(2 * i, all.charCodeAt(i), !bigEndian);
  return bytes;
};
const folded = (bytes: Uint8Array) => new TextDecoder().decode(encodeProfile(decodeProfile(bytes), 'folded'));
const format = (bytes: Uint8Array) => detectProfile(bytes);
const sum = (bytes: Uint8Array) => profileTotals(decodeProfile(bytes), 0).sum;

describe('folded stacks', () => {
  const TEXT = 'main;a;b 3\nmain;c 4\nmain;a;b 5\n';
  const EXPECTED = 'main;a;b 8\nmain;c 4\n';

  it.each([
    ['line feeds', utf8(TEXT)],
    ['CRLF', utf8(TEXT.replaceAll('\n', '\r\n'))],
    ['CR', utf8(TEXT.replaceAll('\n', '\r'))],
    ['no line end at the end', utf8(TEXT.trimEnd())],
    ['empty lines and trailing blanks', utf8(`\n\n${TEXT.replaceAll('\n', ' \t\n\n')}`)],
    ['tabs before the counts', utf8(TEXT.replaceAll(' ', '\t'))],
    ['a UTF-8 mark', Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8(TEXT)])],
    ['UTF-16 LE with a mark', utf16(TEXT)],
    ['UTF-16 BE with a mark', utf16(TEXT, { bigEndian: true })],
    ['UTF-16 LE without a mark', utf16(TEXT, { mark: false })],
    ['UTF-16 BE without a mark', utf16(TEXT, { bigEndian: true, mark: false })],
    ["Austin's metadata", utf8(`# austin: 3.7.0\n# interval: 100\n${TEXT}# duration: 383010\n`)],
    ['lines of junk', utf8(`# by a tool\n${TEXT}warning: lost\n\u0000\u0001\nmain;open\n`)],
    ['fractions', utf8('main;a;b 7.6\nmain;c 4.4\nmain;a;b 0.4\nmain;c -0.4\n')],
  ])('with %s', (_, bytes) => {
    expect(format(bytes)).toBe('folded');
    expect(folded(bytes)).toBe(EXPECTED);
  });

  it.each(['2fast;main', 'php;main', 'xhprof;pH', 'hash;H', '"quoted";main', 'jjj;j', 'p p p'])(
    'is not taken for protobuf where it begins with the bytes of tags: %s',
    (stack) => {
      for (const bytes of [utf8(`${stack} 12\n`), utf16(`${stack} 12\n`, { mark: false })]) {
        expect(format(bytes)).toBe('folded');
        expect(sum(bytes)).toBe(12);
      }
    },
  );

  it.each([
    '[main tid=12345];java/lang/Thread.run;App.work',
    '[unknown];__libc_start_main;main',
    '{closure:/srv/index.php:12};array_map;render',
    '{main};handle',
  ])('is not taken for JSON where it begins as such: %s', (stack) => {
    const bytes = utf8(`${stack} 12\n[unknown] 1\n`);
    expect(format(bytes)).toBe('folded');
    expect(folded(bytes)).toBe(`${stack} 12\n[unknown] 1\n`);
  });

  it('keeps numbers and blanks inside of frames', () => {
    const bytes = utf8('main;operator new(unsigned long);f 3 4\nmain;[unknown] 2\n');
    expect(folded(bytes)).toBe('main;operator new(unsigned long);f 3 4\nmain;[unknown] 2\n');
  });

  it('adds up beyond 2^53', () => {
    expect(sum(utf8(`main 9007199254740993\nmain 9007199254740993\n`))).toBe(18014398509481986n);
  });

  it('refuses a count of more than 64 bits', () => {
    expect(() => folded(utf8('main;a 99999999999999999999\n'))).toThrow('more than 64 bits');
  });
});

describe('lines', () => {
  it('counts every line once', () => {
    const bytes = utf8('main;a\r\nmain;b\r\nmain;a\r\n');
    expect(format(bytes)).toBe('lines');
    expect(folded(bytes)).toBe('main;a 2\nmain;b 1\n');
  });

  it.each([
    ['a table', 'time;value;unit\n1;2;ms\n2;3;ms\n'],
    ['prose', 'Dear reader; this is a letter.\nIt has no stacks.\n'],
    ['a program', 'int main() {\n  return 0;\n}\n'],
    ['an array', '[{"name":"a;b 3"}]'],
    ['another JSON', '{"traceEvents":[]}'],
    ['JSON over lines', '{\n  "name": "a;b",\n  "count": 3\n}\n'],
    ['stacks of one frame that may be JSON', '[unknown] 12\n'],
    ['numbers', '1,2,3\n4,5,6\n'],
    ['nothing', ' \n\n'],
    ['zeros', '\0\0\0\0\0\0'],
  ])('is not %s', (_, text) => {
    expect(format(utf8(text))).toBe('not-mine');
    expect(() => decodeProfile(utf8(text))).toThrow('Cannot tell the format');
  });
});

describe('V8 CPU profiles', () => {
  const call = (functionName: string, lineNumber = 4) => ({
    functionName,
    scriptId: '1',
    url: 'file:///app/a.js',
    lineNumber,
    columnNumber: 0,
  });
  const LISTED = {
    nodes: [
      { id: 1, callFrame: call('(root)', -1), children: [2, 3] },
      { id: 2, callFrame: call('a'), children: [4] },
      { id: 3, callFrame: call('(idle)', -1) },
      { id: 4, callFrame: call('') },
    ],
    startTime: 1000,
    endTime: 2000,
    samples: [2, 4, 3],
    timeDeltas: [100, 200, 300],
  };
  const EXPECTED = 'a 200\na;(anonymous) 300\n(idle) 400\n';

  it.each([
    ['as Node writes them', LISTED],
    ['in any order', { ...LISTED, nodes: LISTED.nodes.toReversed() }],
    [
      'linked by parent',
      {
        ...LISTED,
        nodes: LISTED.nodes.map(({ children: _, ...node }) => ({
          ...node,
          ...(node.id === 1 ? {} : { parent: node.id === 4 ? 2 : 1 }),
        })),
      },
    ],
    ['with a delta too many', { ...LISTED, timeDeltas: [...LISTED.timeDeltas, 400] }],
    [
      'with members that are not known',
      {
        ...LISTED,
        $vscode: { x: 1 },
        nodes: LISTED.nodes.map((n) => ({ ...n, positionTicks: [], deoptReason: '' })),
      },
    ],
  ])('%s', (_, file) => {
    expect(format(json(file))).toBe('v8-cpuprofile');
    expect(folded(json(file))).toBe(EXPECTED);
    expect(decodeProfile(json(file)).durationNs).toBe(1_000_000);
  });

  it("as the inspector's whole answer", () => {
    expect(format(json({ profile: LISTED }))).toBe('v8-cpuprofile');
    expect(folded(json({ profile: LISTED }))).toBe(EXPECTED);
  });

  it('in UTF-16, as a Windows shell redirects it', () => {
    for (const mark of [true, false])
      for (const bigEndian of [true, false])
        expect(folded(utf16(JSON.stringify(LISTED), { mark, bigEndian }))).toBe(EXPECTED);
  });

  const old = (id: number, functionName: string, hitCount: number, children: object[] = []) => ({
    id,
    functionName,
    url: functionName === '(root)' ? '' : '/app/a.js',
    lineNumber: functionName === '(root)' ? 0 : 5,
    hitCount,
    callUID: id,
    bailoutReason: '',
    children,
  });

  it('of old Node: nested, with times, with samples, or with counts alone', () => {
    const head = old(1, '(root)', 0, [old(2, 'a', 2, [old(4, '', 1)]), old(3, '(idle)', 4)]);
    const timed = {
      head,
      startTime: 1,
      endTime: 1.001,
      samples: [2, 4, 3],
      timestamps: [1_000_100, 1_000_300, 1_000_600],
    };
    expect(folded(json(timed))).toBe('a 200\na;(anonymous) 300\n(idle) 0\n'.replace('(idle) 0\n', ''));
    expect(folded(json({ head, startTime: 1, endTime: 2, samples: [2, 2, 3] }))).toBe('a 2\n(idle) 1\n');
    expect(folded(json({ head, startTime: 1, endTime: 2 }))).toContain('a 2\n');
    expect(sum(json({ head, startTime: 1, endTime: 2 }))).toBe(7);
    const { frames } = decodeProfile(json(timed));
    expect(frames.line[0]).toBe(5);
  });

  it('of more samples than a profile may have rows, since those of one node are one', () => {
    const count = 1_000_001;
    const file = {
      ...LISTED,
      endTime: 1000 + count,
      samples: Array(count).fill(4),
      timeDeltas: Array(count).fill(1),
    };
    const profile = decodeProfile(json({ ...file, timeDeltas: file.timeDeltas.with(0, 0) }));
    expect(summaryJson(profile, 0)).toMatchObject({ samples: count, stacks: 1 });
    expect(profileTotals(profile, 0).sum).toBe(count);
  });

  it('with a time that goes back: the sum is that of the span', () => {
    const file = { ...LISTED, timeDeltas: [100, -50, 300] };
    expect(sum(json(file))).toBe(900);
    expect(folded(json(file))).toContain('a -50\n');
  });

  it.each([
    ['a sample of no node', { ...LISTED, samples: [2, 9, 3] }, /samples\[1\]/],
    [
      'a node in a circle',
      {
        ...LISTED,
        nodes: [
          { id: 1, callFrame: call('x'), children: [2] },
          { id: 2, callFrame: call('y'), children: [1] },
        ],
      },
      /a tree/,
    ],
    ['two nodes of one id', { ...LISTED, nodes: [...LISTED.nodes, LISTED.nodes[0]] }, /only one with its id/],
    ['deltas that are too few', { ...LISTED, timeDeltas: [1] }, /as many as samples/],
    ['a delta that is no number', { ...LISTED, timeDeltas: [1, null, 3] }, /timeDeltas\[1\]/],
  ])('refuses %s', (_, file, message) => {
    expect(format(json(file))).toBe('v8-cpuprofile');
    expect(() => decodeProfile(json(file))).toThrow(message);
  });
});

describe('V8 heap profiles', () => {
  const callFrame = (functionName: string) => ({
    functionName,
    scriptId: '0',
    url: '',
    lineNumber: -1,
    columnNumber: -1,
  });

  it('with the sizes of the nodes, whatever the samples say', () => {
    const file = {
      head: {
        callFrame: callFrame('(root)'),
        selfSize: 8,
        id: 1,
        children: [
          {
            callFrame: callFrame('a'),
            selfSize: 100,
            id: 2,
            children: [{ callFrame: callFrame('b'), selfSize: 24, id: 3, children: [] }],
          },
        ],
      },
      samples: [{ size: 1, nodeId: 2, ordinal: 1 }],
    };
    expect(format(json(file))).toBe('v8-heapprofile');
    expect(folded(json(file))).toBe('(no stack) 8\na 100\na;b 24\n');
    expect(format(json({ profile: file }))).toBe('v8-heapprofile');
    expect(folded(json({ profile: file }))).toBe(folded(json(file)));
  });
});

describe('speedscope', () => {
  const shared = { frames: [{ name: 'a' }, { name: 'b', file: 'b.js', line: 3 }, { name: 'a' }] };
  const sampled = (extra: object) => ({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared,
    profiles: [
      {
        type: 'sampled',
        name: 't',
        unit: 'none',
        startValue: 0,
        endValue: 9,
        samples: [[0, 1], [2], [0]],
        weights: [4, 3, 2],
        ...extra,
      },
    ],
  });

  it('sampled, frames of one name apart in the list', () => {
    expect(format(json(sampled({})))).toBe('speedscope');
    expect(folded(json(sampled({})))).toBe('a;b 4\na 5\n');
  });

  it.each([
    ['milliseconds', [0.25, 0.5, 0.125], 875_000],
    ['seconds', [0.1, 0.2, 0.3], 600_000_000],
    ['microseconds', [1.5, 2.25, 3], 6750],
  ])('weights in fractions of %s become nanoseconds', (unit, weights, expected) => {
    const profile = decodeProfile(json(sampled({ unit, weights })));
    expect(profileTotals(profile, 0).sum).toBe(expected);
    expect(profile.sampleTypes[0]).toMatchObject({ unit: 'nanoseconds', sentUnit: unit });
    const [shown] = summaryJson(profile, 0).sampleTypes;
    expect(shown!.unit).toBe(unit);
    expect(shown!.total).toBeCloseTo(weights[0]! + weights[1]! + weights[2]!, 9);
  });

  it('adds up files of one tool of which one has fractions and another none', () => {
    const [whole, fractions] = [
      [4, 3, 2],
      [0.25, 0.5, 0.125],
    ].map((weights) => decodeProfile(json(sampled({ unit: 'milliseconds', weights }))));
    expect(whole!.sampleTypes[0]!.unit).toBe('milliseconds');
    const both = combineProfiles([whole!, fractions!]);
    expect(summaryJson(both, 0).sampleTypes).toMatchObject([{ unit: 'milliseconds', total: 9.875 }]);
    const { type, sums } = diffProfiles([whole!, fractions!], undefined, 'share', ['a', 'b']);
    expect([type.unit, ...sums]).toEqual(['nanoseconds', 9_000_000, 875_000]);
  });

  it('reads as many profiles as a file holds, and the longest of them tells how long it was', () => {
    const one = { type: 'evented', unit: 'seconds', startValue: 0, events: [] };
    const profiles = Array.from({ length: 130_000 }, (_, i) => ({ ...one, endValue: i === 7 ? 9 : 2 }));
    expect(decodeProfile(json({ ...sampled({}), profiles })).durationNs).toBe(9e9);
  });

  it('weights beyond 2^53 keep every digit, there and back', () => {
    const text = new TextDecoder()
      .decode(json(sampled({})))
      .replace('[4,3,2]', '[9007199254740993,3,1152921504606846977]');
    const profile = decodeProfile(new TextEncoder().encode(text));
    expect(folded(new TextEncoder().encode(text))).toBe('a;b 9007199254740993\na 1152921504606846980\n');
    const again = encodeProfile(profile, 'speedscope');
    expect(new TextDecoder().decode(again)).toContain('"weights":[9007199254740993,3,1152921504606846977]');
    expect(profileTotals(decodeProfile(again), 0).sum).toBe(9007199254740993n + 3n + 1152921504606846977n);
  });

  const evented = (events: readonly (readonly [string, number, number])[]) =>
    json({
      ...sampled({}),
      profiles: [
        {
          type: 'evented',
          name: 't',
          unit: 'microseconds',
          startValue: 0,
          endValue: 20,
          events: events.map(([type, at, frame]) => ({ type, at, frame })),
        },
      ],
    });

  it('evented, in nanoseconds since 1970 to the digit', () => {
    const events = [
      ['O', 3, 0],
      ['C', 20, 0],
    ] as const;
    const text = new TextDecoder()
      .decode(evented(events))
      .replace('microseconds', 'nanoseconds')
      .replaceAll(/(?<="(?:at|startValue|endValue)":)\d+/g, (ns) => `${1700000000000000001n + BigInt(ns)}`);
    expect(folded(utf8(text))).toBe('a 17\n');
    expect(decodeProfile(utf8(text)).durationNs).toBe(20);
  });

  it('evented, with gaps and recursion', () => {
    const events = [
      ['O', 1, 0],
      ['O', 3, 0],
      ['C', 4, 0],
      ['C', 6, 0],
      ['O', 10, 1],
      ['C', 12, 1],
    ] as const;
    expect(folded(evented(events))).toBe('a 4\na;a 1\nb 2\n');
  });

  it.each([
    [
      'are closed in the wrong order',
      [
        ['O', 0, 0],
        ['O', 1, 1],
        ['C', 2, 0],
        ['C', 3, 1],
      ],
      /opened last/,
    ],
    ['stay open', [['O', 0, 0]], /left open/],
    ['close what was not opened', [['C', 0, 0]], /opened last/],
    [
      'go back in time',
      [
        ['O', 5, 0],
        ['C', 4, 0],
      ],
      /at least that of the event before/,
    ],
    [
      'are of no frame',
      [
        ['O', 0, 7],
        ['C', 1, 7],
      ],
      /index below 3/,
    ],
  ] as const)('refuses events that %s', (_, events, message) => {
    expect(() => decodeProfile(evented(events))).toThrow(message);
  });

  it('adds up profiles of one unit, and leaves out those of another', () => {
    const [profile] = sampled({}).profiles;
    const file = {
      ...sampled({}),
      profiles: [profile, { ...profile, name: 'u' }, { ...profile, unit: 'bytes' }],
    };
    expect(sum(json(file))).toBe(18);
    expect(decodeProfile(json(file)).threads).toEqual(['t', 'u']);
    const [note] = summaryJson(decodeProfile(json(file)), 0).notes ?? [];
    expect(note).toBe('1 of its 3 profiles are in another unit than none, and left out');
    expect(summaryView(decodeProfile(json(file)), 0)).toContain(note);
  });
});

describe('Sentry', () => {
  const frames = [
    { function: 'leaf', filename: 'a.py', lineno: 3, in_app: true },
    { function: 'main', module: 'app' },
    { instruction_addr: '0xff' },
  ];
  const V1 = {
    version: '1',
    platform: 'python',
    timestamp: '2026-11-20T10:00:00.123456Z',
    transaction: { name: 'GET /items', id: 't', trace_id: 'x', active_thread_id: '1' },
    profile: {
      frames,
      stacks: [[0, 1], [1], [2]],
      samples: [
        { stack_id: 1, thread_id: '1', elapsed_since_start_ns: '20' },
        { stack_id: 0, thread_id: '1', elapsed_since_start_ns: '5' },
        { stack_id: 0, thread_id: 2, elapsed_since_start_ns: 7 },
        { stack_id: 2, thread_id: '1', elapsed_since_start_ns: 50 },
      ],
      thread_metadata: { 1: { name: 'MainThread' } },
    },
  };

  it('weighs samples in any order until the next one of their thread', () => {
    const profile = decodeProfile(json(V1));
    expect(folded(json(V1))).toBe('main 30\nmain;leaf 15\n');
    expect(profile.threads).toEqual(['MainThread', '']);
    expect(profile.units).toEqual([{ kind: 'http', name: 'GET /items' }]);
    expect([...profile.samples.unit]).toEqual([0, 0, -1, 0]);
    expect(profile.start).toBeCloseTo(Date.parse('2026-11-20T10:00:00.123Z') + 0.456, 3);
    expect(profile.frames.strings).toContain('0xff');
  });

  it('chunks, with seconds as numbers or text', () => {
    const samples = [
      { stack_id: 0, thread_id: '1', timestamp: 1_795_000_000.5 },
      { stack_id: 1, thread_id: '1', timestamp: '1795000000.75' },
    ];
    const chunk = {
      version: '2',
      profiler_id: 'p',
      chunk_id: 'c',
      platform: 'node',
      profile: { ...V1.profile, samples },
    };
    expect(format(json(chunk))).toBe('sentry');
    // Doubles of seconds since 1970 tell a quarter of a microsecond apart.
    expect(folded(json(chunk))).toMatch(/^main;leaf 250000\d{3}\n$/);
  });

  it.each([
    ['a stack that is not there', { samples: [{ stack_id: 3, elapsed_since_start_ns: 1 }] }, /stack_id/],
    ['a frame that is not there', { stacks: [[0, 9], [1], [2]] }, /stacks\[0\]/],
    [
      'a time that is none',
      { samples: [{ stack_id: 0, elapsed_since_start_ns: 'soon' }] },
      /elapsed_since_start_ns/,
    ],
    ['no samples', { samples: undefined }, /profile.samples/],
  ])('refuses %s', (_, extra, message) => {
    const file = json({ ...V1, profile: { ...V1.profile, ...extra } });
    expect(format(file)).toBe('sentry');
    expect(() => decodeProfile(file)).toThrow(message);
  });
});

describe('OTLP profiles', () => {
  const profile = (type: number, value: string) => ({
    sampleType: { typeStrindex: type, unitStrindex: 3 },
    samples: [{ stackIndex: 0, values: [value] }],
  });
  const request = {
    resourceProfiles: [
      { scopeProfiles: [{ profiles: [profile(1, '5'), profile(2, '7')] }] },
      { scopeProfiles: [{ profiles: [profile(1, String(2n ** 60n))] }] },
    ],
    dictionary: {
      stringTable: ['', 'alloc_objects', 'alloc_space', 'count', 'main'],
      functionTable: [{ nameStrindex: 4 }],
      locationTable: [{ lines: [{ functionIndex: 0, line: 3 }] }],
      stackTable: [{ locationIndices: [0] }],
    },
  };

  it('keep every type of a request, and add up profiles of one type', () => {
    expect(format(json(request))).toBe('otlp-profiles');
    const read = decodeProfile(json(request));
    expect(read.sampleTypes.map(({ type }) => type)).toEqual(['alloc_objects', 'alloc_space']);
    expect([0, 1].map((type) => profileTotals(read, type).sum)).toEqual([2n ** 60n + 5n, 7]);
  });

  it('refuse indices that point nowhere', () => {
    const { dictionary } = request;
    for (const broken of [
      { stackTable: [] },
      { locationTable: [] },
      { functionTable: [] },
      { stringTable: [''] },
    ])
      expect(() => decodeProfile(json({ ...request, dictionary: { ...dictionary, ...broken } }))).toThrow(
        /an index below/,
      );
  });
});

describe('JFR and the text of Go', () => {
  it('are told apart, and refused with what to do', () => {
    const jfr = Uint8Array.from([...utf8('FLR\0'), 0, 2, 0, 1, 0, 0]);
    expect(format(jfr)).toBe('jfr');
    expect(() => decodeProfile(jfr, { name: 'a.jfr' })).toThrow(
      /^a\.jfr: Cannot decode JFR recordings: convert them first/,
    );
    for (const text of [
      'heap profile: 1: 2 [3: 4] @ heap/1048576\n',
      'goroutine profile: total 3\n',
      '--- mutex:\n',
    ])
      expect(() => decodeProfile(utf8(text))).toThrow('without ?debug=');
  });
});

describe('one format only', () => {
  it.each(PROFILE_FILES)('claims %s with bytes around it too', (file) => {
    const bytes = plainProfile(file);
    const found = format(bytes);
    if (bytes[0] === 0x7b) expect(format(Uint8Array.from([0x0a, 0x20, 0x0d, ...bytes]))).toBe(found);
    expect(format(bytes.subarray(0, bytes.length - 1))).toBe(found);
  });
});

describe('Sentry profiles', () => {
  const sentry = (name: string) => new TextDecoder().decode(plainProfile(`${name}.json.gz`));
  const enveloped = (...items: readonly (readonly [string, string])[]) =>
    utf8(
      [
        '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}',
        ...items.flatMap(([type, text]) => [`{"type":"${type}"}`, text]),
      ].join('\n'),
    );

  it.each(['own-python-transaction', 'own-node-transaction'])(
    'in the envelope that it came in: %s',
    (name) => {
      const payload = JSON.stringify(JSON.parse(sentry(name)));
      const bytes = enveloped(['transaction', '{"type":"transaction"}'], ['profile', payload]);
      expect(format(bytes)).toBe('sentry');
      expect(summaryJson(decodeProfile(bytes), 0)).toEqual(summaryJson(decodeProfile(utf8(payload)), 0));
    },
  );

  it('several in one envelope, added up', () => {
    const payload = JSON.stringify(JSON.parse(sentry('own-node-chunk')));
    const twice = enveloped(['profile_chunk', payload], ['profile_chunk', payload]);
    expect(Number(sum(twice))).toBe(2 * Number(sum(utf8(payload))));
  });

  it('says of an envelope without one that it has none, and of a cut one where', () => {
    const without = enveloped(['transaction', '{}'], ['attachment', 'x']);
    expect(() => decodeProfile(without)).toThrow('it has no profile (transaction, attachment)');
    const cut = utf8('{"sent_at":"2031-01-01"}\n{"type":"profile","length":900}\n{"profile":{}');
    expect(() => decodeProfile(cut)).toThrow('unexpected end of file');
  });
});

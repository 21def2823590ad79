import { decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import type {
  ApiFlamegraph,
  ApiFlamegraphDiff,
  ApiFrameHistory,
  ApiFunction,
  ApiProfileType,
  ApiRegression,
} from '../../lib/http/flame-schemas.ts';
import { NOW } from './fixture-story.ts';

// Flame graphs drawn by chance from a seed: the shape of a service's profile, in any size.

const NAMES = [
  ['handle', 'src/server.ts', 1],
  ['addItem', 'src/cart/items.ts', 1],
  ['snapshotCart', 'src/cart/snapshot.ts', 1],
  ['structuredClone', '', 0],
  ['query', 'node_modules/pg/lib/client.js', 0],
  ['parse', 'node_modules/pg-protocol/dist/parser.js', 0],
  ['emit', 'node:events', 0],
  ['onStreamRead', 'node:internal/stream_base_commons', 0],
  ['(garbage collector)', '', 0],
  ['(idle)', '', 0],
] as const;

interface Node {
  readonly name: number;
  self: number;
  readonly children: Node[];
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** A tree of so many nodes; names beyond the ten known ones are numbered. */
function treeOf(nodes: number, seed: number): Node {
  const next = random(seed);
  const root: Node = { name: 0, self: 0, children: [] };
  const open: { node: Node; depth: number }[] = [{ node: root, depth: 0 }];
  for (let made = 1; made < nodes; made += 1) {
    const at = open[Math.floor(next() * open.length)] as { node: Node; depth: number };
    const name = made === 1 ? 1 : 1 + Math.floor(next() * (nodes > 100 ? nodes / 4 : NAMES.length));
    const child: Node = { name, self: Math.floor(next() * 20) * 1e6, children: [] };
    at.node.children.push(child);
    // Nothing is called by what waits.
    if (at.depth < 60 && NAMES[name - 1]?.[0] !== '(idle)') open.push({ node: child, depth: at.depth + 1 });
  }
  return root;
}

const nameOf = (name: number) =>
  NAMES[name - 1] ?? ([`step${name}`, `src/step${name % 40}.ts`, name % 2] as const);

function pictureOf(root: Node, weights: readonly ((node: Node) => number)[]) {
  const names = new Map<number, number>([[0, 0]]);
  const levels: number[][] = [];
  const ends: number[][] = [];
  const parents: number[][] = [];
  const selves = (node: Node) => weights.map((weight) => Math.round(node.self * weight(node)));
  const totals = (node: Node): number[] =>
    node.children.map(totals).reduce((sum, one) => sum.map((v, i) => v + (one[i] ?? 0)), selves(node));
  let widest = 0;
  const place = (node: Node, depth: number, starts: readonly number[], above = 0) => {
    levels[depth] ??= [];
    parents[depth] ??= [];
    const at = parents[depth].push(above) - 1;
    ends[depth] ??= starts.map(() => 0);
    const total = totals(node);
    const self = selves(node);
    for (const [i, start] of starts.entries()) {
      levels[depth].push(start - (ends[depth][i] ?? 0), total[i] ?? 0, self[i] ?? 0);
      ends[depth][i] = start + (total[i] ?? 0);
      widest = Math.max(widest, self[i] ?? 0);
    }
    if (!names.has(node.name)) names.set(node.name, names.size);
    levels[depth].push(names.get(node.name) ?? 0);
    let next = starts.map((start, i) => start + (self[i] ?? 0));
    for (const child of node.children) {
      place(child, depth + 1, next, at);
      next = next.map((start, i) => start + (totals(child)[i] ?? 0));
    }
  };
  place(
    root,
    0,
    weights.map(() => 0),
  );
  const known = [...names.keys()];
  return {
    flamebearer: {
      names: known.map((name) => (name === 0 ? 'total' : nameOf(name)[0])),
      levels,
      numTicks: totals(root).reduce((a, b) => a + b, 0),
      maxSelf: widest,
    },
    frames: known.map((name) =>
      name === 0 ? { file: '', inApp: -1 } : { file: nameOf(name)[1], inApp: nameOf(name)[2] },
    ),
    parents,
    totals: totals(root),
  };
}

const TYPE = { type: 'cpu', unit: 'nanoseconds', temporality: 'delta' } as const;
const SHELL = { version: 1, timeline: null, groups: null, heatmap: null };
const about = (total: number, from: number, to: number, self = Math.round(total / 5)) => ({
  type: TYPE,
  from,
  to,
  total,
  profiles: 24,
  durationMs: 240_000,
  instances: 0,
  shownInstances: 0,
  newInstances: 0,
  top: [
    {
      name: 'snapshotCart',
      file: 'src/cart/snapshot.ts',
      inApp: 1,
      self,
      total: Math.round(total / 4),
    },
  ],
});

export const PROFILE_TYPES: ApiProfileType[] = [
  {
    ...TYPE,
    profiles: 24,
    versions: ['1.4.1', '1.4.2'],
    instances: [],
    units: [{ kind: 'http', name: 'POST /cart/items' }],
  },
  {
    ...{ type: 'inuse_space', unit: 'bytes', temporality: 'level', profiles: 12 },
    ...{ versions: ['1.4.2'], instances: ['cart-0', 'cart-1'], units: [] },
  },
];

const SNAPSHOT_CART = 1 + NAMES.findIndex(([name]) => name === 'snapshotCart');
const selfOf = ({ name, self, children }: Node, wanted: number): number =>
  children.reduce((sum, child) => sum + selfOf(child, wanted), name === wanted ? self : 0);

export function flamegraphOf(nodes = 60, seed = 7): ApiFlamegraph {
  const tree = treeOf(nodes, seed);
  const { flamebearer, frames, parents, totals } = pictureOf(tree, [() => 1]);
  const metadata = { format: 'single' as const, spyName: '', sampleRate: 1e9, units: 'samples', name: 'cpu' };
  const facts = about(totals[0] ?? 0, NOW - 3_600_000, NOW, selfOf(tree, SNAPSHOT_CART));
  return { ...SHELL, flamebearer, frames, parents, metadata, ...facts };
}

/** `snapshotCart` in the graph of 60 nodes, as the URL names it. */
export const FRAME_HASH = '2cd5a43d';
const UPLOADS = ['0a6d1e5c90b34f7fa2d8c41b7e395501', '1f0c7b2a88d94e60b3a5d7c2e4f61803'];

/** The graph with `details=true`: every bar but the root's has an upload, the cart's functions have lines. */
export function detailedFlamegraphOf(nodes = 60, seed = 7): ApiFlamegraph {
  const graph = flamegraphOf(nodes, seed);
  const levels = graph.flamebearer.levels.map((row, depth) =>
    Array.from({ length: row.length / 4 }, (_, i) => (depth === 0 ? -1 : i % UPLOADS.length)),
  );
  const lineOf = (line: number, self: number, total: number) => ({
    line,
    self: self * 1e6,
    total: total * 1e6,
  });
  const functionLines = NAMES.filter(([, , inApp]) => inApp === 1).map(([name, file]) => ({
    name,
    file,
    lines: [lineOf(19, 3, 3), lineOf(22, 0, 41), lineOf(23, 30, 44), lineOf(31, 6, 9)],
  }));
  return { ...graph, examples: { uploads: UPLOADS, levels }, functionLines };
}

/** Of any function: an hour in steps of ten minutes, in which its share doubled. */
export const FRAME_HISTORY: ApiFrameHistory = {
  points: [0.11, 0.12, 0.11, 0.19, 0.22, 0.21].map((total, i) => ({
    t: NOW - 3_600_000 + i * 600_000,
    self: total / 2,
    total,
  })),
};

const CART_ITEMS = { kind: 'http', name: 'POST /cart/items' } as const;
const spread = (p50Ms: number, p75Ms: number, p95Ms: number, p99Ms: number, sumMs: number) => ({
  ...{ p50Ms, p75Ms, p95Ms, p99Ms, sumMs },
});
const exampleOf = (at: number, ms: number, traceId: string | null) => ({
  upload: UPLOADS[at % 2]!,
  traceId,
  at: NOW - 600_000 * (at + 1),
  ms,
  ofMs: ms * 1.4,
});

/** One function is slow only sometimes; of profiles without units the time is that of a profile. */
export function functionsOf(libraries: boolean): ApiFunction[] {
  const common = { inApp: 1, unit: CART_ITEMS, basis: 'transaction', known: 1826, spread: 'steady' } as const;
  const rows: ApiFunction[] = [
    {
      ...common,
      ...{ name: 'handle', file: 'src/server.ts', seen: 1826, perSecond: 0.507 },
      total: spread(31, 44, 92, 240, 71_300),
      self: spread(1, 2, 3, 5, 2400),
      examples: [exampleOf(0, 410, 'a3ce929d0e0e4736a2b8f1d0c7e51b90')],
    },
    {
      ...common,
      ...{ name: 'snapshotCart', file: 'src/cart/snapshot.ts', seen: 1204, perSecond: 0.334 },
      spread: 'usually fast, sometimes slow',
      total: spread(1.9, 4.1, 61, 142, 14_200),
      self: spread(0.4, 1, 22, 51, 4100),
      examples: [
        exampleOf(1, 171, 'a3ce929d0e0e4736a2b8f1d0c7e51b90'),
        exampleOf(2, 158, 'b01f11ba5a0c4c5d9d3c2e1f00aa7712'),
        exampleOf(3, 1.8, null),
      ],
    },
    {
      ...{ name: 'refreshPrices', file: 'src/prices/refresh.ts', inApp: 1, unit: null, basis: 'profile' },
      ...{ known: 24, seen: 9, perSecond: 0.0025, spread: 'steady' },
      total: spread(0, 12, 380, 410, 2100),
      self: spread(0, 4, 90, 120, 640),
      examples: [exampleOf(4, 410, null)],
    },
  ];
  const library: ApiFunction = {
    ...common,
    ...{ name: 'query', file: 'node_modules/pg/lib/client.js', inApp: 0, seen: 1710, perSecond: 0.475 },
    total: spread(8, 13, 29, 61, 18_900),
    self: spread(1, 2, 4, 9, 2600),
    examples: [],
  };
  return libraries ? [...rows, library] : rows;
}

/** One of each kind of growth. */
export function regressionsOf(): { items: ApiRegression[]; cursor: null; compared: boolean } {
  const common = {
    inApp: 1,
    unit: CART_ITEMS,
    basis: 'transaction',
    profiles: { left: 412, right: 398 },
  } as const;
  const place = (name: string, file: string) => ({ name, file });
  return {
    items: [
      {
        ...common,
        ...place('snapshotCart', 'src/cart/snapshot.ts'),
        measure: 'cost',
        left: 3.1,
        right: 14.9,
        change: { value: 11.8, low: 8.2, high: 15.4 },
        origin: { kind: 'growth' },
      },
      {
        ...common,
        ...place('snapshotCart', 'src/cart/snapshot.ts'),
        measure: 'share',
        left: 0.093,
        right: 0.214,
        change: { value: 0.121, low: 0.084, high: 0.158 },
        origin: { kind: 'growth' },
      },
      {
        ...common,
        ...place('freezeLines', 'src/cart/lines.ts'),
        measure: 'share',
        left: 0.021,
        right: 0.064,
        change: { value: 0.043, low: 0.012, high: 0.074 },
        origin: {
          kind: 'shift',
          within: place('addItem', 'src/cart/items.ts'),
          from: place('copyLines', 'src/cart/lines.ts'),
        },
      },
      {
        ...common,
        ...place('handle', 'src/server.ts'),
        measure: 'share',
        left: 0.4,
        right: 0.45,
        change: { value: 0.05, low: 0.01, high: 0.09 },
        origin: { kind: 'dilution', from: place('loadCart', 'src/cart/load.ts') },
      },
    ],
    cursor: null,
    compared: true,
  };
}

/** The second side has half of the odd names and twice the even ones. */
export function flameDiffOf(nodes = 60, seed = 7): ApiFlamegraphDiff {
  const weights = [() => 1, ({ name }: Node) => (name % 2 === 0 ? 2 : 0.5)];
  const { flamebearer, frames, parents, totals } = pictureOf(treeOf(nodes, seed), weights);
  const [left = 0, right = 0] = totals;
  const metadata = { format: 'double' as const, spyName: '', sampleRate: 1e9, units: 'samples', name: 'cpu' };
  const side = { self: 1, total: 1 };
  return {
    ...SHELL,
    flamebearer,
    frames,
    parents,
    metadata,
    leftTicks: left,
    rightTicks: right,
    left: about(left, NOW - 7_200_000, NOW - 3_600_000),
    right: about(right, NOW - 3_600_000, NOW),
    changed: [
      {
        name: 'snapshotCart',
        file: 'src/cart/snapshot.ts',
        inApp: 1,
        left: side,
        right: side,
        selfShare: 0.12,
        totalShare: 0.2,
      },
    ],
  };
}

/** The stacks of a file for speedscope, as the product writes them. */
export const FILE_STACKS = 'handle;addItem;snapshotCart 30000000\nhandle;query 12000000\n';

export const speedscopeFile = (): unknown => {
  const profile = decodeProfile(new TextEncoder().encode(FILE_STACKS));
  return JSON.parse(new TextDecoder().decode(encodeProfile(profile, 'speedscope')));
};

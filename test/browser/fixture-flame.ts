import type { ApiFlamegraph, ApiFlamegraphDiff, ApiProfileType } from '../../lib/http/flame-schemas.ts';
import { NOW } from './fixture-data.ts';

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
  const selves = (node: Node) => weights.map((weight) => Math.round(node.self * weight(node)));
  const totals = (node: Node): number[] =>
    node.children.map(totals).reduce((sum, one) => sum.map((v, i) => v + (one[i] ?? 0)), selves(node));
  let widest = 0;
  const place = (node: Node, depth: number, starts: readonly number[]) => {
    levels[depth] ??= [];
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
      place(child, depth + 1, next);
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
    totals: totals(root),
  };
}

const TYPE = { type: 'cpu', unit: 'nanoseconds', temporality: 'delta' } as const;
const SHELL = { version: 1, timeline: null, groups: null, heatmap: null };
const about = (total: number, from: number, to: number) => ({
  type: TYPE,
  from,
  to,
  total,
  profiles: 24,
  durationMs: 240_000,
  instances: 0,
  shownInstances: 0,
  top: [
    {
      name: 'snapshotCart',
      file: 'src/cart/snapshot.ts',
      inApp: 1,
      self: Math.round(total / 5),
      total: Math.round(total / 4),
    },
  ],
});

export const PROFILE_TYPES: ApiProfileType[] = [
  {
    ...TYPE,
    profiles: 24,
    versions: ['1.4.1', '1.4.2'],
    units: [{ kind: 'http', name: 'POST /cart/items' }],
  },
  { type: 'inuse_space', unit: 'bytes', temporality: 'level', profiles: 12, versions: ['1.4.2'], units: [] },
];

export function flamegraphOf(nodes = 60, seed = 7): ApiFlamegraph {
  const { flamebearer, frames, totals } = pictureOf(treeOf(nodes, seed), [() => 1]);
  const metadata = { format: 'single' as const, spyName: '', sampleRate: 1e9, units: 'samples', name: 'cpu' };
  return { ...SHELL, flamebearer, frames, metadata, ...about(totals[0] ?? 0, NOW - 3_600_000, NOW) };
}

/** The second side has half of the odd names and twice the even ones. */
export function flameDiffOf(nodes = 60, seed = 7): ApiFlamegraphDiff {
  const weights = [() => 1, ({ name }: Node) => (name % 2 === 0 ? 2 : 0.5)];
  const { flamebearer, frames, totals } = pictureOf(treeOf(nodes, seed), weights);
  const [left = 0, right = 0] = totals;
  const metadata = { format: 'double' as const, spyName: '', sampleRate: 1e9, units: 'samples', name: 'cpu' };
  const side = { self: 1, total: 1 };
  return {
    ...SHELL,
    flamebearer,
    frames,
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

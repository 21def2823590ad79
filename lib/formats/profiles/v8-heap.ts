import type { Profile } from '../../model/profile.ts';
import { createProfileBuilder, ROOT } from './builder.ts';
import { type JsonObject, jsonReader, parseJson } from './json.ts';
import { MAX_NODES, MAX_TREE_JSON_DEPTH, tooMany } from './limits.ts';
import { isV8Root, unwrapped, v8Frame } from './v8-frames.ts';

// `node --heap-prof`, the inspector's sampling heap profiler: a tree of where the living objects were allocated.
// https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#type-SamplingHeapProfile
//
// `samples` counts the same objects again, scaled apart by V8, so that the sums differ; the sizes of the nodes are what
// DevTools shows, and older files have nothing else.

const read = jsonReader('V8 heap profile');

/** @throws Fault('invalid-input') when the tree is broken */
export function decodeV8Heap(bytes: Uint8Array): Profile {
  const file = unwrapped(parseJson(bytes, 'V8 heap profile', { maxDepth: MAX_TREE_JSON_DEPTH }));
  const builder = createProfileBuilder(1);
  const left: { node: JsonObject; parent: number | undefined }[] = [
    { node: read.object(file.head, 'head'), parent: undefined },
  ];
  let nodes = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    nodes += 1;
    if (nodes > MAX_NODES) throw tooMany('nodes', MAX_NODES);
    const { node, parent } = next;
    const isRoot = parent === undefined && isV8Root(node);
    const stack = isRoot ? ROOT : builder.node(parent ?? ROOT, v8Frame(node, builder, read));
    const size = node.selfSize === undefined ? 0 : read.number(node.selfSize, 'selfSize');
    if (size !== 0) {
      builder.sample(stack);
      builder.value(0, Math.round(size));
    }
    for (const child of read.list(node.children, 'children').toReversed()) {
      left.push({ node: read.object(child, 'a child'), parent: stack });
    }
  }
  return builder.finish({
    format: 'v8-heapprofile',
    sampleTypes: [{ type: 'space', unit: 'bytes', temporality: 'level' }],
  });
}

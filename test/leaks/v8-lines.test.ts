import { describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { BEGAN, carts, MINUTE_MS, type Story, tell } from './service-story.ts';

const KIB = 1024;
const KEPT = 40 * KIB;
const plain = (text: string) => text.replaceAll('\u202f', ' ');

interface Node {
  readonly frame: string;
  readonly bytes?: number;
  readonly children?: readonly Node[];
}

let ids = 0;
/** As V8's sampling heap profiler writes it: lines count from 0. */
function nodeOf({ frame, bytes = 0, children = [] }: Node): object {
  const [, functionName = '', url = '', line = '0'] = /^(\S+)(?: (\S+):(\d+))?$/.exec(frame) ?? [];
  ids += 1;
  return {
    callFrame: { functionName, scriptId: '75', url, lineNumber: Number(line) - 1, columnNumber: 4 },
    selfSize: Math.round(bytes),
    id: ids,
    children: children.map(nodeOf),
  };
}

/** What lives in a minute: rows that the cart keeps, made by V8's own `from`; a cache that stays; and an agent's spans. */
const heapprofile = (minute: number) =>
  JSON.stringify({
    samples: [],
    head: nodeOf({
      frame: '(root)',
      children: [
        {
          frame: 'addToCart file:///srv/shop/cart.mjs:12',
          children: [
            {
              frame: 'rowsOf file:///srv/shop/rows.mjs:7',
              children: [{ frame: 'from', bytes: 0.92 * KEPT * carts(0, minute) }],
            },
          ],
        },
        { frame: 'load file:///srv/shop/prices.mjs:30', bytes: 9_000_000 + ((minute * 31) % 7) * 1000 },
        {
          frame: 'onStart file:///srv/shop/node_modules/@opentelemetry/sdk-trace-base/build/src/Span.js:88',
          bytes: 0.08 * KEPT * carts(0, minute),
        },
      ],
    }),
  });

const upload = ({ product }: Story, minute: number) => {
  const [from, until] = [BEGAN, BEGAN + minute * MINUTE_MS];
  const path = `/v1/profiles?service=shop&host=node-3&pid=4242&from=${from}&until=${until}`;
  return product.send(path, { method: 'POST', body: heapprofile(minute) });
};

describe('a Node service that sends memory and requests by OTLP and heaps as V8 writes them', () => {
  it('is told which unit of work keeps memory and at which line, in one sentence', async () => {
    const story = await tell();
    const resource = { 'host.name': 'node-3', 'process.pid': 4242, 'service.instance.id': 'a' };
    try {
      await story.run({ version: '1', kept: KEPT, resource, minutes: 120 }, async (minute) => {
        const answers = [await upload(story, minute - 15), await upload(story, minute)];
        expect(answers.map(({ status }) => status)).toEqual([202, 202]);
      });
      const { items } = await story.product.get<{ items: ApiFinding[] }>('/findings?kind=leak');
      const [finding] = items;
      expect(plain(finding!.summary)).toMatch(
        /every `GET \/cart` keeps (39|40)\S* ± \S+ KiB on the heap\. Allocated at from, called from rowsOf \(file:\/\/\/srv\/shop\/rows\.mjs:7\): 92 % of what stayed in heap profiles\./,
      );
      const { lines } = finding!.evidence.explained!;
      expect(lines.map(({ name, owner }) => [name, owner])).toEqual([
        ['from', 'library'],
        ['onStart', 'sdk'],
      ]);
      expect(lines[0]!.bytesPerUnit!.value / KEPT).toBeCloseTo(0.92, 1);
    } finally {
      await story.product.close();
    }
  });
});

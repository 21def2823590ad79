// Records nested traces of the real OpenTelemetry Node SDK: `npm install && node generate.mjs 1000 1 OUT.jsonl.gz`.
// AsyncLocalStorage keeps scopes apart, so every parent is right: work that outlives its parent does so on purpose.
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const [count = '1000', seed = '1', out = 'node.jsonl.gz'] = process.argv.slice(2);
const memory = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] }).register();

/** mulberry32 */
let state = Number(seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const int = (low, high) => low + Math.floor(random() * (high - low + 1));
const wait = (meanMs) => sleep(-Math.log(1 - random()) * meanMs);

const KINDS = {
  db: [SpanKind.CLIENT, '@opentelemetry/instrumentation-pg', { 'db.system.name': 'postgresql' }],
  pool: [SpanKind.CLIENT, '@opentelemetry/instrumentation-pg', { 'db.system.name': 'postgresql' }],
  redis: [SpanKind.CLIENT, '@opentelemetry/instrumentation-redis', { 'db.system.name': 'redis' }],
  http: [SpanKind.CLIENT, '@opentelemetry/instrumentation-undici', { 'http.request.method': 'GET' }],
  aws: [SpanKind.CLIENT, '@opentelemetry/instrumentation-aws-sdk', { 'rpc.system': 'aws-api' }],
  publish: [SpanKind.PRODUCER, '@opentelemetry/instrumentation-amqplib', { 'messaging.system': 'rabbitmq' }],
  internal: [SpanKind.INTERNAL, 'shop', {}],
};

function span(kindName, name, work) {
  const [kind, scope, attributes] = KINDS[kindName];
  return trace.getTracer(scope).startActiveSpan(name, { kind, attributes }, async (it) => {
    try {
      return await work();
    } finally {
      it.end();
    }
  });
}
const query = (table, ms = 4) => span('db', `SELECT ${table}`, () => wait(ms));
const get = (host, ms = 8) => span('http', `GET ${host}`, () => wait(ms));
const step = (name, work) => span('internal', name, work);
const many = (n, make) => Promise.all(Array.from({ length: n }, (_, i) => make(i)));

/** A pool of connections that serves waiters by callback. */
class Pool {
  #free = 2;
  #waiting = [];
  async use(work) {
    await span('pool', 'pg-pool.connect', async () => {
      if (this.#free > 0) this.#free--;
      else await new Promise((resolve) => this.#waiting.push(resolve));
    });
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
const pool = new Pool();

async function* rows(n) {
  for (let i = 0; i < n; i++) yield await query('page', 2);
}

const ENDPOINTS = {
  all: async () => {
    await query('users');
    await many(int(2, 5), () => step('load', () => get('price')));
    await step('render', () => wait(1));
  },
  race: async () => {
    // The losers go on after the winner has answered, and outlive the span that started them.
    await step('fastest', () => Promise.race([get('a', 6), get('b', 6), get('c', 6)]));
    await query('log', 2);
    await step('fastest', () => Promise.race([query('x'), query('y')]));
  },
  detached: async () => {
    await step('order', async () => {
      await query('orders');
      void step('mail', () => get('mail', 10));
      void span('publish', 'orders send', () => wait(6));
    });
    await query('stock', 2);
    await step('answer', async () => void query('audit', 5));
    await wait(2);
  },
  stream: async () => {
    await step('export', async () => {
      const source = Readable.from(rows(int(2, 4)));
      void once(source, 'end');
      for await (const _ of source) await step('encode', () => wait(0.5));
    });
    const body = step('body', async () => {
      void step('flush', () => wait(8));
    });
    await body;
  },
  pools: async () => {
    await many(int(3, 6), (i) => step(`item`, () => pool.use(() => query(`t${i}`, 3))));
  },
  generators: async () => {
    const held = step('iterate', async () => {
      for await (const _ of rows(int(2, 3))) await get('enrich', 3);
    });
    await query('meta', 2);
    await held;
  },
  events: async () => {
    const bus = new EventEmitter();
    const done = [];
    bus.on('job', () => done.push(step('job', () => query('jobs', 3))));
    await step('emit', async () => {
      bus.emit('job');
      bus.emit('job');
    });
    await Promise.all(done);
  },
  aws: async () => {
    await many(int(2, 3), () => span('aws', 'S3.GetObject', () => get('s3', 6)));
    await span('redis', 'GET', () => wait(1));
  },
};

const names = Object.keys(ENDPOINTS);
const requests = [];
for (let i = 0; i < Number(count); i += 8) {
  await Promise.all(
    Array.from({ length: Math.min(8, Number(count) - i) }, async () => {
      const name = names[int(0, names.length - 1)];
      const tracer = trace.getTracer('@opentelemetry/instrumentation-http');
      await context.with(ROOT_CONTEXT, () =>
        tracer.startActiveSpan(`GET /${name}`, { kind: SpanKind.SERVER }, async (root) => {
          await ENDPOINTS[name]();
          root.end();
          requests.push({ name, traceId: root.spanContext().traceId, root: root.spanContext().spanId });
        }),
      );
    }),
  );
}
await sleep(200);
const byTrace = Map.groupBy?.(memory.getFinishedSpans(), (s) => s.spanContext().traceId) ?? groupSpans();
function groupSpans() {
  const groups = new Map();
  for (const s of memory.getFinishedSpans()) {
    const id = s.spanContext().traceId;
    groups.set(id, [...(groups.get(id) ?? []), s]);
  }
  return groups;
}
const ns = ([seconds, nanos]) => `${BigInt(seconds) * 1_000_000_000n + BigInt(nanos)}`;
const lines = requests.map(({ name, traceId, root }) =>
  JSON.stringify({
    language: 'nodejs',
    service: 'mill-node',
    endpoint: name,
    traceId,
    root,
    spans: byTrace.get(traceId).map((s) => ({
      id: s.spanContext().spanId,
      parent: s.parentSpanContext?.spanId ?? '',
      name: s.name,
      kind: SpanKind[s.kind],
      scope: s.instrumentationScope.name,
      attributes: s.attributes,
      startNs: ns(s.startTime),
      endNs: ns(s.endTime),
    })),
    truth: {},
  }),
);
writeFileSync(out, gzipSync(`${lines.join('\n')}\n`));
console.log(`${out}: ${lines.length} traces, ${memory.getFinishedSpans().length} spans`);

// Secrets in every name that a sender chooses, through the analysis, and then looked for in every segment that came of it.
import { expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { KIND_NAMES } from '../../lib/segments/kinds/index.ts';
import { readFooter, readSection } from '../../lib/segments/segment.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, uploadOf, type World, world } from '../jobs/world.ts';

const MAIL = 'jane.doe@example.com';
const TOKEN = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
const WORD = 'hunter2hunter2';
const SECRETS = [MAIL, TOKEN, WORD];
const STATEMENT = `SELECT * FROM users WHERE mail = '${MAIL}' AND word = '${WORD}' AND token = '${TOKEN}'`;

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resource = { attributes: [text('service.name', 'shop'), text('service.instance.id', 'pod-1')] };
const nanos = (at: number) => String((NOON + at) * 1e6);

const metrics = {
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          scope: { name: `of ${MAIL}` },
          metrics: [
            {
              name: 'http.server.request.duration',
              unit: 's',
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    startTimeUnixNano: nanos(-60_000),
                    timeUnixNano: nanos(-1000),
                    count: '3',
                    sum: 1,
                    bucketCounts: ['3'],
                    explicitBounds: [],
                    attributes: [
                      text('http.route', `/users/${MAIL}/${TOKEN}`),
                      text('http.request.method', 'GET'),
                    ],
                  },
                ],
              },
            },
            {
              name: 'v8js.memory.heap.used',
              unit: 'By',
              gauge: {
                dataPoints: [
                  {
                    timeUnixNano: nanos(-1000),
                    asInt: '5',
                    attributes: [text('v8js.heap.space.name', `old_space ${MAIL}`)],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
};
const span = (id: string, parent: string, name: string, kind: number, attributes: readonly unknown[]) => ({
  traceId: 'a'.repeat(32),
  spanId: id.repeat(16),
  ...(parent === '' ? {} : { parentSpanId: parent.repeat(16) }),
  name,
  kind,
  startTimeUnixNano: nanos(-2000),
  endTimeUnixNano: nanos(-1000),
  attributes,
});
const traces = {
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope: { name: 'made' },
          spans: [
            span('1', '', `GET /users/${MAIL}`, 2, [text('http.route', `/users/${MAIL}`)]),
            span('2', '1', `SELECT '${WORD}'`, 3, [
              text('db.system.name', 'pg'),
              text('db.query.text', STATEMENT),
            ]),
            span('3', '1', `GET https://api/?token=${TOKEN}`, 3, [
              text('url.full', `https://api/u?token=${TOKEN}&mail=${MAIL}`),
            ]),
          ],
        },
      ],
    },
  ],
};
const transaction = [
  {},
  { type: 'transaction' },
  {
    type: 'transaction',
    transaction: `GET /users/${MAIL}`,
    server_name: 'pod-1',
    start_timestamp: (NOON - 2000) / 1000,
    timestamp: (NOON - 1000) / 1000,
    contexts: { trace: { trace_id: 'b'.repeat(32), span_id: 'c'.repeat(16), op: 'http.server' } },
    spans: [
      {
        trace_id: 'b'.repeat(32),
        span_id: 'd'.repeat(16),
        parent_span_id: 'c'.repeat(16),
        op: 'db',
        description: STATEMENT,
      },
      {
        trace_id: 'b'.repeat(32),
        span_id: 'e'.repeat(16),
        parent_span_id: 'c'.repeat(16),
        op: 'cache.get',
        description: `session:${MAIL}`,
      },
    ].map((one) => ({ ...one, start_timestamp: (NOON - 1900) / 1000, timestamp: (NOON - 1200) / 1000 })),
  },
]
  .map((part) => JSON.stringify(part))
  .join('\n');
const folded = `main;find ${MAIL};eval ${TOKEN} 7\n`;

async function send(place: World, sent: unknown, facts: Parameters<typeof uploadOf>[1]) {
  const raw = await rawObject(place, [await uploadOf(sent, facts)]);
  expect((await analyze(place.context, [message(raw)])).failed).toEqual([]);
}

/** Every text inside of a state, keys of maps among them. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const parts = value instanceof Map ? [...value].flat() : Object.entries(value).flat();
  for (const part of parts) yield* textsIn(part);
}

it('no segment of any kind holds a secret that a name held', async () => {
  const place = await world();
  await send(place, metrics, { route: 'otlp-metrics' });
  await send(place, traces, { route: 'otlp-traces' });
  await send(place, transaction, { route: 'sentry-envelope' });
  await send(place, folded, {
    route: 'pyroscope',
    naming: `name=${encodeURIComponent(`shop.cpu{mail=${MAIL}}`)}&from=${NOON / 1000 - 60}&until=${NOON / 1000}&format=folded`,
    contentType: 'text/plain',
  } as never);
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, (error) => {
    throw error;
  });

  const seen = new Map<string, string[]>();
  for (const [key, { body }] of place.objects.stored) {
    if (!key.startsWith('seg/')) continue;
    const footer = readFooter(body);
    for (const kind of KIND_NAMES.filter((name) => footer.sections.some((section) => section.kind === name)))
      seen.set(kind, [...(seen.get(kind) ?? []), ...textsIn(readSection(body, footer, kind))]);
  }
  expect([...seen.keys()].toSorted()).toEqual(['flame', 'functions', 'instance', 'latency', 'spans']);
  // The names came this far: what is missing is the secret alone.
  expect([...seen.values()].flat().filter((one) => one.includes('<email>')).length).toBeGreaterThan(5);
  for (const [kind, texts] of seen)
    for (const secret of SECRETS)
      expect(
        texts.filter((one) => one.includes(secret)),
        `${kind}: ${secret}`,
      ).toEqual([]);
});

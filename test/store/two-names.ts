import { NOON } from '../jobs/facts.ts';

// One service under the names of two protocols, as each sends it a moment before noon.

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Memory by OpenTelemetry: names the service, its host, and perhaps its pod. */
export const memory = (service: string, host: string, pod?: string) => ({
  resourceMetrics: [
    {
      resource: {
        attributes: [
          attribute('service.name', service),
          attribute('service.instance.id', `${service} on ${host}`),
          attribute('host.name', host),
          ...(pod === undefined ? [] : [attribute('k8s.pod.uid', pod)]),
        ],
      },
      scopeMetrics: [
        {
          scope: { name: 'v8' },
          metrics: [
            {
              name: 'v8js.memory.heap.used',
              unit: 'By',
              sum: {
                aggregationTemporality: 2,
                isMonotonic: false,
                dataPoints: [{ timeUnixNano: String((NOON - 1000) * 1e6), asInt: '1000000' }],
              },
            },
          ],
        },
      ],
    },
  ],
});
/** A transaction by Sentry: names its project's environment and a machine. */
export const transaction = (host: string) =>
  [
    {},
    { type: 'transaction' },
    {
      type: 'transaction',
      transaction: 'GET /orders/:id',
      environment: 'production',
      server_name: host,
      start_timestamp: (NOON - 2000) / 1000,
      timestamp: (NOON - 1000) / 1000,
      contexts: { trace: { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), op: 'http.server' } },
    },
  ]
    .map((part) => JSON.stringify(part))
    .join('\n');

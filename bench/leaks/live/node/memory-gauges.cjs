// The gauges of the OpenTelemetry guide to memory leaks, for what the runtime instrumentation does not send: the process
// as the system sees it, and buffers outside of V8's heap. Load it after the SDK.
const { metrics } = require('@opentelemetry/api');

const meter = metrics.getMeter('memory-diagnostics');
const gauge = (name, read) =>
  meter
    .createObservableGauge(`process.runtime.nodejs.memory.${name}`, { unit: 'By' })
    .addCallback((result) => result.observe(read(process.memoryUsage())));

gauge('rss', ({ rss }) => rss);
gauge('external', ({ external }) => external);

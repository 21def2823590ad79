import { profileGuide, pyroscopeGuide, sentryGuide } from './setup-profiles.ts';

/** The lines to paste so that memory, counts, traces and profiles of a service arrive here. */
export function setupAnswer(endpoint: string, auth: boolean) {
  const header = auth ? ['OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20<your key>"'] : [];
  const env = (service: string, ...more: string[]) =>
    [
      `OTEL_SERVICE_NAME=${service}`,
      `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`,
      'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
      ...header,
      ...more,
    ]
      .map((line) => `export ${line}`)
      .join('\n');
  return {
    endpoint,
    auth,
    guides: [
      nodeGuide(env),
      pythonGuide(env),
      goGuide(env),
      javaGuide(env),
      collectorGuide(endpoint, auth),
      sentryGuide(),
      pyroscopeGuide(endpoint, auth),
      profileGuide(endpoint, auth),
      deployGuide(endpoint, auth),
    ],
  };
}

type Env = (service: string, ...more: string[]) => string;

const nodeGuide = (env: Env) => ({
  id: 'node',
  title: 'Node.js',
  steps: [
    {
      text: 'Add the OpenTelemetry SDK; the runtime instrumentation sends the heap, the host metrics the resident size.',
      language: 'sh',
      lines: 'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node',
    },
    {
      text: 'Say where to, and switch the host metrics on (they are off by default).',
      language: 'sh',
      lines: env('shop', 'OTEL_NODE_ENABLED_INSTRUMENTATIONS=http,express,runtime-node,host-metrics'),
    },
    {
      text: 'Start the service with it. Leave the list of instrumentations out to have all but the host metrics.',
      language: 'sh',
      lines: 'node --require @opentelemetry/auto-instrumentations-node/register app.js',
    },
  ],
});

const pythonGuide = (env: Env) => ({
  id: 'python',
  title: 'Python',
  steps: [
    {
      text: 'Add the SDK, the instrumentations of what you use, and the system metrics, which send memory.',
      language: 'sh',
      lines:
        'pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http opentelemetry-instrumentation-system-metrics\nopentelemetry-bootstrap -a install',
    },
    {
      text: 'Say where to. The last line makes routes appear on the request metric.',
      language: 'sh',
      lines: env('shop', 'OTEL_METRICS_EXPORTER=otlp', 'OTEL_SEMCONV_STABILITY_OPT_IN=http'),
    },
    { text: 'Start the service with it.', language: 'sh', lines: 'opentelemetry-instrument python app.py' },
  ],
});

const goGuide = (env: Env) => ({
  id: 'go',
  title: 'Go',
  steps: [
    {
      text: 'Start the runtime metrics beside your meter provider; wrap the mux, so that routes appear on the request metric (otelhttp 0.68 or newer).',
      language: 'go',
      lines: [
        'exporter, err := otlpmetrichttp.New(ctx)',
        'provider := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(exporter)))',
        'otel.SetMeterProvider(provider)',
        'runtime.Start() // go.opentelemetry.io/contrib/instrumentation/runtime',
        'http.ListenAndServe(addr, otelhttp.NewHandler(mux, "server"))',
      ].join('\n'),
    },
    {
      text: 'Say where to. The last line adds the live heap, which the present convention leaves out.',
      language: 'sh',
      lines: env('shop', 'OTEL_GO_X_DEPRECATED_RUNTIME_METRICS=true'),
    },
  ],
});

const javaGuide = (env: Env) => ({
  id: 'java',
  title: 'Java',
  steps: [
    {
      text: 'Start with the agent; it sends heap pools, collections and routes by itself.',
      language: 'sh',
      lines: `${env('shop')}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar`,
    },
  ],
});

const collectorGuide = (endpoint: string, auth: boolean) => ({
  id: 'collector',
  title: 'OpenTelemetry Collector',
  steps: [
    {
      text: 'Add an exporter, and name it in the metrics and traces pipelines. Container limits come from k8s_cluster and kubeletstats.',
      language: 'yaml',
      lines: [
        'exporters:',
        '  otlp_http/tidemark:',
        `    endpoint: ${endpoint}`,
        ...(auth ? ['    headers:', '      authorization: Bearer <your key>'] : []),
      ].join('\n'),
    },
  ],
});

const deployGuide = (endpoint: string, auth: boolean) => ({
  id: 'deploys',
  title: 'Releases',
  steps: [
    {
      text: 'Tell of a release from CI. Versions in service.version are seen without this.',
      language: 'sh',
      lines: [
        `curl ${endpoint}/v1/deploys \\`,
        ...(auth ? ['  -H "authorization: Bearer <your key>" \\'] : []),
        `  --json '{"service":"shop","version":"1.4.2"}'`,
      ].join('\n'),
    },
  ],
});

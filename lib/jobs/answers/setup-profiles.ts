// Guides for what is sent beside OpenTelemetry: Sentry's SDKs, and profiles.

export const sentryGuide = () => ({
  id: 'sentry',
  title: 'Sentry SDKs',
  steps: [
    {
      text: 'Make a key where Tidemark runs; it prints the DSN.',
      language: 'sh',
      lines: 'npx tidemark keys create --project default',
    },
    {
      text: 'Python. Services on asyncio initialise inside the running loop (FastAPI: in its lifespan), or spans of concurrent tasks nest wrongly.',
      language: 'python',
      lines: [
        'sentry_sdk.init(',
        '    dsn="<the DSN>",',
        '    traces_sample_rate=1.0,',
        '    profiles_sample_rate=1.0,',
        '    server_name="shop",',
        ')',
      ].join('\n'),
    },
    {
      text: 'Node.js: @sentry/profiling-node beside @sentry/node.',
      language: 'js',
      lines: [
        'Sentry.init({',
        '  dsn: "<the DSN>",',
        '  integrations: [nodeProfilingIntegration()],',
        '  tracesSampleRate: 1,',
        '  profilesSampleRate: 1,',
        '});',
      ].join('\n'),
    },
  ],
});

export const pyroscopeGuide = (endpoint: string, auth: boolean) => ({
  id: 'pyroscope',
  title: 'Pyroscope SDKs',
  steps: [
    {
      text: 'Python (pyroscope-io). Tags named route, endpoint or job tell the unit of work.',
      language: 'python',
      lines: [
        'pyroscope.configure(',
        '    application_name="shop",',
        `    server_address="${endpoint}",`,
        ...(auth ? ['    basic_auth_username="tidemark",', '    basic_auth_password="<your key>",'] : []),
        ')',
      ].join('\n'),
    },
    {
      text: 'Go (pyroscope-go). In-use heap comes with it: which lines allocate what stays.',
      language: 'go',
      lines: [
        'pyroscope.Start(pyroscope.Config{',
        '  ApplicationName: "shop",',
        `  ServerAddress:   "${endpoint}",`,
        ...(auth ? ['  BasicAuthUser: "tidemark", BasicAuthPassword: "<your key>",'] : []),
        '})',
      ].join('\n'),
    },
    {
      text: 'Node.js (@pyroscope/nodejs).',
      language: 'js',
      lines: [
        'Pyroscope.init({',
        '  appName: "shop",',
        `  serverAddress: "${endpoint}",`,
        ...(auth ? ['  basicAuthUser: "tidemark", basicAuthPassword: "<your key>",'] : []),
        '});',
        'Pyroscope.start();',
      ].join('\n'),
    },
  ],
});

export const profileGuide = (endpoint: string, auth: boolean) => ({
  id: 'profiles',
  title: 'Profile files',
  steps: [
    {
      text: 'pprof, V8 (.cpuprofile, .heapprofile), folded stacks or speedscope; the format is told by the content.',
      language: 'sh',
      lines: [
        `curl '${endpoint}/v1/profiles?service=shop&version=1.4.2' \\`,
        ...(auth ? ['  -H "authorization: Bearer <your key>" \\'] : []),
        '  --data-binary @cpu.pprof',
      ].join('\n'),
    },
    {
      text: 'Go services with net/http/pprof: the live heap every minute.',
      language: 'sh',
      lines: [
        'while sleep 60; do',
        '  curl -s http://127.0.0.1:6060/debug/pprof/heap |',
        `    curl '${endpoint}/v1/profiles?service=shop' ${auth ? '-H "authorization: Bearer <your key>" ' : ''}--data-binary @-`,
        'done',
      ].join('\n'),
    },
  ],
});

// The import table of docs/architecture.md. A room that is not named in `to` may not be imported from `from`.
const room = (...names) => names.map((name) => `^lib/${name}/`);
const only = (from, ...allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^lib/${from}/` },
  to: { pathNot: [`^lib/${from}/`, ...allowed] },
});
const PURE = room('flame', 'leaks', 'traces', 'findings');
const vendor = ['^node_modules/'];
const node = [
  '^(node:)?(fs|path|crypto|http|https|net|os|url|zlib|sqlite|child_process|worker_threads|timers|stream|events|util|perf_hooks|module|process|readline|tty|v8)(/|$)',
];

export default {
  forbidden: [
    only('model'),
    only('formats', '^lib/model/', '^(node:)?zlib$'),
    only('flame', '^lib/model/'),
    only('leaks', '^lib/model/', '^lib/flame/'),
    only('traces', '^lib/model/', '^lib/flame/'),
    only('findings', '^lib/model/'),
    only('ports', '^lib/model/'),
    only('segments', ...room('model', 'ports', 'flame', 'leaks', 'traces')),
    only('records', ...room('model', 'ports', 'flame', 'leaks', 'traces')),
    only('jobs', ...room('model', 'ports', 'records', 'segments', 'formats'), ...PURE),
    only('http', ...room('jobs', 'records', 'ports', 'model'), '^(node_modules/)?(hono|zod)/'),
    only('adapters', ...room('model', 'ports'), ...vendor, ...node),
    {
      name: 'adapters-only-from-compose',
      severity: 'error',
      from: { pathNot: '^(lib/compose|lib/adapters|test|bench)/' },
      to: { path: '^lib/adapters/' },
    },
    {
      name: 'compose-is-below-its-callers',
      severity: 'error',
      from: { path: '^lib/compose/' },
      to: { path: room('server', 'cli', 'http') },
    },
    {
      name: 'server-imports',
      severity: 'error',
      from: { path: '^lib/server/' },
      to: { path: [...room('cli', 'adapters', 'formats'), ...PURE] },
    },
    {
      name: 'functions-are-wiring',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^lib/', pathNot: [...room('compose', 'http', 'jobs', 'ports'), '^lib/server/web-files'] },
    },
    {
      name: 'infra-has-no-logic',
      severity: 'error',
      from: { path: '^infra/' },
      to: { path: '^lib/', pathNot: ['^lib/server/build-web', '^lib/jobs/tasks'] },
    },
    {
      name: 'web-imports-types-only',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^lib/', pathNot: room('http', 'model', 'flame') },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};

const SDK = /sentry|opentelemetry|pyroscope|datadog|dd-trace|ddtrace|newrelic|elastic-?apm|tidemark/i;
/** What comes before the name of a package in a path: a folder that is called after an SDK makes no SDK of all libraries in it. */
const BEFORE_PACKAGE = /^.*\/(node_modules|(site|dist)-packages|pkg\/mod|gems|lib\/python[\d.]+)\//;
/** Packages whose place in a file tree does not tell them from the team's own, by how their functions are called. */
const SDK_PACKAGE =
  /^(io[./](sentry|opentelemetry|pyroscope)|com[./](datadog|newrelic)|datadog[./]trace|co[./]elastic[./]apm|go\.opentelemetry\.io|go\.elastic\.co\/apm|github\.com\/(getsentry|grafana\/pyroscope|DataDog|newrelic))[./-]/;

/**
 * Whether a line is code of an SDK or agent. The team's own `opentelemetry.ts`, which sets one up, is not.
 *
 * @param inApp as of a frame: 1 is the team's own, as far as its path tells
 */
export const isSdkCode = (
  { name, file }: { readonly name: string; readonly file: string },
  inApp: number,
): boolean =>
  inApp === 1 ? SDK_PACKAGE.test(name) : SDK.test(`${file.replace(BEFORE_PACKAGE, '')} ${name}`);

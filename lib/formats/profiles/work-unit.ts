import type { Profile } from '../../model/profile.ts';
import { type UnitOfWork, unitKey } from '../../model/unit-of-work.ts';
import { isTemplate, templatePath } from '../work/path-template.ts';

// The unit of work of a sample, from the labels that profilers put on it: dd-trace's `trace endpoint`, what people tag with in
// Pyroscope and with Go's pprof.Do, and the local root span that Pyroscope's OpenTelemetry integrations put there.

/** In order of precedence. */
export const UNIT_LABELS = [
  'trace endpoint',
  'endpoint',
  'http.route',
  'http_route',
  'route',
  'transaction',
  'job',
  'task',
  'rpc.method',
  'grpc_method',
  'span_name',
] as const;
export const METHOD_LABELS = ['http.request.method', 'http.method', 'http_method', 'method'] as const;

const MAX_NAME_LENGTH = 256;
const METHOD = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY) +\//;
const RPC = /^\/?[\w.]*\w\.\w+\/\w+$/; // package.Service/Method

/** @param method of the request, where a label of its own has it */
export function unitOfLabel(value: string, method?: string): UnitOfWork {
  const name = value.slice(0, MAX_NAME_LENGTH).toWellFormed();
  if (METHOD.test(name)) return { kind: 'http', name: name.replace(/ +/, ' ') };
  if (RPC.test(name)) return { kind: 'rpc', name: name.replace(/^\//, '') };
  if (!name.startsWith('/')) return { kind: 'job', name };
  const verb = method === undefined || method === '' ? 'HTTP' : method.slice(0, 16).toUpperCase();
  if (isTemplate(name)) return { kind: 'http', name: `${verb} ${name}` };
  const template = templatePath(name);
  return { kind: 'http', name: `${verb} ${template}`, ...(template === name ? {} : { guessed: true }) };
}

/** The unit that the first of `names` names among labels. */
export function unitOfLabels(
  labels: ReadonlyMap<string, string>,
  names: readonly string[] = UNIT_LABELS,
): UnitOfWork | undefined {
  const find = (wanted: readonly string[]) => wanted.map((name) => labels.get(name)).find(Boolean);
  const value = find(names);
  return value === undefined ? undefined : unitOfLabel(value, find(METHOD_LABELS));
}

/** Samples that name no unit themselves become those of `unit`. */
export function withUnit(profile: Profile, unit: UnitOfWork): Profile {
  const { units, samples } = profile;
  const place = units.findIndex((known) => unitKey(known) === unitKey(unit));
  const index = place < 0 ? units.length : place;
  return {
    ...profile,
    units: place < 0 ? [...units, unit] : units,
    samples: { ...samples, unit: samples.unit.map((own) => (own < 0 ? index : own)) },
  };
}

import { invalidInput } from '../../model/fault.ts';
import { SECOND_MS } from '../../model/units.ts';
import { type ParsedSeries, roleOfName } from './series.ts';

/** Series of one answer beyond this are refused: a scan is for a handful. */
const MAX_SERIES = 10_000;
const SERVICE_LABELS = ['service', 'service_name', 'app', 'job', 'container', 'deployment'];
/** Of a container's memory `job` and `instance` are those of its node. */
const CONTAINER_LABELS = ['container', 'app', 'deployment', 'service', 'job'];
const INSTANCE_LABELS = ['pod', 'pod_name', 'instance', 'host', 'hostname'];

/**
 * True for what `/api/v1/query_range` answers: https://prometheus.io/docs/prometheus/latest/querying/api/ Also for its data alone,
 * and for the bare list that `promtool query range -o json` prints.
 */
export const isPrometheus = (json: unknown): boolean => dataOf(json) !== undefined;

function dataOf(json: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(json)) return record(record(json[0])?.metric) && { resultType: 'matrix', result: json };
  const answer = record(json);
  return answer?.status === 'success'
    ? record(answer.data)
    : answer?.resultType === undefined
      ? undefined
      : answer;
}

export function parsePrometheus(json: unknown): ParsedSeries[] {
  const data = dataOf(json);
  if (data?.resultType !== 'matrix' || !Array.isArray(data.result))
    throw invalidInput(
      `Cannot read the Prometheus answer: result type "${String(data?.resultType)}", need "matrix" (query_range)`,
    );
  if (data.result.length > MAX_SERIES)
    throw invalidInput(
      `Cannot read the Prometheus answer: ${data.result.length} series, at most ${MAX_SERIES}`,
    );
  if (data.result.length === 0) throw invalidInput('Cannot read the Prometheus answer: it holds no series');
  return withLimits(data.result.map(seriesOf));
}

const isLimit = ({ name }: NamedSeries): boolean => name.includes('limit');
/** kube-state-metrics tells limits of all resources under one name. */
const isOfMemory = ({ name, resource }: NamedSeries): boolean =>
  (resource === '' || resource === 'memory') && !name.includes('cpu');

/** Limits among the series bound those of their instance and container, or all where they name none. */
function withLimits(all: readonly NamedSeries[]): ParsedSeries[] {
  const limits = all.filter(isLimit);
  const judged = limits.length < all.length ? all.filter((one) => !limits.includes(one)) : all;
  return judged.map(({ name: _, resource: __, container, ...series }) => {
    const own = limits.filter(
      (limit) =>
        isOfMemory(limit) &&
        (limit.instance === series.instance || limit.instance === '') &&
        (limit.container === container || limit.container === '' || container === ''),
    );
    const limit = own
      .flatMap(({ values }) => [...values])
      .findLast((value) => value > 0 && Number.isFinite(value));
    return { ...series, limit };
  });
}

interface NamedSeries extends ParsedSeries {
  readonly name: string;
  readonly container: string;
  readonly resource: string;
}

function seriesOf(entry: unknown, index: number): NamedSeries {
  const labels = record(record(entry)?.metric) ?? {};
  const told = record(entry)?.values;
  if (!Array.isArray(told))
    throw invalidInput(`Cannot read the Prometheus answer: result[${index}] has no values`);
  const values = told.filter((pair) => Number.isFinite(Number(pair?.[0])));
  const name = String(labels.__name__ ?? '');
  const pick = (names: readonly string[]) =>
    String(names.map((n) => labels[n]).find((v) => v !== undefined) ?? '');
  return {
    name,
    container: String(labels.container ?? ''),
    resource: String(labels.resource ?? ''),
    service: pick(name.startsWith('container_') ? CONTAINER_LABELS : SERVICE_LABELS),
    instance: pick(INSTANCE_LABELS),
    role: roleOfName(`${name}{area=${labels.area ?? labels.type ?? ''}}`),
    times: Float64Array.from(values, (pair) => Number(pair?.[0]) * SECOND_MS),
    values: Float64Array.from(values, (pair) => Number(pair?.[1])),
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    load: undefined,
    earlier: [],
    assumed: [],
  };
}

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;

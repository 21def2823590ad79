import {
  decodeMetrics,
  decodeTraces,
  type Encoding,
  metricsFacts,
  tracesFacts,
} from '../formats/otlp/index.ts';
import { fold } from '../jobs/fold.ts';
import { type Cohort, cohortsOf, type LoadedService, livesIn } from '../jobs/load-service.ts';
import { compareReleases, GROWTH } from '../leaks/index.ts';
import { Fault, invalidInput } from '../model/fault.ts';
import type { Releases } from '../model/finding.ts';
import type { UploadId } from '../model/ids.ts';
import { MACHINES } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import { factsKind } from '../segments/kinds/facts.ts';
import { type InstancesState, instanceKind } from '../segments/kinds/instance.ts';
import { isBinary, otlpEncodingOfFile } from './sendable.ts';

/** Lines of one file beyond this are refused: an export each second makes 86,400 a day. */
const MAX_EXPORTS = 1_000_000;

export interface OtlpCohort extends Cohort {
  readonly service: string;
  /** What each version kept, beside a cohort that grows; null where there is one version. */
  readonly releases: Releases | null;
}

/** True for OTLP, JSON (one export or lines of them) or protobuf, already unpacked. */
export function isOtlp(bytes: Uint8Array): boolean {
  if (otlpEncodingOfFile(bytes) === 'json')
    return /"resource(Metrics|Spans|Logs)"/.test(new TextDecoder().decode(bytes.subarray(0, 400)));
  return bytes[0] === 0x0a && isBinary(bytes.subarray(1, 400)); // field 1, length-delimited
}

/** The exports of one run, judged as the server would judge them. */
export function cohortsOfExports(exports: readonly UploadFacts[], limit: number | undefined): OtlpCohort[] {
  const states = new Map<ServiceName, InstancesState>();
  let machines = factsKind.empty();
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const [index, facts] of exports.entries()) {
    from = Math.min(from, facts.earliest ?? from);
    to = Math.max(to, facts.latest ?? to);
    const uploadId = `scan-${index}` as UploadId;
    const always = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    for (const { partition, sections } of fold({ project: 'scan', uploadId, facts, ...always }).parts) {
      const { service } = partition;
      if (service === MACHINES) machines = factsKind.merge(machines, sections.facts ?? factsKind.empty());
      if (sections.instance)
        states.set(
          service,
          instanceKind.merge(states.get(service) ?? instanceKind.empty(), sections.instance),
        );
    }
  }
  return [...states].flatMap(([service, state]) => {
    const range = { project: 'scan', service, from, to };
    const loaded = { ...range, state, facts: machines, limitSetting: limit ?? null };
    return cohortsOf(loaded)
      .filter(({ lives }) => lives.length > 0)
      .map((cohort) => ({ ...cohort, service, releases: releasesOf(loaded, cohort) }));
  });
}

/** As a finding of the server has them. */
function releasesOf(loaded: LoadedService, { role, version, result }: Cohort): Releases | null {
  if (!GROWTH.has(result.verdict)) return null;
  const releases = compareReleases(livesIn(loaded, role), {
    version,
    suspect: result.suspects[0],
    perHour: result.slopeBytesPerHour,
  });
  return releases.items.length > 1 ? releases : null;
}

/** What the exports of a file say. Lines that cannot be read, such as one that is being written, are left out. */
export function factsOfFile(bytes: Uint8Array): {
  facts: readonly UploadFacts[];
  assumed: readonly string[];
} {
  const encoding = otlpEncodingOfFile(bytes);
  const exports = encoding === 'json' ? jsonExports(bytes) : [bytes];
  const facts = exports.flatMap((one) => unlessFault(() => factsOfExport(one, encoding)) ?? []);
  if (facts.length === 0) return { facts: [factsOfExport(exports[0]!, encoding)], assumed: [] }; // tells the fault
  const left = exports.length - facts.length;
  return { facts, assumed: left > 0 ? [`${left} of its ${exports.length} lines cannot be read`] : [] };
}

/** One document, or one per line. */
function jsonExports(bytes: Uint8Array): Uint8Array[] {
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length > MAX_EXPORTS)
    throw invalidInput(`Cannot read OTLP: ${lines.length} exports, at most ${MAX_EXPORTS}`);
  const isLines = lines[0]!.startsWith('{') && lines[0]!.endsWith('}');
  return isLines ? lines.map((line) => new TextEncoder().encode(line)) : [bytes];
}

/** Nothing on the wire tells metrics from traces in protobuf: what holds no points is tried as spans. */
function factsOfExport(bytes: Uint8Array, encoding: Encoding): UploadFacts {
  const metrics = unlessFault(() => metricsFacts(decodeMetrics(bytes, encoding)));
  if (metrics !== undefined && metrics.points > 0) return metrics;
  const traces = metrics && unlessFault(() => tracesFacts(decodeTraces(bytes, encoding)));
  return traces ?? metrics ?? tracesFacts(decodeTraces(bytes, encoding));
}

function unlessFault<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

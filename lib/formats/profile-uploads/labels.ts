import { type ServiceName, serviceName } from '../../model/service.ts';
import type { InstanceIdentity, InstanceSource, JoinKeys } from '../../model/telemetry.ts';

/** Labels of a whole profile: of the request, of its app name, of a pushed series. */
export type Labels = ReadonlyMap<string, string>;

const MAX_LENGTH = 255;

/** Dots and underscores mean the same: Prometheus allows no dots, OpenTelemetry writes them. */
function labelOf(labels: Labels, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = labels.get(name) ?? labels.get(name.replaceAll('.', '_'));
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** @param app what the sender calls itself where no label names the service; '' for nothing */
export function serviceOfLabels(labels: Labels, app: string): ServiceName {
  return serviceName({
    environment:
      labelOf(labels, 'deployment.environment.name', 'deployment.environment', 'environment', 'env') ?? '',
    namespace: labelOf(labels, 'service.namespace') ?? '',
    name: labelOf(labels, 'service.name') ?? app,
  });
}

/** Strongest first. A session id names one process; a host alone may run several. */
const INSTANCE_LABELS: readonly (readonly [label: string, source: InstanceSource])[] = [
  ['service.instance.id', 'service.instance.id'],
  ['k8s.pod.uid', 'k8s.pod.uid'],
  ['pod', 'k8s.pod.uid'],
  ['k8s.pod.name', 'k8s.pod.uid'],
  ['container.id', 'container.id'],
  ['__session_id__', 'service.instance.id'],
  ['instance', 'service.instance.id'],
];

export function instanceOfLabels(labels: Labels): InstanceIdentity {
  const [key, source] = keyOf(labels);
  const version = labelOf(labels, 'service.version', 'version', 'release');
  const language = labelOf(labels, 'process.runtime.name', 'telemetry.sdk.language', 'runtime');
  const sdk = labelOf(labels, 'otel.scope.name', 'telemetry.sdk.name');
  return {
    key: clip(key),
    source,
    joins: joinsOf(labels),
    ...(version !== undefined && { version: clip(version) }),
    ...(language !== undefined && { language: clip(language) }),
    ...(sdk !== undefined && { sdk: clip(sdk) }),
  };
}

/** Names of the machine parts that other protocols call the same process by. */
function joinsOf(labels: Labels): JoinKeys {
  const podUid = labelOf(labels, 'k8s.pod.uid');
  const pod = labelOf(labels, 'k8s.pod.name', 'pod');
  const namespace = labelOf(labels, 'k8s.namespace.name', 'namespace') ?? '';
  const containerId = labelOf(labels, 'container.id')?.replace(/^[a-z-]+:\/\//, '');
  const host = hostOf(labels);
  const pid = Number(labelOf(labels, 'process.pid', 'pid') ?? Number.NaN);
  return {
    ...(podUid !== undefined && { podUid: clip(podUid) }),
    ...(pod !== undefined && { podName: clip(`${namespace}/${pod}`) }),
    ...(containerId !== undefined && { containerId: clip(containerId) }),
    ...(host !== undefined && { host: clip(host) }),
    ...(Number.isSafeInteger(pid) && pid > 0 && { pid }),
  };
}

const hostOf = (labels: Labels) => labelOf(labels, 'host.name', 'hostname', 'host', 'node');

function keyOf(labels: Labels): [string, InstanceSource] {
  for (const [label, source] of INSTANCE_LABELS) {
    const value = labelOf(labels, label);
    if (value !== undefined) return [value, source];
  }
  const host = hostOf(labels);
  const pid = labelOf(labels, 'process.pid', 'pid');
  if (host === undefined) return ['unnamed', 'none'];
  return pid === undefined ? [host, 'host.name'] : [`${host}/${pid}`, 'host+pid'];
}

const clip = (text: string) => text.slice(0, MAX_LENGTH).toWellFormed();

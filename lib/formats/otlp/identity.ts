import { type ServiceName, serviceName } from '../../model/service.ts';
import type { InstanceIdentity, InstanceSource, JoinKeys } from '../../model/telemetry.ts';
import { type Attributes, clip, first, NO_ATTRIBUTES, text } from '../work/attributes.ts';

const MAX_KEY_LENGTH = 255;

export interface ResourceIdentity {
  /** Undefined when the resource is a machine part (pod, container, host) that names no service. */
  readonly service: ServiceName | undefined;
  readonly instance: InstanceIdentity;
}

/** Who sent this: which service, which of its instances, and by which names others know the machine under it. */
export function identify(resource: Attributes): ResourceIdentity {
  const joins = joinKeys(resource);
  const [key, source] = instanceKey(resource, joins);
  const sdk = text(resource, 'telemetry.sdk.name');
  const sdkVersion = text(resource, 'telemetry.sdk.version');
  const language = text(resource, 'telemetry.sdk.language') ?? text(resource, 'process.runtime.name');
  const version = text(resource, 'service.version') ?? text(resource, 'faas.version');
  return {
    service: serviceOf(resource),
    instance: {
      key: clip(key, MAX_KEY_LENGTH),
      source,
      joins,
      ...(version !== undefined && { version: clip(version, MAX_KEY_LENGTH) }),
      ...(language !== undefined && { language: clip(language, MAX_KEY_LENGTH) }),
      ...(sdk !== undefined && {
        sdk: clip(sdkVersion === undefined ? sdk : `${sdk}/${sdkVersion}`, MAX_KEY_LENGTH),
      }),
    },
  };
}

/** The service by name alone: environment and namespace come from the same resource. */
export const serviceNamed = (resource: Attributes, name: string): ServiceName =>
  serviceName({
    environment:
      text(resource, 'deployment.environment.name') ?? text(resource, 'deployment.environment') ?? '',
    namespace: text(resource, 'service.namespace') ?? '',
    name,
  });

function serviceOf(resource: Attributes): ServiceName | undefined {
  const name = text(resource, 'service.name') ?? text(resource, 'faas.name');
  if (name !== undefined) return serviceNamed(resource, name);
  const hasSdk = resource.has('telemetry.sdk.language') || resource.has('telemetry.sdk.name');
  return hasSdk || !isMachine(resource) ? serviceNamed(resource, '') : undefined;
}

const MACHINE_PREFIX = /^(k8s|container|aws\.ecs|host|process|cloud|os)\./;
const isMachine = (resource: Attributes): boolean =>
  [...resource.keys()].some((key) => MACHINE_PREFIX.test(key));

/**
 * In the order of https://opentelemetry.io/docs/specs/semconv/resource/service/ and what else tells siblings apart.
 * A service.instance.id may survive restarts (set by hand, or host:port of a scraped target), so it names a slot; the pid
 * beside it in the joins tells the lives in it apart.
 */
function instanceKey(resource: Attributes, joins: JoinKeys): [string, InstanceSource] {
  const instance = text(resource, 'service.instance.id');
  if (instance !== undefined) return [instance, 'service.instance.id'];
  if (joins.podUid !== undefined) {
    return [
      joins.containerName === undefined ? joins.podUid : `${joins.podUid}/${joins.containerName}`,
      'k8s.pod.uid',
    ];
  }
  if (joins.containerId !== undefined) return [joins.containerId, 'container.id'];
  if (joins.host !== undefined && joins.pid !== undefined) return [`${joins.host}/${joins.pid}`, 'host+pid'];
  const faas = text(resource, 'faas.instance');
  if (faas !== undefined) return [faas, 'faas.instance'];
  if (joins.host !== undefined) return [joins.host, 'host.name'];
  return ['unnamed', 'none'];
}

/** kube-state-metrics and cAdvisor tell about every pod of a node under the resource of the exporter. */
export const namesMachine = (point: Attributes): boolean =>
  point.has('pod') || point.has('pod_name') || point.has('container_id') || point.has('uid');

/** Under which names a pod, container or host is known: by the point where it names one itself, else by the resource. */
export function joinKeys(resource: Attributes, point: Attributes = NO_ATTRIBUTES): JoinKeys {
  const named = namesMachine(point);
  const pick = (onPoint: readonly string[], onResource: string) => {
    const value = named ? first(point, onPoint) : text(resource, onResource);
    return value === undefined ? undefined : clip(value, MAX_KEY_LENGTH);
  };
  const podUid = pick(['uid', 'pod_uid', 'k8s.pod.uid'], 'k8s.pod.uid');
  const pod = pick(['pod', 'pod_name', 'k8s.pod.name'], 'k8s.pod.name');
  const namespace = pick(['namespace', 'k8s.namespace.name'], 'k8s.namespace.name') ?? '';
  const containerId = pick(['container_id'], 'container.id')?.replace(/^[a-z-]+:\/\//, '');
  const containerName = pick(['container', 'container_name'], 'k8s.container.name');
  const host = named ? undefined : pick([], 'host.name'); // a pod of many on the node: the node is no name for it
  const pid = named ? Number.NaN : Number(resource.get('process.pid') ?? Number.NaN);
  return {
    ...(podUid !== undefined && { podUid }),
    ...(pod !== undefined && { podName: `${namespace}/${pod}` }),
    ...(containerId !== undefined && containerId !== '' && { containerId }),
    ...(containerName !== undefined && { containerName }),
    ...(host !== undefined && { host }),
    ...(Number.isSafeInteger(pid) && pid > 0 && { pid }),
  };
}

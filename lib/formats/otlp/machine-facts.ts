import type { LevelReading, MachineFact } from '../../model/telemetry.ts';
import { MIB } from '../../model/units.ts';
import { type Attributes, text } from '../work/attributes.ts';
import type { ResourceIdentity } from './identity.ts';

/** Lambda's largest memory in MB: a value up to this is in MB, as the Telemetry API writes it; detectors send bytes. */
const MAX_LAMBDA_MB = 10_240;

/** What a resource's own attributes say about limits and ends. They carry no time: that of the newest point holds. */
export function resourceMachineFacts(
  resource: Attributes,
  { service, instance }: ResourceIdentity,
  time: number,
  levels: LevelReading[],
  machines: MachineFact[],
): void {
  const faasMemory = Number(text(resource, 'faas.max_memory') ?? Number.NaN);
  if (service !== undefined && faasMemory > 0) {
    const value = faasMemory <= MAX_LAMBDA_MB ? faasMemory * MIB : faasMemory;
    levels.push({ role: 'container_limit', metric: 'faas.max_memory', part: '', time, value });
  }
  // k8s_cluster receiver, optional: why the container's previous run ended
  if (text(resource, 'k8s.container.status.last_terminated_reason') === 'OOMKilled') {
    const metric = 'k8s.container.status.last_terminated_reason';
    machines.push({ joins: instance.joins, time, metric, kind: 'oom_killed', value: 1 });
  }
}

import type { Trace } from '../model/trace.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { readTraceSettings, type ServiceTraceSettings } from '../records/trace-settings.ts';
import { PATTERN_THRESHOLDS, type PatternThresholds, withOverrides } from '../traces/patterns/thresholds.ts';
import type { JobContext } from './context.ts';

/** What is a pattern in each of these traces, as people have set it for its service and its unit. One read a service. */
export async function patternThresholds(
  { records }: Pick<JobContext, 'records'>,
  project: string,
  traces: readonly { readonly trace: Trace }[],
): Promise<(trace: Trace) => PatternThresholds> {
  const settings = new Map<string, ServiceTraceSettings>();
  for (const service of new Set(traces.map(({ trace }) => trace.service)))
    settings.set(service, await readTraceSettings(records, project, service));
  return ({ service, unit }) => {
    const { patterns, units = {} } = settings.get(service) ?? {};
    return withOverrides(PATTERN_THRESHOLDS, patterns, units[unitKey(unit)]?.patterns);
  };
}

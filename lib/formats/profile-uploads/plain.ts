import { invalidInput } from '../../model/fault.ts';
import type { Profile, Temporality } from '../../model/profile.ts';
import { type ServiceName, serviceName, serviceParts } from '../../model/service.ts';
import { decodeProfile, PROFILE_FORMATS, type ProfileFormat } from '../profiles/index.ts';
import { inNanoseconds } from '../profiles/nanoseconds.ts';
import { temporalityOf } from '../profiles/temporality.ts';
import { unpackProfile } from '../profiles/unpack.ts';
import { instanceOfLabels, serviceOfLabels } from './labels.ts';
import { readMoment } from './moment.ts';
import { factsOfProfiles, reportOf, withLock, withTypes } from './report.ts';
import type { ProfileUpload, ReadProfiles } from './upload.ts';

const MAX_TYPE = 100;

/**
 * `POST /v1/profiles?service=…`: any format, told by its content. `service` is what people and URLs write (`shop`,
 * `production//shop`); `type`, `unit` and `temporality` name what a format with one nameless column (folded, lines,
 * speedscope) measures, `type=mutex` or `block` which of Go's two profiles of locks a pprof is; `from`, `until` give the period where the format has none; all else are labels.
 *
 * @throws Fault as `decodeProfile` does, and `invalid-input` for parameters that make no sense
 */
export function readPlainProfile({ body, naming, receivedAt }: ProfileUpload): ReadProfiles {
  const query = new URLSearchParams(naming);
  const identity = unpackProfile(body);
  const decoded = decodeProfile(identity, formatOf(query.get('format')));
  const labels = new Map([...decoded.labels, ...query]);
  const profile = named(decoded.format === 'speedscope' ? inNanoseconds(decoded) : decoded, query);
  const report = reportOf({
    service: serviceOf(query.get('service'), labels),
    instance: instanceOfLabels(labels),
    profile,
    from: readMoment('from', query.get('from'), receivedAt),
    until: readMoment('until', query.get('until'), receivedAt),
    receivedAt,
  });
  return { facts: factsOfProfiles([report]), identity };
}

function formatOf(text: string | null): { readonly format?: ProfileFormat } {
  if (text === null || text === '') return {};
  const format = PROFILE_FORMATS.find((one) => one === text);
  if (format === undefined)
    throw invalidInput(
      `Cannot read "format": got "${text.slice(0, 40)}", need ${PROFILE_FORMATS.join(', ')}`,
    );
  return { format };
}

function serviceOf(text: string | null, labels: ReadonlyMap<string, string>): ServiceName {
  if (text !== null && text !== '') return serviceName(serviceParts(text as ServiceName));
  if (labels.has('service.name') || labels.has('service_name')) return serviceOfLabels(labels, '');
  throw invalidInput('Cannot take profile: it names no service, send ?service=…');
}

const TEMPORALITIES: readonly Temporality[] = ['delta', 'level', 'cumulative'];

/** Names the one column of formats that have no name for it, and lets the sender say how values add up. */
function named(profile: Profile, query: URLSearchParams): Profile {
  const temporality = query.get('temporality');
  const said = TEMPORALITIES.find((one) => one === temporality);
  if (temporality !== null && said === undefined)
    throw invalidInput(`Cannot read "temporality": need one of ${TEMPORALITIES.join(', ')}`);
  const name = query.get('type');
  const unit = query.get('unit');
  const nameless = profile.sampleTypes.length === 1 && NAMELESS.has(profile.format);
  return withTypes(withLock(profile, name ?? ''), (type) => {
    if (!nameless) return said === undefined ? type : { ...type, temporality: said };
    const renamed = {
      type: (name ?? type.type).slice(0, MAX_TYPE),
      // Of times the file itself says the unit.
      unit: (type.sentUnit === undefined && unit !== null ? unit : type.unit).slice(0, MAX_TYPE),
    };
    return { ...renamed, temporality: said ?? temporalityOf(renamed.type, query.has('until')) };
  });
}
const NAMELESS = new Set(['folded', 'lines', 'speedscope']);

import { Fault, invalidInput } from '../../model/fault.ts';
import type { Profile, SampleType } from '../../model/profile.ts';
import { decodeProfile, detectProfile, type ProfileFormat } from '../profiles/index.ts';
import { inNanoseconds, scaledBy } from '../profiles/nanoseconds.ts';
import { unpackProfile } from '../profiles/unpack.ts';
import { UNIT_LABELS, unitOfLabels, withUnit } from '../profiles/work-unit.ts';
import { instanceOfLabels, type Labels, serviceOfLabels } from './labels.ts';
import { readMoment } from './moment.ts';
import { boundaryOf, joinedParts, type Part, readMultipart } from './multipart.ts';
import { factsOfProfiles, reportOf, withTypes } from './report.ts';
import type { ProfileUpload, ReadProfiles } from './upload.ts';

// What SDKs of Pyroscope send to POST /ingest: grafana/pyroscope pkg/ingester/pyroscope/ingest_handler.go and
// pkg/og/convert. The query names the app with its labels; the body is a form with a pprof in it, or the profile itself.

/**
 * @throws Fault `unsupported` for JFR and for the prefix forms of old agents, `invalid-input` for what is broken
 */
export function readPyroscope(upload: ProfileUpload): ReadProfiles {
  const { naming, receivedAt } = upload;
  const query = new URLSearchParams(naming);
  const { app, labels } = readAppName(query.get('name') ?? '');
  const { profile, identity, type } = profileIn(upload, query, app);
  const from = readMoment('from', query.get('from'), receivedAt);
  const until = readMoment('until', query.get('until'), receivedAt);
  const name = type === undefined ? app : app.slice(0, -type.length - 1);
  const all = new Map([...profile.labels, ...labels]);
  const unit = unitOfLabels(labels, UNIT_TAGS);
  const report = reportOf({
    service: serviceOfLabels(all, name),
    instance: instanceOfLabels(all),
    profile: unit === undefined ? profile : withUnit(profile, unit),
    from,
    until,
    receivedAt,
  });
  return { facts: factsOfProfiles([report]), identity };
}

/** SDKs that send text send what ran under a tag by itself. `job` and `task` name a whole process as often as a piece of work. */
const UNIT_TAGS = UNIT_LABELS.filter((label) => label !== 'job' && label !== 'task');

/** `app{key=value,key2="a, b"}`: dots in names, slashes in values and commas in quotes occur, braces are optional. */
export function readAppName(name: string): { readonly app: string; readonly labels: Labels } {
  const brace = name.indexOf('{');
  const app = (brace < 0 ? name : name.slice(0, brace)).trim();
  const labels = new Map<string, string>();
  if (brace >= 0) {
    const inner = name.slice(brace + 1).replace(/\}\s*$/, '');
    for (const [pair] of inner.matchAll(/(?:"[^"]*"|[^,"]|")+/g)) {
      const sign = pair.indexOf('=');
      if (sign < 0 && pair.trim() !== '')
        throw invalidInput(`Cannot read "name": "${pair.slice(0, 40)}" is no label, need key=value`);
      if (sign > 0) labels.set(pair.slice(0, sign).trim(), unquoted(pair.slice(sign + 1).trim()));
    }
  }
  if (app === '' && !labels.has('service_name'))
    throw invalidInput('Cannot take profile: "name" names no application');
  return { app, labels };
}

const unquoted = (text: string) => (/^".*"$/.test(text) ? text.slice(1, -1) : text);

interface Found {
  readonly profile: Profile;
  readonly identity: Uint8Array;
  /** The last part of the app's name where it names the type of a text: `shop.cpu`. */
  readonly type?: string | undefined;
}

/** The form is looked at first: SDKs send one without a format, and people are told to set `format=pprof` with it. */
function profileIn({ body, contentType }: ProfileUpload, query: URLSearchParams, app: string): Found {
  const format = query.get('format') ?? '';
  const boundary = boundaryOf(contentType);
  if (boundary !== undefined) return profileInForm(readMultipart(body, boundary));
  if (format === 'jfr') throw refuseJfr();
  if (format === 'trie' || format === 'tree' || /\+(trie|tree)\b/.test(contentType)) {
    throw new Fault(
      'unsupported',
      `Cannot take profile: the form "${format || contentType}" of old agents is not read`,
    );
  }
  const plain = unpackProfile(body);
  const detected = detectProfile(plain);
  if (format === 'pprof' || format === 'speedscope') {
    const profile = decodeProfile(plain, { format });
    return {
      profile: format === 'pprof' ? withPyroscopeTypes(profile, {}) : inNanoseconds(profile),
      identity: plain,
    };
  }
  // Without a format the protocol means folded stacks; some senders forget to say pprof, whose bytes say so themselves.
  if (format === '' && detected === 'pprof')
    return { profile: withPyroscopeTypes(decodeProfile(plain), {}), identity: plain };
  return { ...textProfile(plain, format === 'lines' ? 'lines' : 'folded', query, app), identity: plain };
}

const refuseJfr = () =>
  new Fault(
    'unsupported',
    'Cannot take JFR recordings: send pprof instead, or convert them (async-profiler: jfrconv --pprof in.jfr out.pb.gz)',
  );

function profileInForm(parts: readonly Part[]): Found {
  const part = (name: string) => parts.find((one) => one.name === name)?.body;
  const bytes = part('profile');
  if (part('jfr') !== undefined) throw refuseJfr();
  if (part('prev_profile') !== undefined)
    throw new Fault(
      'unsupported',
      'Cannot take profile: "prev_profile" comes from an agent of 2022, update it',
    );
  if (bytes === undefined) throw invalidInput('Cannot read form: it has no part "profile"');
  const plain = unpackProfile(bytes);
  const config = readTypeConfig(part('sample_type_config'));
  const profile = withPyroscopeTypes(decodeProfile(plain), config);
  const identity = joinedParts(parts.map((one) => (one.name === 'profile' ? { ...one, body: plain } : one)));
  return { profile, identity };
}

type TypeConfig = Readonly<
  Record<string, { readonly cumulative?: boolean; readonly 'display-name'?: string }>
>;

function readTypeConfig(bytes: Uint8Array | undefined): TypeConfig {
  if (bytes === undefined) return {};
  try {
    const config: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof config === 'object' && config !== null) return config as TypeConfig;
  } catch (cause) {
    throw invalidInput('Cannot read form: "sample_type_config" is not JSON', { cause });
  }
  throw invalidInput('Cannot read form: "sample_type_config" is no object');
}

/** Pyroscope's SDKs send counts since their last upload, also of what Go counts from the start of the process. */
export const withPyroscopeTypes = (profile: Profile, config: TypeConfig): Profile =>
  withTypes(profile, (type): SampleType => {
    const { cumulative, 'display-name': shown } = config[type.type] ?? {};
    // Go calls the values of its mutex and of its block profile alike; the name to be shown tells them apart.
    const name = LOCKS.has(type.type) && typeof shown === 'string' ? shown.slice(0, 100) : type.type;
    const sinceStart = type.temporality === 'cumulative' && cumulative !== true;
    return { ...type, type: name, temporality: sinceStart ? 'delta' : type.temporality };
  });
const LOCKS = new Set(['contentions', 'delay']);

/** Types that the last part of an app's name may say of a text, and their unit. */
const TEXT_TYPES: Readonly<Record<string, string>> = {
  cpu: 'nanoseconds',
  wall: 'nanoseconds',
  itimer: 'nanoseconds',
  samples: 'count',
  alloc_objects: 'count',
  alloc_space: 'bytes',
  inuse_objects: 'count',
  inuse_space: 'bytes',
  goroutines: 'count',
  mutex_count: 'count',
  mutex_duration: 'nanoseconds',
  block_count: 'count',
  block_duration: 'nanoseconds',
  lock_count: 'count',
  lock_duration: 'nanoseconds',
  exceptions: 'count',
};
const DEFAULT_RATE = 100;
const SECOND_NS = 1e9;

/** Counts of samples become nanoseconds by the sampling rate, as Pyroscope does it. */
function textProfile(plain: Uint8Array, format: ProfileFormat, query: URLSearchParams, app: string) {
  const last = app.includes('.') ? app.slice(app.lastIndexOf('.') + 1) : '';
  const type = Object.hasOwn(TEXT_TYPES, last) ? last : undefined;
  const profile = decodeProfile(plain, { format });
  const name = type ?? 'cpu';
  const isLevel = name.startsWith('inuse_') || name === 'goroutines';
  const rate = Number(query.get('sampleRate') ?? DEFAULT_RATE);
  const factor = name === 'cpu' || name === 'wall' || name === 'itimer' ? nsPerSample(rate) : 1;
  const sampleType: SampleType = {
    type: name,
    unit: TEXT_TYPES[name] ?? 'count',
    temporality: isLevel ? 'level' : 'delta',
  };
  return { profile: { ...scaledBy(profile, factor), sampleTypes: [sampleType] }, type };
}

const nsPerSample = (rate: number) =>
  Math.round(SECOND_NS / (Number.isFinite(rate) && rate >= 1 && rate <= 1e6 ? rate : DEFAULT_RATE));

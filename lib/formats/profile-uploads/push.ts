import { invalidInput } from '../../model/fault.ts';
import type { ProfileReport } from '../../model/telemetry.ts';
import { decodeProfile } from '../profiles/index.ts';
import { instanceOfLabels, type Labels, serviceOfLabels } from './labels.ts';
import { withPyroscopeTypes } from './pyroscope.ts';
import { factsOfProfiles, reportOf, withLock } from './report.ts';
import type { ProfileUpload, ReadProfiles } from './upload.ts';

// push.v1.PusherService/Push of Pyroscope (api/push/v1/push.proto), as Alloy, profilecli and pyroscope-io for Python speak it:
// Connect unary, protobuf or JSON.
//   PushRequest{1 series[]}  RawProfileSeries{1 labels[], 2 samples[]}  LabelPair{1 name, 2 value}
//   RawSample{1 raw_profile, 2 ID}

const SERIES_MAX = 10_000;
/** Senders put what a few minutes brought into one request; a profile of six bytes takes some kilobytes once it is read. */
const PROFILES_MAX = 1_000;
/** Samples and nodes of all profiles of one request. */
const CELLS_MAX = 8_000_000;
const LABELS_MAX = 1_000;

interface PushedSeries {
  readonly labels: Labels;
  readonly profiles: readonly Uint8Array[];
}

/** @throws Fault('invalid-input') when the message, or any of its profiles, is broken */
export function readPush({ body, contentType, receivedAt }: ProfileUpload): ReadProfiles {
  const series = /\bjson\b/i.test(contentType) ? readJson(body) : readProto(body);
  if (series.reduce((sum, { profiles }) => sum + profiles.length, 0) > PROFILES_MAX)
    throw invalidInput(`Cannot read push: more than ${PROFILES_MAX} profiles`);
  let cells = 0;
  const reports = series.flatMap(({ labels, profiles }) =>
    profiles.map((bytes): ProfileReport => {
      const sent = withPyroscopeTypes(decodeProfile(bytes), {});
      const profile = withLock(sent, labels.get('__name__') ?? '');
      cells += profile.samples.stack.length + profile.stacks.parent.length;
      if (cells > CELLS_MAX) throw invalidInput('Cannot read push: its profiles are too large together');
      const all = new Map([...profile.labels, ...labels]);
      return reportOf({
        service: serviceOfLabels(all, labels.get('app_name') ?? ''),
        instance: instanceOfLabels(all),
        profile,
        from: undefined,
        until: undefined,
        receivedAt,
      });
    }),
  );
  return { facts: factsOfProfiles(reports), identity: body };
}

function readProto(body: Uint8Array): PushedSeries[] {
  return fieldsOf(body, 1).map((series) => ({
    labels: new Map(
      fieldsOf(series, 1, LABELS_MAX).map((pair): [string, string] => [textOf(pair, 1), textOf(pair, 2)]),
    ),
    profiles: fieldsOf(series, 2).flatMap((sample) => fieldsOf(sample, 1).slice(-1)),
  }));
}

const utf8 = new TextDecoder();
const textOf = (message: Uint8Array, field: number) => {
  const bytes = fieldsOf(message, field).at(-1);
  return bytes === undefined ? '' : utf8.decode(bytes);
};

const LENGTH_DELIMITED = 2;

/** The length-delimited fields of a message with this number; all others are passed over. */
function fieldsOf(message: Uint8Array, wanted: number, max = SERIES_MAX): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1, count = 0; count < 10; count += 1, scale *= 0x80) {
      const byte = message[at];
      if (byte === undefined) throw broken();
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw broken();
  };
  while (at < message.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === LENGTH_DELIMITED) {
      const length = varint();
      if (length > message.length - at) throw broken();
      if (Math.floor(tag / 8) === wanted) found.push(message.subarray(at, at + length));
      if (found.length > max) throw invalidInput(`Cannot read push: more than ${max} entries`);
      at += length;
    } else if (wire === 0) varint();
    else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else throw broken();
  }
  if (at > message.length) throw broken();
  return found;
}

const broken = () => invalidInput('Cannot read push: it is no PushRequest');

function readJson(body: Uint8Array): PushedSeries[] {
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw invalidInput('Cannot read push: it is not JSON', { cause });
  }
  return listIn(request, 'series').map((series) => ({
    labels: new Map(
      listIn(series, 'labels').map((pair): [string, string] => [textIn(pair, 'name'), textIn(pair, 'value')]),
    ),
    profiles: listIn(series, 'samples').map((sample) =>
      base64(textIn(sample, 'rawProfile') || textIn(sample, 'raw_profile')),
    ),
  }));
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = isObject(value) ? value[key] : undefined;
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || list.length > SERIES_MAX)
    throw invalidInput(`Cannot read push: "${key}" is no list, or too long`);
  return list;
}
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
function textIn(value: unknown, key: string): string {
  const text = isObject(value) ? value[key] : undefined;
  if (text === undefined || text === null) return '';
  if (typeof text !== 'string') throw invalidInput(`Cannot read push: "${key}" is no string`);
  return text;
}
function base64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
  } catch (cause) {
    throw invalidInput('Cannot read push: "rawProfile" is not base64', { cause });
  }
}

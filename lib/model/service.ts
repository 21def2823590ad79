declare const brand: unique symbol;

/**
 * `environment/namespace/name` with empty leading parts left out (`shop`, `production//shop`), each part with
 * `%` and `/` escaped, and the dots of a part that is `.` or `..`. Made by `serviceName` alone.
 */
export type ServiceName = string & { readonly [brand]: 'ServiceName' };

export interface ServiceParts {
  readonly environment: string;
  readonly namespace: string;
  readonly name: string;
}

/** What OpenTelemetry SDKs call a service that nobody named. */
export const UNKNOWN_SERVICE = 'unknown_service';
/** Of each part as it stands in a record's key, three of which have to fit into one. */
const MAX_PART_BYTES = 255;
/** `%` and `/` are escaped here and their `%` there again, `#` is escaped there. */
const KEY_BYTES: Readonly<Record<string, number>> = { '%': 5, '/': 5, '#': 3 };
const MOST_BYTES_PER_UNIT = 5;

const utf8 = new TextEncoder();

/**
 * Never refuses: parts over 255 bytes of UTF-8 are cut, where `%` and `/` count as 5 and `#` as 3; half a surrogate pair
 * becomes U+FFFD, an empty name `unknown_service`.
 */
export function serviceName(parts: Partial<ServiceParts>): ServiceName {
  const name = escapePart(clip(parts.name || UNKNOWN_SERVICE));
  const namespace = escapePart(clip(parts.namespace ?? ''));
  const environment = escapePart(clip(parts.environment ?? ''));
  if (environment !== '') return `${environment}/${namespace}/${name}` as ServiceName;
  if (namespace !== '') return `${namespace}/${name}` as ServiceName;
  return name as ServiceName;
}

export function serviceParts(service: ServiceName): ServiceParts {
  const parts = service.split('/').map(unescapePart);
  const name = parts.at(-1) ?? '';
  return { environment: parts.at(-3) ?? '', namespace: parts.at(-2) ?? '', name };
}

const clip = (sent: string): string => {
  const text = sent.toWellFormed();
  if (text.length * MOST_BYTES_PER_UNIT <= MAX_PART_BYTES) return text;
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    bytes += KEY_BYTES[char] ?? utf8.encode(char).length;
    if (bytes > MAX_PART_BYTES) break;
    end += char.length;
  }
  return text.slice(0, end);
};
// Every URL parser takes a segment `.` or `..` for a step in the tree, also where it is written `%2e`: such a service would
// be counted, and nobody could ask for it.
const escapePart = (text: string) =>
  text === '.' || text === '..'
    ? text.replaceAll('.', '%2E')
    : text.replaceAll('%', '%25').replaceAll('/', '%2F');
const unescapePart = (text: string) =>
  text.replaceAll('%2E', '.').replaceAll('%2F', '/').replaceAll('%25', '%');

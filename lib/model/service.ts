declare const brand: unique symbol;

/**
 * `environment/namespace/name` with empty leading parts left out (`shop`, `production//shop`), each part with
 * `%` and `/` escaped. Made by `serviceName` alone.
 */
export type ServiceName = string & { readonly [brand]: 'ServiceName' };

export interface ServiceParts {
  readonly environment: string;
  readonly namespace: string;
  readonly name: string;
}

/** What OpenTelemetry SDKs call a service that nobody named. */
export const UNKNOWN_SERVICE = 'unknown_service';
const MAX_PART_BYTES = 255;

const utf8 = new TextEncoder();
const fatalUtf8 = new TextDecoder();

/** Never refuses: parts over 255 bytes of UTF-8 are cut, an empty name becomes `unknown_service`. */
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

const clip = (text: string): string => {
  const bytes = utf8.encode(text);
  if (bytes.length <= MAX_PART_BYTES) return text;
  let end = MAX_PART_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1; // never cut inside a character
  return fatalUtf8.decode(bytes.subarray(0, end));
};
const escapePart = (text: string) => text.replaceAll('%', '%25').replaceAll('/', '%2F');
const unescapePart = (text: string) => text.replaceAll('%2F', '/').replaceAll('%25', '%');

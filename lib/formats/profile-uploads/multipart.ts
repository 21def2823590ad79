import { invalidInput } from '../../model/fault.ts';

/** One field of a form. */
export interface Part {
  readonly name: string;
  readonly filename: string;
  readonly body: Uint8Array;
}

const PARTS_MAX = 64;
const HEADER_BYTES_MAX = 8 * 1024;

/** Of a content type; undefined when it is no form. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType.trim())) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/**
 * The parts of a multipart/form-data body (RFC 7578). Synchronous, unlike Request.formData(): what was stored is read again
 * by code that has no request.
 *
 * @throws Fault('invalid-input') when the framing is broken
 */
export function readMultipart(body: Uint8Array, boundary: string): Part[] {
  const text = latin1(body);
  const mark = `--${boundary}`;
  const parts: Part[] = [];
  let at = text.indexOf(mark);
  if (at < 0) throw invalidInput('Cannot read form: its boundary does not occur in it');
  for (;;) {
    at += mark.length;
    if (text.startsWith('--', at)) return parts;
    if (!text.startsWith('\r\n', at))
      throw invalidInput('Cannot read form: a boundary is not followed by a line end');
    const head = text.indexOf('\r\n\r\n', at);
    if (head < 0 || head - at > HEADER_BYTES_MAX)
      throw invalidInput('Cannot read form: the headers of a part do not end');
    const end = text.indexOf(`\r\n${mark}`, head + 2);
    if (end < 0) throw invalidInput('Cannot read form: a part does not end');
    if (parts.length >= PARTS_MAX) throw invalidInput(`Cannot read form: more than ${PARTS_MAX} parts`);
    const headers = text.slice(at, head);
    const start = Math.min(head + 4, end);
    parts.push({
      name: parameter(headers, 'name'),
      filename: parameter(headers, 'filename'),
      body: body.subarray(start, end),
    });
    at = end + 2;
  }
}

const parameter = (headers: string, name: string): string =>
  new RegExp(`^content-disposition:.*?[;\\s]${name}="?([^";\\r\\n]*)"?`, 'im').exec(headers)?.[1] ?? '';

/** One character per byte, so that places in the text are places in the body. */
const latin1 = (body: Uint8Array): string => new TextDecoder('latin1').decode(body);

/** All parts in the order of their names, each with its length: the same for every boundary. */
export function joinedParts(parts: readonly Part[]): Uint8Array {
  const sorted = [...parts].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const utf8 = new TextEncoder();
  const chunks = sorted.flatMap(({ name, body }) => [utf8.encode(`${name}\n${body.length}\n`), body]);
  const joined = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

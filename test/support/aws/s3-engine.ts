import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, bodyOf, type Listening, listen } from './listen.ts';

// The part of S3 that the adapter uses, in memory: conditional PUT, ranges, listing, presigned PUT with checksums. It
// checks every signature from the request as it came, by code that shares nothing with the adapter's. What it says is held
// against versitygw by the same contract suites in the tier `engines`.

export const TEST_CREDENTIALS = { accessKeyId: 'tidemark', secretAccessKey: 'tidemark-secret' };
export const TEST_REGION = 'us-east-1';

export interface S3Engine extends Listening {
  readonly objects: Map<string, { readonly body: Buffer; readonly modified: Date }>;
  /** Called after every object that was stored, as S3 notifies. */
  onCreated: (key: string, size: number) => void | Promise<void>;
}

export async function startS3(): Promise<S3Engine> {
  const objects: S3Engine['objects'] = new Map();
  const state: { onCreated: S3Engine['onCreated'] } = { onCreated: () => undefined };
  const listening = await listen(async (request, response) => {
    const body = await bodyOf(request);
    const refusal = refusalOf(request, body);
    if (refusal !== undefined) return error(response, refusal[0], refusal[1]);
    const url = new URL(request.url ?? '/', 'http://s3');
    const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
    const key = decodeURIComponent(rest.join('/'));
    if (key === '') return list(objects, bucket, url.searchParams, response);
    switch (request.method) {
      case 'PUT': {
        if (request.headers['if-none-match'] === '*' && objects.has(key))
          return error(response, 412, 'PreconditionFailed');
        objects.set(key, { body, modified: now() });
        answer(response, 200, '', { etag: '"e"' });
        return void state.onCreated(key, body.length);
      }
      case 'GET':
      case 'HEAD':
        return get(objects.get(key)?.body, request, response);
      case 'DELETE':
        objects.delete(key);
        return answer(response, 204);
    }
    error(response, 405, 'MethodNotAllowed');
  });
  return Object.assign(state, { ...listening, objects });
}

/** The machine's own time, whatever Date a test may have shifted. */
const now = () => new Date(performance.timeOrigin + performance.now());

const error = (response: ServerResponse, status: number, code: string) =>
  answer(response, status, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);

function get(body: Buffer | undefined, { headers, method }: IncomingMessage, response: ServerResponse) {
  if (body === undefined) return error(response, 404, 'NoSuchKey');
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  if (range !== null && start >= body.length) return error(response, 416, 'InvalidRange');
  const part = range === null ? body : body.subarray(start, Number(range[2]) + 1);
  response.writeHead(range === null ? 200 : 206, { 'content-length': part.length });
  response.end(method === 'HEAD' ? undefined : part);
}

function list(
  objects: S3Engine['objects'],
  bucket: string,
  query: URLSearchParams,
  response: ServerResponse,
) {
  const after = query.get('start-after') ?? '';
  const most = Number(query.get('max-keys') ?? 1000);
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort((a, b) => (a < b ? -1 : 1));
  const contents = keys.slice(0, most).map((key) => {
    const { body, modified } = objects.get(key) as { body: Buffer; modified: Date };
    return `<Contents><Key>${key}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${body.length}</Size></Contents>`;
  });
  const isTruncated = keys.length > most;
  answer(
    response,
    200,
    `<ListBucketResult><Name>${bucket}</Name><IsTruncated>${isTruncated}</IsTruncated>${contents.join('')}</ListBucketResult>`,
  );
}

/** Why S3 would not take the request, if it would not. */
function refusalOf(request: IncomingMessage, body: Buffer): [number, string] | undefined {
  const url = new URL(request.url ?? '/', 'http://s3');
  const signed = signatureIn(request, url);
  if (signed === undefined || !signed.names.includes('host')) return [403, 'AccessDenied'];
  // A presigned length that is not the body's: S3 sees it in the signature.
  if (signed.names.some((name) => request.headers[name] === undefined)) return [403, 'SignatureDoesNotMatch'];
  if (expected(request, url, signed) !== signed.signature) return [403, 'SignatureDoesNotMatch'];
  const age = Date.now() - Date.parse(isoOf(signed.date));
  if (age > signed.expiresS * 1000 || age < -15 * 60_000) return [403, 'AccessDenied'];
  const sent = createHash('sha256').update(body);
  if (signed.payload !== UNSIGNED && signed.payload !== sent.copy().digest('hex'))
    return [400, 'XAmzContentSHA256Mismatch'];
  const checksum = request.headers['x-amz-checksum-sha256'];
  return checksum !== undefined && checksum !== sent.digest('base64') ? [400, 'BadDigest'] : undefined;
}

interface Signed {
  readonly names: readonly string[];
  readonly signature: string;
  readonly scope: string;
  readonly date: string;
  readonly expiresS: number;
  readonly payload: string;
}
const UNSIGNED = 'UNSIGNED-PAYLOAD';

function signatureIn({ headers }: IncomingMessage, { searchParams }: URL): Signed | undefined {
  const presigned = searchParams.get('X-Amz-Signature');
  const header = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
    headers.authorization ?? '',
  );
  if (presigned !== null) {
    return {
      names: (searchParams.get('X-Amz-SignedHeaders') ?? '').split(';'),
      signature: presigned,
      scope: (searchParams.get('X-Amz-Credential') ?? '').replace(/^[^/]+\//, ''),
      date: searchParams.get('X-Amz-Date') ?? '',
      expiresS: Number(searchParams.get('X-Amz-Expires')),
      payload: UNSIGNED,
    };
  }
  const [, scope, names, signature] = header ?? [];
  if (scope === undefined || names === undefined || signature === undefined) return undefined;
  const payload = String(headers['x-amz-content-sha256']);
  return {
    names: names.split(';'),
    signature,
    scope,
    date: String(headers['x-amz-date']),
    expiresS: 900,
    payload,
  };
}

function expected(request: IncomingMessage, url: URL, { names, scope, date, payload }: Signed): string {
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`).replaceAll('+', '%20'))
    .sort();
  const lines = names.map((name) => `${name}:${request.headers[name]}`);
  const canonical = [
    request.method,
    url.pathname,
    query.join('&'),
    ...lines,
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  let key: Buffer = Buffer.from(`AWS4${TEST_CREDENTIALS.secretAccessKey}`);
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(text).digest('hex');
}

const isoOf = (date: string) =>
  date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');

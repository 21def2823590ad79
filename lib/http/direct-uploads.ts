import type { Hono } from 'hono';
import * as z from 'zod';
import { directId, directKey } from '../jobs/direct.ts';
import { otlpEncoding, type Route } from '../jobs/recognise.ts';
import { Fault } from '../model/fault.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import type { UploadSigner, UploadToSign } from '../ports/upload-signer.ts';
import { readBody } from './body.ts';
import type { DirectUploads, OwnPuts } from './direct-context.ts';
import type { Admitted, door } from './door.ts';
import type { IngestContext } from './ingest-context.ts';
import { problem, problemOf } from './problem.ts';
import { sameText } from './session.ts';
import { base64 } from './signing.ts';

// POST /v1/uploads → a signed PUT that binds everything → the object → its event. For bodies above what a request may carry.

/** As long as what it unpacks to may be: the analyzer refuses a longer one. */
export const DIRECT_BYTES_MAX = 64 * MIB;
export const DIRECT_EXPIRES_MS = 15 * MINUTE_MS;
const DIRECT_PATH = '/v1/direct/';
/** Bodies of DIRECT_BYTES_MAX that the embedded server may hold at once. */
const PUTS_AT_ONCE = 2;

/** Doors whose bodies may come this way. */
const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/metrics': 'otlp-metrics',
  '/v1/traces': 'otlp-traces',
};

const UploadBody = z.object({
  /** Where it would have been posted. */
  path: z.enum(Object.keys(ROUTES) as [string, ...string[]]),
  contentType: z.string().min(1).max(80),
  contentEncoding: z.enum(['', 'gzip', 'deflate', 'zstd']).default(''),
  bytes: z.number().int().min(1).max(DIRECT_BYTES_MAX),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'need the SHA-256 of the body as sent, 64 hex digits'),
});

/** Adds the two routes. */
export function directUploads(
  app: Hono,
  context: IngestContext,
  enter: ReturnType<typeof door>,
  { signer, own }: DirectUploads,
): void {
  app.post(
    '/v1/uploads',
    enter({
      route: '/v1/uploads',
      scope: 'ingest',
      refuse: problem,
      enter: (admitted, c) => giveSignedPut(context, signer, admitted, c.req.raw),
    }),
  );
  if (own !== undefined) app.put(`${DIRECT_PATH}*`, ownPut(own));
}

async function giveSignedPut(
  { clock }: IngestContext,
  signer: UploadSigner,
  { caller, body, sender }: Admitted,
  request: Request,
): Promise<Response> {
  const { path, contentType, contentEncoding, bytes, sha256 } = readRequest(body);
  otlpEncoding(contentType);
  const route = ROUTES[path] as Route;
  const digest = Uint8Array.from(sha256.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
  const { project, keyId } = caller;
  const id = await directId({ project, route }, digest);
  const receivedAt = clock.now();
  const facts = { id, project, route, contentType, contentEncoding, receivedAt, keyId };
  const signed = await signer.sign({
    key: directKey({ ...facts, sender: sender.slice(0, 60) }),
    contentType,
    contentEncoding,
    bytes,
    sha256: base64(digest),
    expiresS: DIRECT_EXPIRES_MS / SECOND_MS,
  });
  const expiresAt = receivedAt + DIRECT_EXPIRES_MS;
  const url = new URL(signed.url, request.url).href;
  const answer = { id, ...signed, url, expiresAt };
  return Response.json(answer, { status: 201, headers: { 'cache-control': 'no-store' } });
}

function readRequest(body: Uint8Array): z.infer<typeof UploadBody> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot read body: it is not JSON', { cause });
  }
  const parsed = UploadBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault(
    'invalid-input',
    `Cannot sign upload: ${issue?.path.join('.') || 'body'}: ${issue?.message}`,
  );
}

/** Signs PUTs to this server, bound to all that S3 binds in a presigned one. Its URLs begin with the path. */
export function ownSigner({ secret, clock }: Omit<OwnPuts, 'store'>): UploadSigner {
  return {
    async sign(upload) {
      const expires = Math.floor(clock.now() / SECOND_MS) + upload.expiresS;
      const signature = await signatureOf(secret, {
        ...upload,
        bytes: String(upload.bytes),
        expires: String(expires),
      });
      const query = new URLSearchParams({ expires: String(expires), signature });
      return {
        method: 'PUT',
        url: `${DIRECT_PATH}${upload.key.split('/').map(encodeURIComponent).join('/')}?${query}`,
        headers: {
          'content-length': String(upload.bytes),
          'content-type': upload.contentType,
          ...(upload.contentEncoding === '' ? {} : { 'content-encoding': upload.contentEncoding }),
          'if-none-match': '*',
          'x-amz-checksum-sha256': upload.sha256,
        },
      };
    },
  };
}

type Bound = Pick<UploadToSign, 'key' | 'contentType' | 'contentEncoding' | 'sha256'> & {
  readonly bytes: string;
  readonly expires: string;
};

async function signatureOf(secret: Uint8Array<ArrayBuffer>, bound: Bound): Promise<string> {
  const { key, contentType, contentEncoding, bytes, sha256, expires } = bound;
  const text = ['tidemark direct upload', key, expires, contentType, contentEncoding, bytes, sha256].join(
    '\n',
  );
  const hmac = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  return base64(new Uint8Array(await crypto.subtle.sign('HMAC', hmac, new TextEncoder().encode(text))));
}

/** Answers as S3 does: 403 for whatever the signature does not bind, 400 for other bytes, 412 for a second PUT. */
function ownPut(own: OwnPuts) {
  let atOnce = 0;
  return async ({ req }: { req: { raw: Request } }): Promise<Response> => {
    if (atOnce >= PUTS_AT_ONCE) {
      return problem(new Fault('unavailable', 'Cannot take upload: too many large ones are in work'));
    }
    atOnce += 1;
    try {
      return await takePut(own, req.raw);
    } catch (error) {
      return problem(error);
    } finally {
      atOnce -= 1;
    }
  };
}

async function takePut(own: OwnPuts, request: Request): Promise<Response> {
  const { key, bytes, sha256 } = await checkedPut(own, request);
  const body = await readBody(request, Number(bytes));
  if (body.length !== Number(bytes)) throw notSigned('the body has another length');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  if (base64(digest) !== sha256)
    throw new Fault('invalid-input', 'Cannot take upload: its SHA-256 is not that of x-amz-checksum-sha256');
  const outcome = await own.store(key, body);
  if (outcome === 'stored') return new Response(null, { status: 200 });
  return problemOf(412, 'Cannot take upload: this URL was used before');
}

const notSigned = (why: string) => new Fault('forbidden', `Cannot take upload: ${why}`);

async function checkedPut(own: OwnPuts, request: Request): Promise<Bound> {
  const { pathname, searchParams } = new URL(request.url);
  const header = (name: string) => request.headers.get(name) ?? '';
  const bound: Bound = {
    key: decodedKey(pathname.slice(DIRECT_PATH.length)),
    contentType: header('content-type'),
    contentEncoding: header('content-encoding'),
    bytes: header('content-length'),
    sha256: header('x-amz-checksum-sha256'),
    expires: searchParams.get('expires') ?? '',
  };
  if (header('if-none-match') !== '*') throw notSigned('the header If-None-Match is missing');
  const expected = await signatureOf(own.secret, bound);
  if (!sameText(expected, searchParams.get('signature') ?? ''))
    throw notSigned('the signature does not fit the URL and its headers');
  if (!(Number(bound.expires) * SECOND_MS > own.clock.now())) throw notSigned('the URL has expired');
  return bound;
}

function decodedKey(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

import type { Hono } from 'hono';
import type { AuthContext } from '../../lib/http/auth.ts';
import { ingestApp } from '../../lib/http/ingest-app.ts';
import type { IngestContext } from '../../lib/http/ingest-context.ts';
import { DEFAULT_LIMITS } from '../../lib/http/limits.ts';
import { base64, SIGNATURE_HEADERS, sign, signedContent, uploadSecret } from '../../lib/http/signing.ts';
import { type ApiKey, createKey, type Scope } from '../../lib/records/api-keys.ts';
import type { Product } from '../support/product.ts';

export const AT = Date.UTC(2026, 10, 14, 12, 1);

/** Path and query as a test wrote them, which the signatures of in-process requests are checked against. */
export const targetOf = (request: Request) => request.url.slice(request.url.indexOf('/', 'http://'.length));

export const authOf = ({ local, clock }: Product, open = false): AuthContext => ({
  records: local.context.records,
  clock,
  masterSecret: local.masterSecret,
  open: () => open,
  target: targetOf,
});

/** The ingest app alone, with parts of its world replaced. */
export function doorApp(product: Product, changes: Partial<IngestContext> = {}): Hono {
  const { local, clock } = product;
  return ingestApp({
    auth: authOf(product, true),
    sink: local.sink,
    records: local.context.records,
    clock,
    rejections: local.context.rejections,
    limits: DEFAULT_LIMITS,
    recogniseProfiles: local.recogniseProfiles,
    zstd: local.zstd,
    brotli: local.brotli,
    gzip: local.gzip,
    ready: async () => void (await local.context.uploads.depth()),
    ...changes,
  });
}

export interface TestKey {
  readonly key: ApiKey;
  readonly token: string;
  secret(version?: number): Promise<Uint8Array<ArrayBuffer>>;
}

let made = 0;
export async function makeKey(
  { local, clock }: Product,
  scopes: readonly Scope[] = ['ingest', 'read'],
  project = 'default',
  publicKey?: string,
  origins?: readonly string[],
): Promise<TestKey> {
  made += 1;
  const key: ApiKey = {
    id: `k_${made}`,
    project,
    scopes,
    status: 'active',
    createdAt: clock.now(),
    note: '',
    publicKey: publicKey ?? String(made).padStart(32, '0'),
    secretVersions: [1],
    ...(origins !== undefined && { origins }),
  };
  const token = `tm_${String(made).padStart(32, 'x')}`;
  await createKey(local.context.records, key, token);
  return { key, token, secret: (version = 1) => uploadSecret(local.masterSecret, key.id, version) };
}

export interface ToSign {
  readonly keyId: string;
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly id: string;
  readonly at: number;
  readonly target: string;
  readonly method?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

export const bytesOf = (body: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  typeof body === 'string' ? new TextEncoder().encode(body) : body;

/** Headers of a signed request. */
export async function signedHeaders(request: ToSign): Promise<Record<string, string>> {
  const { keyId, secrets, id, at, target, method = 'POST', contentType = 'application/json' } = request;
  const { contentEncoding = '', body } = request;
  const timestamp = String(Math.floor(at / 1000));
  const parts = { id, timestamp, method, target, body: bytesOf(body), contentType, contentEncoding };
  const content = await signedContent(parts);
  const signatures = await Promise.all(secrets.map((secret) => sign(secret, content)));
  return {
    'content-type': contentType,
    ...(contentEncoding === '' ? {} : { 'content-encoding': contentEncoding }),
    [SIGNATURE_HEADERS.key]: keyId,
    [SIGNATURE_HEADERS.id]: id,
    [SIGNATURE_HEADERS.timestamp]: timestamp,
    [SIGNATURE_HEADERS.signature]: signatures.join(' '),
  };
}

export const basic = (name: string, password: string) =>
  `Basic ${base64(new TextEncoder().encode(`${name}:${password}`))}`;

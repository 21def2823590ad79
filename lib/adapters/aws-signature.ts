import { createHash, createHmac } from 'node:crypto';

// AWS Signature Version 4, header and query form:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface RequestToSign {
  readonly method: string;
  /** With the path as it will be sent. S3 encodes its keys once, and only paths of S3 have more than a slash here. */
  readonly url: URL;
  /** Lower-case names. Every one of them is signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SigningScope {
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly now: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED = 'UNSIGNED-PAYLOAD';

/** The headers to send: those given, with host, date, digest and signature. The body is bound by its SHA-256. */
export function signedHeaders(request: RequestToSign, scope: SigningScope): Record<string, string> {
  const { sessionToken } = scope.credentials;
  const payload = sha256Hex(request.body);
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.url.host,
    'x-amz-date': stamp(scope.now),
    ...(scope.service === 's3' ? { 'x-amz-content-sha256': payload } : {}),
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signature = signatureOf({ ...request, headers }, names, payload, scope);
  const credential = `${scope.credentials.accessKeyId}/${credentialScope(scope)}`;
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/**
 * A URL that lets whoever holds it send this one request for `expiresS` seconds. All of `headers` are signed, so the
 * sender has to send them as they are; the body is bound only by what they say of it.
 */
export function presignedUrl(
  request: Omit<RequestToSign, 'body'>,
  expiresS: number,
  scope: SigningScope,
): string {
  const { accessKeyId, sessionToken } = scope.credentials;
  const headers = { ...request.headers, host: request.url.host };
  const names = Object.keys(headers).sort();
  const url = new URL(request.url);
  const parameters = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${accessKeyId}/${credentialScope(scope)}`,
    'X-Amz-Date': stamp(scope.now),
    'X-Amz-Expires': String(expiresS),
    'X-Amz-SignedHeaders': names.join(';'),
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  url.searchParams.set('X-Amz-Signature', signatureOf({ ...request, url, headers }, names, UNSIGNED, scope));
  return url.href;
}

function signatureOf(
  { method, url, headers }: Omit<RequestToSign, 'body'>,
  names: readonly string[],
  payload: string,
  scope: SigningScope,
): string {
  const canonical = [
    method,
    url.pathname,
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const text = [ALGORITHM, stamp(scope.now), credentialScope(scope), sha256Hex(canonical)].join('\n');
  return hmac(signingKey(scope), text).toString('hex');
}

const canonicalQuery = (query: URLSearchParams) =>
  [...query]
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .sort()
    .join('&');

/** What AWS calls UriEncode: everything but A-Z a-z 0-9 - _ . ~ */
export const encodeRfc3986 = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const stamp = (now: Date) => now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
const credentialScope = ({ now, region, service }: SigningScope) =>
  `${stamp(now).slice(0, 8)}/${region}/${service}/aws4_request`;

const signingKey = ({ credentials, now, region, service }: SigningScope) =>
  [stamp(now).slice(0, 8), region, service, 'aws4_request'].reduce<Uint8Array>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );

const hmac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest();
export const sha256Hex = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

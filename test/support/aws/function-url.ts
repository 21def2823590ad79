// The events of Lambda function URLs, payload format 2.0:
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads

interface UrlAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Types whose bodies AWS hands over as text; all others come in base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml)\b)/;

export async function toUrlEvent(request: Request): Promise<object> {
  const url = new URL(request.url);
  const headers: Record<string, string> = {};
  request.headers.forEach((value, name) => {
    headers[name] = value;
  });
  headers.host = url.host;
  headers['x-forwarded-proto'] = 'https';
  headers['x-forwarded-for'] = '198.51.100.7';
  const body = Buffer.from(await request.arrayBuffer());
  if (body.length > 0) headers['content-length'] = String(body.length);
  const isText = TEXT.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  const { cookie, ...others } = headers;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers: others,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'tidemark',
      domainName: url.host,
      domainPrefix: 'tidemark',
      http: {
        method: request.method,
        path: url.pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '198.51.100.7',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: 'test',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

export function toResponse(answer: unknown): Response {
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = answer as UrlAnswer;
  const all = new Headers(headers);
  for (const cookie of cookies) all.append('set-cookie', cookie);
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const hasBody = statusCode !== 204 && statusCode !== 304;
  return new Response(hasBody ? bytes : null, { status: statusCode, headers: all });
}

import { type IncomingMessage, request as send } from 'node:http';
import { answer, bodyOf, type Listening, listen } from './listen.ts';

/** One request to a store, as a right would name it. */
export interface Seen {
  readonly service: 's3' | 'dynamodb' | 'sqs';
  /** 's3:PutObject', 'dynamodb:Query', 'sqs:SendMessage'. */
  readonly action: string;
  /** Key of an object ('' for its bucket), name of a table, name of a queue. */
  readonly resource: string;
  /** Whose credentials signed it. */
  readonly by: string;
  /** What the store answered, once it has. */
  status?: number;
}

/**
 * What goes wrong: an answer instead of the store's, given before it hears of the request; or 'lost', when the store did what
 * was asked and nobody hears of it.
 */
export type Trouble = 'lost' | { readonly status: number; readonly code: string } | undefined;

export interface StoreProxy extends Listening {
  readonly seen: Seen[];
  trouble: (seen: Seen) => Trouble;
}

/** Stands in front of a store: tells who asks it for what, and troubles the traffic where a test wants it. */
export async function startProxy(service: Seen['service'], target: string): Promise<StoreProxy> {
  const seen: Seen[] = [];
  const state = { seen, trouble: (): Trouble => undefined };
  const listening = await listen(async (request, response) => {
    const body = await bodyOf(request);
    const one = describe(service, request, body);
    seen.push(one);
    const trouble = (state as Pick<StoreProxy, 'trouble'>).trouble(one);
    if (typeof trouble === 'object') return answer(response, trouble.status, errorOf(service, trouble.code));
    const { hostname, port } = new URL(target);
    const { method, url: path, headers } = request;
    // The host that was signed goes along: stores look at the header, not at where they listen.
    const forwarded = send({ hostname, port, method, path, headers }, (back) => {
      one.status = back.statusCode ?? 0;
      if (trouble === 'lost') {
        back.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    forwarded.end(body);
  });
  return Object.assign(state, listening);
}

function describe(service: Seen['service'], request: IncomingMessage, body: Buffer): Seen {
  const { searchParams, pathname } = new URL(request.url ?? '/', 'http://store');
  const credential = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1];
  const by = credential ?? searchParams.get('X-Amz-Credential')?.split('/')[0] ?? '';
  if (service === 's3') {
    const [, , ...rest] = pathname.split('/');
    const resource = decodeURIComponent(rest.join('/'));
    return {
      service,
      by,
      resource,
      action: `s3:${resource === '' ? 'ListBucket' : S3[request.method ?? '']}`,
    };
  }
  const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
  const { TableName, QueueUrl } = JSON.parse(body.toString()) as { TableName?: string; QueueUrl?: string };
  // A right on one message is one on ten of them.
  const action = `${service}:${operation.replace(/Batch$/, '')}`;
  return { service, by, action, resource: TableName ?? QueueUrl?.split('/').at(-1) ?? '' };
}

const S3: Readonly<Record<string, string>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'GetObject',
  DELETE: 'DeleteObject',
};

const errorOf = (service: Seen['service'], code: string) =>
  service === 's3'
    ? `<Error><Code>${code}</Code></Error>`
    : JSON.stringify({ __type: `com.amazonaws#${code}`, message: code });

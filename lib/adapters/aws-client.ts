import { Fault } from '../model/fault.ts';
import type { CredentialSource } from './aws-credentials.ts';
import { signedHeaders } from './aws-signature.ts';

export interface AwsClientOptions {
  /** As signatures name it: 's3', 'dynamodb', 'sqs', 'ssm'. */
  readonly service: string;
  readonly region: string;
  /** Default: AWS's own of that region. */
  readonly endpoint?: string | undefined;
  readonly credentials: CredentialSource;
  /** Told of every request that was sent, tries included: what is paid for. */
  readonly onRequest?: ((operation: string) => void) | undefined;
}

export interface AwsRequest {
  /** What is counted: 'PutObject'. */
  readonly operation: string;
  readonly method: string;
  /** Encoded, beginning with '/'. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** 2 when the first try had no usable answer: then it may have happened all the same. */
  readonly attempts: number;
}

export interface AwsClient {
  /**
   * Sends until there is an answer that another try would not change, at most ATTEMPTS_MAX times. Refusals are answers.
   * @throws Fault('unavailable') when the last try had no answer either, or the service is throttling still
   */
  request(request: AwsRequest): Promise<AwsResponse>;
  readonly endpoint: string;
}

const ATTEMPTS_MAX = 4;
const BACKOFF_MS = 50;
const BACKOFF_MAX_MS = 2000;
const TIMEOUT_MS = 30_000;

export function awsClient(options: AwsClientOptions): AwsClient {
  const endpoint = (options.endpoint || defaultEndpoint(options)).replace(/\/+$/, '');
  const sendOnce = async (request: AwsRequest): Promise<Omit<AwsResponse, 'attempts'>> => {
    const { operation, method, path, query = {}, headers = {}, body, signal, timeoutMs } = request;
    const url = new URL(`${endpoint}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { host: _, ...signed } = signedHeaders(
      { method, url, headers, body: body ?? new Uint8Array() },
      { ...options, credentials: await options.credentials(), now: new Date() },
    );
    options.onRequest?.(operation);
    const deadline = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
    const response = await fetch(url, {
      method,
      headers: signed,
      body: (body as Uint8Array<ArrayBuffer> | undefined) ?? null,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    return {
      status: response.status,
      headers: response.headers,
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
  return {
    endpoint,
    async request(request) {
      for (let attempts = 1; ; attempts += 1) {
        const outcome = await sendOnce(request).catch((error: unknown) => {
          if (error instanceof Fault || request.signal?.aborted) throw error;
          return error;
        });
        const answer = isAnswer(outcome) ? outcome : undefined;
        if (answer !== undefined && !isTransient(answer)) return { ...answer, attempts };
        if (attempts === ATTEMPTS_MAX) throw unavailable(options.service, request.operation, outcome);
        await pause(attempts);
      }
    },
  };
}

function defaultEndpoint({ service, region }: AwsClientOptions): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${service}.${region}.${suffix}`;
}

const isAnswer = (outcome: unknown): outcome is Omit<AwsResponse, 'attempts'> =>
  typeof outcome === 'object' && outcome !== null && 'status' in outcome && 'body' in outcome;

/** Services that say "slow down" with a 400 and a name in the body. */
const THROTTLED =
  /(ProvisionedThroughputExceeded|ThrottlingException|RequestLimitExceeded|RequestThrottled|TooManyRequests|SlowDown|LimitExceededException)/;

function isTransient({ status, body }: Omit<AwsResponse, 'attempts'>): boolean {
  if (status >= 500 || status === 429) return true;
  return status === 400 && THROTTLED.test(errorCode(body));
}

/** The error's name in the two forms that AWS has: `{"__type":"…#Name"}` and `<Error><Code>Name</Code>`. */
export function errorCode(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 2000));
  const xml = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1];
  return xml ?? /"__type"\s*:\s*"(?:[^"]{0,200}#)?([^"#]{1,100})"/.exec(text)?.[1] ?? '';
}

function unavailable(service: string, operation: string, outcome: unknown): Fault {
  const why = isAnswer(outcome)
    ? `it answered ${outcome.status} ${errorCode(outcome.body)}`.trim()
    : `no answer (${reasonOf(outcome)})`;
  return new Fault('unavailable', `Cannot ${operation} at ${service}: ${why}, ${ATTEMPTS_MAX} times`, {
    cause: outcome,
  });
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return cause?.code ?? name ?? 'unknown';
}

/** "Full jitter", so that clients that were refused at once do not come again at once. */
const pause = (attempt: number) =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** attempt)),
  );

/** A call of the services that speak JSON: DynamoDB, SQS, SSM. `target` is what `x-amz-target` says. */
export async function jsonCall<T>(
  client: AwsClient,
  target: string,
  input: object,
  options: {
    readonly version?: '1.0' | '1.1';
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number;
  } = {},
): Promise<JsonAnswer<T>> {
  const { version = '1.0', ...rest } = options;
  const { status, body, attempts } = await client.request({
    operation: target.slice(target.indexOf('.') + 1),
    method: 'POST',
    path: '/',
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
    body: new TextEncoder().encode(JSON.stringify(input)),
    ...rest,
  });
  if (status === 200) return { ok: true, value: parse(body) as T, attempts };
  const fields = parse(body) as { message?: string; Message?: string };
  return {
    ok: false,
    code: errorCode(body),
    message: fields.message ?? fields.Message ?? '',
    status,
    attempts,
  };
}

export type JsonAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly status: number;
      readonly attempts: number;
    };

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return {};
  }
}

/** A refusal that no other try, body or key would mend: rights, names of tables and queues. Jobs wait until it is. */
export const refused = (service: string, operation: string, code: string, message: string) =>
  new Fault(
    'unavailable',
    `Cannot ${operation} at ${service}: ${code || 'refused'}${message ? `: ${message}` : ''}`,
  );

import { Fault, type FaultCode } from '../model/fault.ts';

/** One table from what went wrong to how HTTP says so; a new code does not compile until it has a status here. */
export const STATUS_OF = {
  'invalid-input': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  unsupported: 415,
  overloaded: 429,
  unavailable: 503,
} as const satisfies Record<FaultCode, number>;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Key needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported type',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

/** Seconds until the next try. OpenTelemetry's JS exporter drops what it is asked to hold for longer than its 10 s. */
export const RETRY_AFTER_S = 2;

/** RFC 9457. The text of a bug never leaves the service. */
export function problem(error: unknown): Response {
  const fault = error instanceof Fault ? error : undefined;
  const status = fault ? STATUS_OF[fault.code] : 500;
  return problemOf(status, fault?.message, fault?.code);
}

export function problemOf(status: number, detail?: string, code?: string): Response {
  const body = {
    type: code === undefined ? 'about:blank' : `/problems/${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
  };
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (status === 429 || status === 503) headers.set('retry-after', String(RETRY_AFTER_S));
  return new Response(JSON.stringify(body), { status, headers });
}

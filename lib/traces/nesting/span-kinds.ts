/** Ops of calls that leave the process and start nothing of their own. `db` stands for `db.redis`, `db.sql.query`, … */
const LEAF_OPS = [
  'db',
  'cache',
  'http.client',
  'queue.publish',
  'queue.submit',
  'grpc.client',
  'rpc',
  'file',
  'socket',
];

/** Origin of the span that sentry-python puts around each asyncio task: it exists only where tasks have own scopes. */
export const TASK_ORIGIN = 'auto.function.asyncio';
/** The Sentry SDK's own upload, traced by the HTTP integration after the request has ended. */
export const UPLOAD_THREAD = 'sentry-sdk.BackgroundWorker';

export const isLeafOp = (op: string): boolean =>
  LEAF_OPS.some((leaf) => isWithinOp(op, leaf)) && !op.endsWith('.server');

/** `db.redis` is within `db`; `dbx` is not. */
export const isWithinOp = (op: string, outer: string): boolean =>
  op.startsWith(outer) && (op.length === outer.length || op[outer.length] === '.');

/**
 * Parts of a response that are sent after the handler's span has ended, for good reasons: ASGI middleware, streaming.
 * OpenTelemetry's ASGI instrumentation calls them `GET /x http send`, Sentry's `middleware.starlette.send`.
 */
const SEND = /(?:^|[ .])(?:http |websocket )?(?:send|receive)$/;
export const isStreamedPart = (op: string, description: string): boolean =>
  SEND.test(op) || / (?:http|websocket) (?:send|receive)$/.test(description);
export const isMiddleware = (op: string): boolean => isWithinOp(op, 'middleware');

const LITERALS = /'[^']{0,200}'|"[^"]{0,200}"/g;
const HEX = /\b[0-9a-f]{8,}\b/gi;
const NUMBERS = /\d+/g;
const LONGEST_DESCRIPTION = 300;

/** What two calls of one line of code share: literals, ids, numbers and query strings left out. */
export const sameness = (op: string, description: string): string =>
  `${op}\n${description
    .slice(0, LONGEST_DESCRIPTION)
    .replace(LITERALS, '?')
    .replace(/\?\S*/g, '?')
    .replace(HEX, '#')
    .replace(NUMBERS, '#')}`;

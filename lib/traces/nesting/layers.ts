import { isWithinOp } from './span-kinds.ts';

/** One instrumented call inside another for a good reason: a client built on a client. */
interface Layer {
  readonly outer: string;
  readonly inner: readonly string[];
  /** Both come from instrumentations of their own. */
  readonly originsDiffer?: boolean;
  /** Both come from this one. */
  readonly origin?: string;
}

/** From the sources of sentry-python's integrations; what is not here is learned from the deployment (`learned-layers.ts`). */
const LAYERS: readonly Layer[] = [
  { outer: 'cache', inner: ['db', 'http.client'] }, // redis-py with cache_prefixes: one origin for both
  { outer: 'cache', inner: ['cache'], origin: 'auto.http.django' }, // get_many calls get
  { outer: 'queue.submit', inner: ['queue.publish', 'db.redis', 'http.client'] }, // Celery
  { outer: 'queue.publish', inner: ['db.redis', 'http.client', 'grpc.client'] }, // the broker's client
  { outer: 'db', inner: ['db', 'http.client'], originsDiffer: true }, // SQLAlchemy over an instrumented driver
  { outer: 'db', inner: ['db.cursor'] },
  { outer: 'http.client', inner: ['http.client.stream'] }, // the body of boto3's answers
  { outer: 'http.client', inner: ['http.client'], originsDiffer: true }, // boto3 over the standard library
  ...['db', 'http.client', 'grpc.client', 'queue'].map((outer) => ({
    outer,
    inner: ['socket.connection', 'socket.dns'],
  })),
];

export const isKnownLayer = (
  outerOp: string,
  outerOrigin: string,
  innerOp: string,
  innerOrigin: string,
): boolean =>
  LAYERS.some(
    ({ outer, inner, originsDiffer, origin }) =>
      isWithinOp(outerOp, outer) &&
      inner.some((op) => isWithinOp(innerOp, op)) &&
      (!originsDiffer || outerOrigin !== innerOrigin) &&
      (origin === undefined || (outerOrigin === origin && innerOrigin === origin)),
  );

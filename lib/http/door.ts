import type { Context } from 'hono';
import { Fault } from '../model/fault.ts';
import { digest, hexOf } from '../model/ids.ts';
import type { Scope } from '../records/api-keys.ts';
import { firstAnswer, keepAnswer, type SignedAnswer } from '../records/signed-answers.ts';
import { type Authenticator, type Caller, DEFAULT_PROJECT } from './auth.ts';
import { kindOfBytes, readBody } from './body.ts';
import type { IngestContext } from './ingest-context.ts';
import { SENDER_CHARS } from './limits.ts';
import { base64, SIGNATURE_WINDOW_S } from './signing.ts';

/** A request that may come in: who sent it, and its body as sent. */
export interface Admitted {
  readonly caller: Caller;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly sender: string;
  /** Counts bytes that the request makes besides its body. @throws Fault('unavailable') when all requests hold too much */
  readonly hold: (bytes: number) => void;
}

/** How one protocol says no. */
export type Refusal = (error: unknown, request: Request) => Response | Promise<Response>;

export interface Entrance {
  /** What people read under "refused": the door's name. */
  readonly route: string;
  /** Undefined: any key will do. */
  readonly scope: Scope | undefined;
  /** Other carriers than those of our own chain, which it may fall back on. */
  readonly auth?: (standard: Authenticator) => Pick<Authenticator, 'identify' | 'refuseEarly'>;
  readonly refuse: Refusal;
  readonly enter: (admitted: Admitted, c: Context) => Promise<Response>;
}

/**
 * The one way in, for every protocol: authenticate, bound, then let the route do its part. What fails is answered in the
 * protocol's own form and counted; a signed request that came before gets the answer it got then.
 */
export function door(context: IngestContext, standard: Authenticator) {
  const signedInWork = new Map<string, Promise<unknown>>();
  let inFlightBytes = 0;

  return (entrance: Entrance) => {
    const auth = entrance.auth?.(standard) ?? standard;
    return async (c: Context): Promise<Response> => {
      const request = c.req.raw;
      let body: Uint8Array<ArrayBuffer> = new Uint8Array();
      let project = DEFAULT_PROJECT;
      let held = 0;
      const hold = (bytes: number) => {
        held += bytes;
        inFlightBytes += bytes;
        if (inFlightBytes > context.limits.inFlightBytes)
          throw new Fault('unavailable', 'Cannot take body: too many requests are in work');
      };
      try {
        await auth.refuseEarly(request, c.env);
        body = await readBody(request, context.limits.bodyBytes, hold);
        const caller = await auth.identify(request, c.env, body, entrance.scope);
        project = caller.project;
        const sender = senderOf(request);
        const run = () => entrance.enter({ caller, body, sender, hold }, c);
        const { signed } = caller;
        if (signed === undefined) return await run();
        const name = `${caller.keyId} ${signed.id}`;
        return await oneByOne(signedInWork, name, () => onceIfSigned(context, caller.keyId, signed, run));
      } catch (error) {
        const response = await entrance.refuse(error, request);
        note(context, { project, route: entrance.route, request, body, error, status: response.status });
        return response;
      } finally {
        inFlightBytes -= held;
      }
    };
  };
}

const senderOf = (request: Request) => (request.headers.get('user-agent') ?? '').slice(0, SENDER_CHARS);

/** Runs `work` when no other of its name runs: a copy that comes while the first is in work waits for its answer. */
async function oneByOne<T>(
  inWork: Map<string, Promise<unknown>>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  for (let other = inWork.get(name); other !== undefined; other = inWork.get(name)) await other;
  const result = work();
  inWork.set(
    name,
    result.catch(() => undefined),
  );
  try {
    return await result;
  } finally {
    inWork.delete(name);
  }
}

/** Runs a signed request once: its copies, while their signature is young enough to pass, get the first answer. */
async function onceIfSigned(
  context: IngestContext,
  keyId: string,
  signed: NonNullable<Caller['signed']>,
  run: () => Promise<Response>,
): Promise<Response> {
  const content = hexOf(await digest(signed.request));
  const before = await firstAnswer(context.records, keyId, signed.id);
  if (before !== undefined) {
    if (before.signed !== content) {
      throw new Fault('conflict', `Cannot take request: webhook-id "${signed.id}" was used for another one`);
    }
    return responseOf(before);
  }
  const response = await run();
  // Only what was decided is kept: a store that was away for a moment must not refuse the next try for ten minutes.
  if (response.status >= 500 || response.status === 429) return response;
  const answer = await answerOf(response.clone(), content);
  const expiresAt = context.clock.now() + 2 * SIGNATURE_WINDOW_S * 1000;
  await keepAnswer(context.records, keyId, signed.id, answer, expiresAt);
  return response;
}

async function answerOf(response: Response, signed: string): Promise<SignedAnswer> {
  const body = base64(new Uint8Array(await response.arrayBuffer()));
  return { status: response.status, contentType: response.headers.get('content-type'), body, signed };
}

function responseOf({ status, contentType, body }: SignedAnswer): Response {
  const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
  return new Response(bytes, {
    status,
    headers: contentType === null ? {} : { 'content-type': contentType },
  });
}

interface Failure {
  readonly project: string;
  readonly route: string;
  readonly request: Request;
  readonly body: Uint8Array;
  readonly error: unknown;
  /** What the sender was told. */
  readonly status: number;
}

/** Counts what was refused; shown at /api/v1/uploads. */
export function note(
  context: IngestContext,
  { project, route, request, body, error, status }: Failure,
): void {
  const fault = error instanceof Fault ? error : undefined;
  context.rejections.add(project, {
    reason: fault?.code ?? 'internal error',
    status,
    sender: senderOf(request),
    at: context.clock.now(),
    route,
    detail: (fault?.message ?? 'see the log').slice(0, 300),
    firstBytes: kindOfBytes(body),
    bytes: body.length,
  });
  if (fault === undefined) context.onBug?.(error, route);
}

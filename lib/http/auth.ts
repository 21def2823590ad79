import { Fault } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { type ApiKey, keyById, keyByPublicKey, keyByToken, type Scope } from '../records/api-keys.ts';
import { WEBHOOK_ID_CHARS } from './limits.ts';
import { keyOfSession, sessionIn } from './session.ts';
import {
  checkTimestamp,
  requestText,
  SIGNATURE_HEADERS,
  type SignedParts,
  signedContent,
  uploadSecret,
  verify,
} from './signing.ts';

/** Who asks, and what that allows. */
export interface Caller {
  readonly project: string;
  readonly scopes: readonly Scope[];
  readonly keyId: string;
  /** Set when the request was signed: a replay of it gets the first answer. `request` says what was asked. */
  readonly signed: { readonly id: string; readonly request: string } | undefined;
  /** Set for keys that browsers hold: whose pages may use them. */
  readonly origins?: readonly string[] | undefined;
}

export interface AuthContext {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** Secrets of signatures and sessions are derived from it. Asked for when the first of them comes: it may lie far away. */
  readonly masterSecret: MasterSecret;
  /** True when callers without any carrier may come in as OPEN_CALLER: the embedded server on loopback. */
  readonly open: (request: Request, env: unknown) => boolean;
  /** Path and query exactly as they came, before any URL parser took `\` for `/`. */
  readonly target: (request: Request, env: unknown) => string;
}

export type MasterSecret = Uint8Array<ArrayBuffer> | (() => Promise<Uint8Array<ArrayBuffer>>);
export const secretOf = async (master: MasterSecret) => (typeof master === 'function' ? master() : master);

export const DEFAULT_PROJECT = 'default';
const OPEN_CALLER: Caller = {
  project: DEFAULT_PROJECT,
  scopes: ['ingest', 'read', 'admin'],
  keyId: 'open',
  signed: undefined,
};

/** How long a looked-up key is believed: the bound within which a revocation takes hold. */
export const KEY_CACHE_MS = 30_000;
const KEY_CACHE_MAX = 10_000;

export interface Authenticator {
  /**
   * One chain; the first carrier present decides, and nothing falls through after a failed check: a signature, then
   * `Authorization: Bearer` or Basic auth's password, then `x-api-key`, then the cookie of a session. Only a cookie that does
   * not fit counts as none for an open caller.
   *
   * @param scope undefined: any key will do
   * @throws Fault('unauthorized' | 'forbidden')
   */
  identify(
    request: Request,
    env: unknown,
    body: Uint8Array<ArrayBuffer>,
    scope: Scope | undefined,
  ): Promise<Caller>;
  /** Cheap first look before a body is read: refuses what no body could make right. */
  refuseEarly(request: Request, env: unknown): Promise<void>;
  /**
   * Whose a DSN's public key is.
   *
   * @throws Fault('forbidden'): unknown, revoked or without the scope. Sentry's word for it is 403, not 401.
   */
  identifyPublicKey(publicKey: string, scope: Scope): Promise<Caller>;
}

export function authenticator(context: AuthContext): Authenticator {
  const cache = keyCache(context);
  return {
    async identify(request, env, body, scope) {
      return withScope(await callerOf(context, cache, request, env, body), scope);
    },
    async identifyPublicKey(publicKey, scope) {
      const key = await cache.byPublicKey(publicKey);
      if (key?.status !== 'active')
        throw new Fault(
          'forbidden',
          'Cannot accept sentry_key: it is not known here, or it was revoked (tidemark keys create makes a DSN)',
        );
      return withScope(callerWith(key, undefined), scope);
    },
    async refuseEarly(request, env) {
      const carrier = carrierOf(request.headers);
      if (carrier === undefined && !context.open(request, env)) throw noKey();
      if (carrier?.kind === 'token') checkKey(await cache.byToken(carrier.token));
      if (carrier?.kind === 'signature') {
        checkTimestamp(carrier.timestamp, context.clock.now());
        checkKey(await cache.byId(carrier.key));
      }
      if (carrier?.kind === 'session') await callerOfSession(context, cache, carrier.value, request, env);
    },
  };
}

function withScope(caller: Caller, scope: Scope | undefined): Caller {
  if (scope !== undefined && !caller.scopes.includes(scope) && !caller.scopes.includes('admin')) {
    throw new Fault('forbidden', `Cannot use key ${caller.keyId} here: it lacks the scope "${scope}"`);
  }
  return caller;
}

const noKey = () =>
  new Fault(
    'unauthorized',
    'Cannot accept request without a key: send "Authorization: Bearer tm_…" or "x-api-key: tm_…" (tidemark keys create)',
  );
const wrongKey = () =>
  new Fault('unauthorized', 'Cannot accept key: it is not known here, or it was revoked');

function checkKey(key: ApiKey | undefined): ApiKey {
  if (key === undefined || key.status !== 'active') throw wrongKey();
  return key;
}

type Carrier =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'session'; readonly value: string }
  | {
      readonly kind: 'signature';
      readonly key: string;
      readonly id: string;
      readonly timestamp: string;
      readonly signature: string;
    };

function carrierOf(headers: Headers): Carrier | undefined {
  const authorization = headers.get('authorization');
  if (authorization !== null) return { kind: 'token', token: tokenOf(authorization) };
  const apiKey = headers.get('x-api-key');
  if (apiKey !== null) return { kind: 'token', token: apiKey.trim() };
  const signature = headers.get(SIGNATURE_HEADERS.signature);
  if (signature !== null) {
    return {
      kind: 'signature',
      signature,
      key: headers.get(SIGNATURE_HEADERS.key) ?? '',
      id: headers.get(SIGNATURE_HEADERS.id) ?? '',
      timestamp: headers.get(SIGNATURE_HEADERS.timestamp) ?? '',
    };
  }
  const session = sessionIn(headers);
  return session === undefined ? undefined : { kind: 'session', value: session };
}

/** OTLP exporters URL-encode header values in some languages, so that "Bearer%20tm_…" arrives. */
function tokenOf(authorization: string): string {
  const text = /^bearer%20/i.test(authorization) ? authorization.replace(/%20/, ' ') : authorization;
  const [scheme = '', value = ''] = text.trim().split(/\s+/, 2);
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return '';
  try {
    return atob(value).split(':').slice(1).join(':');
  } catch {
    return '';
  }
}

async function callerOf(
  context: AuthContext,
  cache: KeyCache,
  request: Request,
  env: unknown,
  body: Uint8Array<ArrayBuffer>,
): Promise<Caller> {
  const carrier = carrierOf(request.headers);
  if (carrier === undefined) {
    if (!context.open(request, env)) throw noKey();
    return openCaller(request);
  }
  if (carrier.kind === 'token') return callerWith(checkKey(await cache.byToken(carrier.token)), undefined);
  if (carrier.kind === 'session') {
    const caller = await callerOfSession(context, cache, carrier.value, request, env);
    return caller ?? openCaller(request);
  }
  const { id, timestamp } = carrier;
  if (id === '' || id.length > WEBHOOK_ID_CHARS)
    throw new Fault('unauthorized', 'Cannot accept signature: webhook-id is missing or too long');
  checkTimestamp(timestamp, context.clock.now());
  const parts = partsOf(request, { id, timestamp, target: context.target(request, env), body });
  const content = await signedContent(parts);
  const fits = async (key: ApiKey) => {
    const master = await secretOf(context.masterSecret);
    const secrets = key.secretVersions.map((version) => uploadSecret(master, key.id, version));
    return verify(await Promise.all(secrets), content, carrier.signature);
  };
  let key = checkKey(await cache.byId(carrier.key));
  if (!(await fits(key))) {
    // A secret that was just made by a rotation must work at once; the cache may know the key from before it.
    const { secretVersions } = key;
    key = checkKey(await cache.byIdNow(carrier.key));
    if (String(key.secretVersions) === String(secretVersions) || !(await fits(key)))
      throw new Fault('unauthorized', 'Cannot accept signature: it does not fit the request');
  }
  return callerWith(key, { id, request: await requestText(parts) });
}

function openCaller(request: Request): Caller {
  if (request.method !== 'GET' && request.method !== 'HEAD') refuseForeignPage(request);
  return OPEN_CALLER;
}

/**
 * Undefined where the cookie does not fit and no key is needed: a browser shows a host's cookies to every port of it, so
 * one of another Tidemark on this machine, or of an earlier data folder, must not shut the page out of an open server. It
 * gives no more than no cookie would.
 */
async function callerOfSession(
  context: AuthContext,
  cache: KeyCache,
  value: string,
  request: Request,
  env: unknown,
): Promise<Caller | undefined> {
  try {
    const keyId = await keyOfSession(await secretOf(context.masterSecret), value, context.clock.now());
    return callerWith(checkKey(await cache.byId(keyId)), undefined);
  } catch (error) {
    if (!context.open(request, env)) throw error;
    return undefined;
  }
}

/**
 * A page of another origin that a browser shows beside ours could send forms here with nobody's consent. Browsers name
 * the origin of every such request; programs name none.
 */
export function refuseForeignPage(request: Request) {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  const foreign = site === 'cross-site' || (origin !== null && new URL(request.url).host !== hostOf(origin));
  if (foreign) throw new Fault('forbidden', 'Cannot change anything for a page of another origin');
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : '');

const callerWith = ({ project, scopes, id, origins }: ApiKey, signed: Caller['signed']): Caller => ({
  project,
  scopes,
  keyId: id,
  signed,
  origins,
});

const partsOf = (
  { method, headers }: Request,
  parts: Pick<SignedParts, 'id' | 'timestamp' | 'target' | 'body'>,
): SignedParts => ({
  ...parts,
  method,
  contentType: headers.get('content-type') ?? '',
  contentEncoding: headers.get('content-encoding') ?? '',
});

interface KeyCache {
  byToken(token: string): Promise<ApiKey | undefined>;
  byId(id: string): Promise<ApiKey | undefined>;
  byPublicKey(publicKey: string): Promise<ApiKey | undefined>;
  /** As it stands now, whatever is remembered. */
  byIdNow(id: string): Promise<ApiKey | undefined>;
}

function keyCache({ records, clock }: AuthContext): KeyCache {
  const entries = new Map<string, { readonly key: ApiKey | undefined; readonly until: number }>();
  const remembered = async (name: string, load: () => Promise<ApiKey | undefined>) => {
    const now = clock.now();
    const known = entries.get(name);
    if (known !== undefined && known.until > now) return known.key;
    const key = await load();
    // Wrong keys are not kept: whoever guesses would fill the cache, and a key just made must work at once.
    if (key === undefined) return undefined;
    if (entries.size >= KEY_CACHE_MAX) entries.clear();
    entries.set(name, { key, until: now + KEY_CACHE_MS });
    return key;
  };
  return {
    byToken: (token) =>
      /^tm_[A-Za-z0-9_-]{20,100}$/.test(token)
        ? remembered(`token ${token}`, () => keyByToken(records, token))
        : Promise.resolve(undefined),
    byId: (id) =>
      id === '' ? Promise.resolve(undefined) : remembered(`id ${id}`, () => keyById(records, id)),
    byPublicKey: (publicKey) => remembered(`public ${publicKey}`, () => keyByPublicKey(records, publicKey)),
    byIdNow(id) {
      entries.delete(`id ${id}`);
      return this.byId(id);
    },
  };
}

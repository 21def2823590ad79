import { Fault } from '../model/fault.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { ANY_ORIGIN, projectNamed } from '../records/api-keys.ts';
import type { Authenticator, Caller } from './auth.ts';

// Who sends by a Sentry DSN: http://<public key>@<host>/<project>. The key comes in a header, in the query or in the
// envelope; where it comes in several places, all have to agree.

/** Path of `/api/{project}/envelope/`, with a prefix or not; SDKs' slashes vary. */
const PATH = /^(.{0,512}?)\/+api\/+([^/]+)\/+(envelope|store)\/*$/;
const PUBLIC_KEY = /^[0-9a-f]{32}$/i;
const VERSION_MAX = 7;

export interface SentryPath {
  readonly project: string;
  readonly endpoint: 'envelope' | 'store';
}

export function sentryPath(path: string): SentryPath | undefined {
  const match = PATH.exec(path);
  return match === null ? undefined : { project: match[2]!, endpoint: match[3] as 'envelope' | 'store' };
}

/** @throws Fault('invalid-input') when the path's project is no number */
function projectNumber(path: string): number {
  const project = sentryPath(path)?.project ?? '';
  const number = /^\d{1,15}$/.test(project) ? Number(project) : 0;
  if (number === 0)
    throw new Fault('invalid-input', `Cannot read project "${project.slice(0, 40)}": need the DSN's number`);
  return number;
}

/**
 * The public keys that a request carries outside of its body.
 *
 * @throws Fault('invalid-input') for one that is no key or a protocol that is not spoken here; 'unauthorized' for a
 * header without a key and for two that differ
 */
export function carriedKey(request: Request): string | undefined {
  const keys = new Set<string>();
  for (const header of ['x-sentry-auth', 'authorization']) {
    const value = request.headers.get(header);
    if (value === null) continue;
    const key = keyOfHeader(value, header);
    if (key !== undefined) keys.add(key);
  }
  const query = new URL(request.url).searchParams;
  checkVersion(query.get('sentry_version'));
  const inQuery = query.get('sentry_key');
  if (inQuery !== null) keys.add(publicKey(inQuery));
  if (keys.size > 1)
    throw new Fault('unauthorized', 'Cannot accept keys: the request carries two that differ');
  return [...keys][0];
}

/** `Sentry sentry_key=…, sentry_version=7`, or Basic auth with the key as its user; undefined for what is not Sentry's. */
function keyOfHeader(value: string, header: string): string | undefined {
  const basic = /^basic\s+([A-Za-z0-9+/=_-]{1,200})$/i.exec(value.trim());
  if (basic !== null) {
    const user = decodeBasic(basic[1]!).split(':', 1)[0] ?? '';
    return PUBLIC_KEY.test(user) ? user.toLowerCase() : undefined;
  }
  const isSentry = /^sentry\s/i.test(value.trimStart());
  if (!isSentry && header === 'authorization') return undefined;
  const fields = new Map<string, string>();
  for (const pair of value
    .trim()
    .replace(/^sentry\s+/i, '')
    .split(/[,\s]+/)) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  checkVersion(fields.get('sentry_version') ?? null);
  const key = fields.get('sentry_key');
  if (key === undefined) throw new Fault('unauthorized', `Cannot accept ${header}: it has no sentry_key`);
  return publicKey(key);
}

function decodeBasic(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}

function publicKey(text: string): string {
  if (!PUBLIC_KEY.test(text)) throw new Fault('invalid-input', 'Cannot read sentry_key: need 32 hex digits');
  return text.toLowerCase();
}

function checkVersion(version: string | null) {
  if (version === null) return;
  const number = Number(version);
  if (!(number >= 2 && number <= VERSION_MAX))
    throw new Fault(
      'invalid-input',
      `Cannot speak sentry_version ${version.slice(0, 10)}: at most ${VERSION_MAX}`,
    );
}

/** Key and project of `http://key@host/prefix/7`. @throws Fault('invalid-input') */
function partsOfDsn(dsn: string): { key: string; project: string } {
  const bad = () => new Fault('invalid-input', 'Cannot read dsn of envelope: it is no DSN');
  if (!URL.canParse(dsn)) throw bad();
  const { username, pathname } = new URL(dsn);
  const project = pathname.replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (username === '' || project === '') throw bad();
  return { key: publicKey(username), project };
}

/** @throws Fault('invalid-input') when the envelope's dsn names another key or project than the request does */
export function checkDsn(dsn: string, request: Request): void {
  if (dsn === '') return;
  const { key, project } = partsOfDsn(dsn);
  if (Number(project) !== projectNumber(new URL(request.url).pathname))
    throw new Fault('invalid-input', 'Cannot take envelope: its dsn is of another project than the request');
  const carried = carriedKey(request);
  if (carried !== undefined && carried !== key)
    throw new Fault('invalid-input', 'Cannot take envelope: its dsn has another key than the request');
}

/**
 * Auth for Sentry's paths: a DSN's key where there is one, else our own chain.
 *
 * @param dsnOf the `dsn` inside of a body, as sent; looked at only when nothing else names a key
 */
export const sentryAuth =
  (records: RecordStore, dsnOf: (request: Request, body: Uint8Array<ArrayBuffer>) => Promise<string>) =>
  (standard: Authenticator): Pick<Authenticator, 'identify' | 'refuseEarly'> => {
    const belongs = projectCheck(records);
    const byKey = async (key: string, request: Request) => {
      const caller = await standard.identifyPublicKey(key, 'ingest');
      await belongs(caller, projectNumber(new URL(request.url).pathname));
      const origin = request.headers.get('origin');
      if (origin !== null && caller.origins !== undefined && !isListed(origin, caller))
        throw new Fault(
          'forbidden',
          `Cannot accept sentry_key from ${origin.slice(0, 100)}: it is for other origins`,
        );
      return caller;
    };
    return {
      async refuseEarly(request, env) {
        projectNumber(new URL(request.url).pathname);
        const key = carriedKey(request);
        if (key !== undefined) await byKey(key, request);
        else if (hasOwnCarrier(request)) await standard.refuseEarly(request, env);
      },
      async identify(request, env, body, scope) {
        const carried = carriedKey(request);
        if (carried !== undefined) return byKey(carried, request);
        if (hasOwnCarrier(request)) return standard.identify(request, env, body, scope);
        const dsn = await dsnOf(request, body);
        return dsn === ''
          ? standard.identify(request, env, body, scope)
          : byKey(partsOfDsn(dsn).key, request);
      },
    };
  };

const isListed = (origin: string, { origins = [] }: Caller) =>
  origins.some((one) => one === origin || one === ANY_ORIGIN);

/**
 * The origin that a browser has to be told so that its page may send, and read the answer: that of a page for which the key
 * outside of the body was made, else undefined. A preflight request has it in the query alone.
 */
export const pageOrigin =
  (standard: Authenticator) =>
  async (origin: string, request: Request): Promise<string | undefined> => {
    try {
      const key = carriedKey(request);
      if (key === undefined) return undefined;
      return isListed(origin, await standard.identifyPublicKey(key, 'ingest')) ? origin : undefined;
    } catch (error) {
      // The request itself says what is wrong.
      if (error instanceof Fault) return undefined;
      throw error;
    }
  };

const hasOwnCarrier = ({ headers }: Request) =>
  headers.has('webhook-signature') || headers.has('authorization') || headers.has('x-api-key');

/** Numbers of projects never change, so they are looked up once. */
function projectCheck(records: RecordStore) {
  const numbers = new Map<string, number>();
  return async ({ project }: Caller, asked: number) => {
    const number = numbers.get(project) ?? (await projectNamed(records, project))?.number;
    if (number !== undefined) numbers.set(project, number);
    if (number !== asked)
      throw new Fault('forbidden', `Cannot accept sentry_key: it belongs to another project than ${asked}`);
  };
}

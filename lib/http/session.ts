import { Fault } from '../model/fault.ts';
import { DAY_MS } from '../model/units.ts';
import { base64 } from './signing.ts';

// A browser's session: what a cookie holds instead of the key, so that no script can read either. `{key id}.{end}.{HMAC}`,
// so that nothing is stored; the key is looked up at every request, and a revoked one ends its sessions.

const SESSION_COOKIE = 'tidemark_session';
const SESSION_MS = 7 * DAY_MS;

export function sessionIn(headers: Headers): string | undefined {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** Set-Cookie for a key that was just shown. `isSecure`: the page came by https. */
export async function sessionCookie(
  master: Uint8Array<ArrayBuffer>,
  keyId: string,
  now: number,
  isSecure: boolean,
): Promise<string> {
  const content = `${keyId}.${now + SESSION_MS}`;
  const value = `${content}.${await tagOf(master, content)}`;
  return `${SESSION_COOKIE}=${value}; Max-Age=${SESSION_MS / 1000}; ${attributes(isSecure)}`;
}

export const endedCookie = (isSecure: boolean) => `${SESSION_COOKIE}=; Max-Age=0; ${attributes(isSecure)}`;

const attributes = (isSecure: boolean) => `Path=/api; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;

/** The key that a cookie stands for. @throws Fault('unauthorized') when it was not made here, or has ended */
export async function keyOfSession(
  master: Uint8Array<ArrayBuffer>,
  value: string,
  now: number,
): Promise<string> {
  const [keyId = '', end = '', tag = ''] = value.split('.');
  if (Number(end) > now && sameText(await tagOf(master, `${keyId}.${end}`), tag)) return keyId;
  throw new Fault('unauthorized', 'Cannot accept session: it has ended; sign in again');
}

async function tagOf(master: Uint8Array<ArrayBuffer>, content: string): Promise<string> {
  const key = await crypto.subtle.importKey('raw', master, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const text = new TextEncoder().encode(`tidemark session\n${content}`);
  const tag = base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, text)));
  return tag.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Without telling by its time how much was right. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1)
    difference |= a.charCodeAt(at) ^ b.charCodeAt(at % (b.length || 1));
  return difference === 0;
}

import type { Hono } from 'hono';
import * as z from 'zod';
import { Fault } from '../model/fault.ts';
import { type AuthContext, type Authenticator, refuseForeignPage, secretOf } from './auth.ts';
import { readBody } from './body.ts';
import { problem } from './problem.ts';
import { endedCookie, sessionCookie } from './session.ts';

const BODY_MAX_BYTES = 1000;
const SessionBody = z.object({ token: z.string().max(200) });
const NOTHING = new Uint8Array();

/** The UI's way in where a key is asked for: POST {token} makes a session, DELETE ends it, GET tells whose it is. */
export function sessionRoutes(app: Hono, path: string, auth: Authenticator, context: AuthContext): void {
  app.on(['GET', 'POST', 'DELETE'], path, async (c) => {
    const request = c.req.raw;
    const isSecure = new URL(request.url).protocol === 'https:';
    try {
      if (request.method === 'GET') {
        const { project, scopes, keyId } = await auth.identify(request, c.env, NOTHING, 'read');
        return Response.json({ project, scopes, key: keyId }, { headers: { 'cache-control': 'no-store' } });
      }
      refuseForeignPage(request);
      if (request.method === 'DELETE') return withCookie(endedCookie(isSecure));
      const { token } = readToken(await readBody(request, BODY_MAX_BYTES));
      const shown = new Request(request.url, { headers: { authorization: `Bearer ${token}` } });
      const { keyId } = await auth.identify(shown, undefined, NOTHING, 'read');
      const secret = await secretOf(context.masterSecret);
      return withCookie(await sessionCookie(secret, keyId, context.clock.now(), isSecure));
    } catch (error) {
      return problem(error);
    }
  });
}

const withCookie = (cookie: string) =>
  new Response(null, { status: 204, headers: { 'set-cookie': cookie, 'cache-control': 'no-store' } });

function readToken(body: Uint8Array): z.infer<typeof SessionBody> {
  try {
    return SessionBody.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    throw new Fault('invalid-input', 'Cannot sign in: need JSON {"token": "tm_…"}', { cause });
  }
}

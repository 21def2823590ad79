import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** Nothing but our own files runs in the page. */
const SECURITY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Serves the built UI; every path that names no file is a page of it. */
export function webFiles(root: string) {
  return async (path: string): Promise<Response> => {
    const wanted = normalize(decodePath(path)).replace(/^(\.\.(\/|\\|$))+/, '');
    const file = join(root, wanted);
    const inside = file.startsWith(root) && (await isFile(file));
    if (!inside && extname(wanted) !== '' && wanted.startsWith('/assets/'))
      return new Response('Not found\n', { status: 404 });
    const served = inside ? file : join(root, 'index.html');
    try {
      const body = new Uint8Array(await readFile(served));
      const type = TYPES[extname(served)] ?? 'application/octet-stream';
      // Names of assets carry the hash of their content; the page that names them must be asked for each time.
      const cache = wanted.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      return new Response(body, { headers: { ...SECURITY, 'content-type': type, 'cache-control': cache } });
    } catch {
      return new Response('The web UI is not built: run npm start in a clone of the project\n', {
        status: 503,
      });
    }
  };
}

const isFile = async (file: string) => {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};

const decodePath = (path: string) => {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
};

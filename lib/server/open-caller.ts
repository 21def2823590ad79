import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOCAL_NAMES = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** What proxies add when they forward for somebody else. One that adds none of them needs `--auth` behind it. */
const FORWARDED = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
];

/**
 * Whether a caller without a key may come in: only from this very machine. A proxy on it forwards for others and says
 * so; a web page that made its name resolve to 127.0.0.1 (DNS rebinding) is told by the Host that it asks for, and so
 * is a proxy that keeps the public name.
 */
export function isOpenCaller(incoming: Pick<IncomingMessage, 'socket' | 'headers'> | undefined): boolean {
  if (incoming === undefined) return false;
  const { headers, socket } = incoming;
  if (!LOOPBACK.test(socket.remoteAddress ?? '')) return false;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return LOCAL_NAMES.test(headers.host ?? '');
}

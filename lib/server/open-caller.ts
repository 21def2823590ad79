import type { IncomingMessage } from 'node:http';
import type { Config } from '../compose/config.ts';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOCAL_NAMES = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Whether a caller without a key may come in: only from this very machine. A proxy on it forwards for others and says
 * so; a web page that made its name resolve to 127.0.0.1 (DNS rebinding) is told by the Host that it asks for.
 */
export function isOpenCaller(
  incoming: Pick<IncomingMessage, 'socket' | 'headers'> | undefined,
  { publicUrl }: Pick<Config, 'publicUrl'>,
): boolean {
  if (incoming === undefined) return false;
  const { headers, socket } = incoming;
  if (!LOOPBACK.test(socket.remoteAddress ?? '')) return false;
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  const host = headers.host ?? '';
  return LOCAL_NAMES.test(host) || host === new URL(publicUrl).host;
}

import { Socket } from 'node:net';
import { join } from 'node:path';
import { readConfig } from '../../lib/compose/config.ts';
import { type Local, openLocal } from '../../lib/compose/local.ts';
import { type RunningServer, startServer } from '../../lib/server/server.ts';
import { temporaryFolder } from '../adapters/stores.ts';

export interface OwnServer {
  readonly local: Local;
  readonly server: RunningServer;
  readonly port: number;
  readonly dataDir: string;
  readonly said: readonly string[];
  close(): Promise<void>;
}

/** The production server in this process, on a free port and a folder of its own. */
export async function startOwn(
  overrides: { readonly host?: string; readonly auth?: boolean } = {},
  env: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const folder = await temporaryFolder();
  const config = readConfig(env, { dataDir: join(folder.path, 'data'), port: 0, ...overrides });
  const local = await openLocal(config);
  const said: string[] = [];
  const server = await startServer({ config, local, say: (line) => void said.push(line) });
  return {
    local,
    server,
    said,
    dataDir: config.dataDir,
    port: Number(new URL(server.url).port),
    async close() {
      await server.stop();
      await local.close();
      await folder.remove();
    },
  };
}

/**
 * Sends bytes as they are and reads until the server closes. '' when it closes without an answer.
 *
 * @param ends whether the client says that no more will come, without which an unfinished request is waited for
 */
export function raw(port: number, bytes: string | Uint8Array, { ends = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = new Socket();
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => undefined); // a reset ends it as well; what was read before counts
    socket.on('close', () => resolve(answer));
    socket.connect(port, '127.0.0.1', () => (ends ? socket.end(bytes) : socket.write(bytes)));
  });
}

export const statusIn = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

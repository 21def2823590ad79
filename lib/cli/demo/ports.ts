import { createServer } from 'node:net';

export const HOST = '127.0.0.1';
/** Where `npm start` listens: people look for the UI here. */
const USUAL_PORT = 4040;

/** The usual port if nobody has it, else a free one. */
export async function choosePort(): Promise<number> {
  return (await tryPort(USUAL_PORT)) ?? (await tryPort(0)) ?? USUAL_PORT;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(undefined));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

import { flushCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { type Config, DEFAULT_PORT, isWildcard, readConfig } from '../compose/config.ts';
import { claimStores, openStores } from '../compose/open.ts';
import { Fault } from '../model/fault.ts';
import { startServer } from '../server/server.ts';
import { EXIT, type Io } from './command.ts';

const HELP = `Usage: tidemark serve [--data DIR] [--port N] [--host H] [--auth]

Runs the server: uploads, analysis, findings, API and web UI in one process, on files and SQLite.

  --data DIR   where everything is kept (default ./.tidemark, or TIDEMARK_DATA)
  --port N     default ${DEFAULT_PORT}, or TIDEMARK_PORT
  --host H     address to listen on (default 127.0.0.1); callers from other machines need a key
  --auth       ask for a key on this machine too
  --json       announce by one JSON document on stdout
  --help       this text

SIGTERM or Ctrl-C stops it: what was accepted is on disk before it was acknowledged.
`;

/** When a server has loaded what it needs at once. */
const COMPILED_AFTER_MS = 5000;

export async function serve(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      auth: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    io.stderr(`tidemark serve: Cannot use --port ${values.port}: need a whole number from 0 to 65535\n`);
    return EXIT.usage;
  }
  const config = readConfig(process.env, {
    ...(values.data === undefined ? {} : { dataDir: values.data }),
    ...(port === undefined ? {} : { port }),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.auth === undefined ? {} : { auth: values.auth }),
  });
  return runServer(config, values.json === true, io);
}

async function runServer(config: Config, json: boolean, io: Io): Promise<number> {
  const say = (line: string) => io.stderr(`${line}\n`);
  const stop = stopSignal();
  const local = await openStores(config);
  let release = () => {};
  let server: Awaited<ReturnType<typeof startServer>>;
  try {
    release = claimStores(config);
    server = await startServer({ config, local, say, signal: stop });
  } catch (error) {
    await local.close();
    release();
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    // 4040 is Pyroscope's port as well.
    throw new Fault(
      'conflict',
      `Cannot listen on ${config.host}:${config.port}: the port is in use; choose another by --port`,
    );
  }
  if (!stop.aborted) {
    const { url } = server;
    io.stdout(
      json ? `${JSON.stringify({ url, dataDir: config.dataDir })}\n` : announcement(url, local.place, config),
    );
    // Else written when the process ends by itself: servers are killed.
    setTimeout(flushCompileCache, COMPILED_AFTER_MS).unref();
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
  }
  await server.stop();
  await local.close();
  release();
  return EXIT.done;
}

const announcement = (url: string, place: string, { auth, host, publicUrl }: Config) => {
  const isOpen = !auth && !isWildcard(host);
  return `
  Tidemark listens at ${url}

  Send telemetry   export OTEL_EXPORTER_OTLP_ENDPOINT=${isWildcard(host) ? publicUrl : url}${isOpen ? '' : '   (and a key: tidemark keys create)'}
  See it at work   npm run demo
  Data             ${place}

`;
};

/** From the first moment: a signal that comes while the server starts must end it as well, and all that it started. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

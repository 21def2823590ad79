import { type ChildProcess, spawn } from 'node:child_process';
import { randomOf } from '../../../lib/cli/demo/random.ts';
import { bareEnvironment, freePort } from '../../../test/server/child-server.ts';
import type { Kind } from './kinds.ts';
import { clientOf, visit } from './load.ts';
import type { Command } from './tools.ts';

export const EXPORT_INTERVAL_MS = 1000;
const START_MS = 60_000;
const STOP_MS = 4000;
/** Units of work by which the truth is measured, and how long whatever they hold for a while is waited for. */
const PROBES = 300;
const PROBE_PAUSE_MS = 10;
const SETTLE_MS = 4000;

export interface Program {
  readonly service: string;
  readonly port: number;
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts one service that sends its telemetry to `endpoint`, and waits until it listens. */
export async function startProgram(command: Command, service: string, endpoint: string): Promise<Program> {
  const port = await freePort();
  const child = spawn(command.file, command.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...bareEnvironment(),
      ...command.env,
      PORT: String(port),
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.02', // counts come from metrics; traces of thirty services would be load alone
    },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`${service} ${signal ?? `exited with ${code}`}: ${words}`));
  });
  await Promise.race([
    listening(child),
    ended.then((how) => Promise.reject(new Error(how))),
    pause(START_MS).then(() => Promise.reject(new Error(`${service} does not listen: ${words}`))),
  ]);
  return { service, port, ended, stop: () => stop(child, ended) };
}

const listening = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('listening')) resolve();
    });
  });

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

/**
 * The truth, asked of the service itself when all is over: bytes that stay of one unit after full collections, or that
 * come in a second by the clock.
 */
export async function measureTruth({ port }: Program, kind: Kind): Promise<number> {
  const random = randomOf(1);
  const client = clientOf(port);
  const probe = () => visit(client, kind, kind.routes[0] ?? 'GET /search', random);
  // Once around beforehand: what is allocated by the first measurement itself is no leak.
  await heldBytes(port, kind);
  for (let i = 0; i < 20; i++) probe();
  await pause(SETTLE_MS);
  const before = await heldBytes(port, kind);
  const began = Date.now();
  const count = kind.cause === 'connections' ? 60 : PROBES;
  for (let i = 0; i < count && kind.cause !== 'clock'; i++) {
    if (kind.cause === 'connections') client.open('/events');
    else probe();
    await pause(PROBE_PAUSE_MS);
  }
  await pause(SETTLE_MS);
  const grown = (await heldBytes(port, kind)) - before;
  client.closeStreams();
  return kind.cause === 'clock' ? grown / ((Date.now() - began) / 1000) : grown / count;
}

async function heldBytes(port: number, { measure }: Kind): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/__memory`, { headers: { connection: 'close' } });
  const held = (await response.json()) as Record<string, number>;
  return measure.reduce((sum, name) => sum + (held[name] ?? 0), 0);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Plan } from './plan.ts';

// How the two child processes of the demo are started: their arguments and their environment, and nothing else, so that
// a test can read what differs from production.

export const PROJECT_DIR = join(import.meta.dirname, '..', '..', '..');
export const SHOP_SERVICE = 'demo-shop';
export const SHOP_HEAP_MB = 96;
export const EXPORT_INTERVAL_MS = 1000;
export const SCAN_INTERVAL_S = 5;
/** How long a child may take to end by itself. */
const STOP_MS = 5000;

export interface Command {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The user's environment without what would configure us, the SDK or Node: the demo shows what the defaults do. */
function bareEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(TIDEMARK_|OTEL_|DEMO_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

/** The production server, on a fresh folder and a port, scanning sooner. Nothing of the plan comes near it. */
export function serverCommand(dataDir: string, port: number, env: NodeJS.ProcessEnv): Command {
  return {
    args: [join(PROJECT_DIR, 'lib', 'cli', 'main.ts'), 'serve', '--data', dataDir, '--port', String(port)],
    env: { ...bareEnvironment(env), TIDEMARK_SCAN_INTERVAL_S: String(SCAN_INTERVAL_S) },
  };
}

export interface Bug {
  readonly leak: { readonly unit: string; readonly bytesPerUnit: number; readonly onsetS: number } | null;
  readonly decoy: { readonly unit: string; readonly bytesPerUnit: number; readonly holdMs: number };
}

export function bugOf(plan: Plan, noLeak: boolean, onsetS = plan.leak.onsetS): Bug {
  const { unit, bytesPerUnit } = plan.leak;
  return { leak: noLeak ? null : { unit, bytesPerUnit, onsetS }, decoy: plan.decoy };
}

/** The shop as its users would start it: the SDK's variables, a heap limit, and a bug that nobody else knows of. */
export function shopCommand(bug: Bug, endpoint: string, env: NodeJS.ProcessEnv): Command {
  const demo = join(PROJECT_DIR, 'demo');
  return {
    args: [
      `--max-old-space-size=${SHOP_HEAP_MB}`,
      '--require',
      join(demo, 'telemetry.cjs'),
      join(demo, 'shop.cjs'),
    ],
    env: {
      ...bareEnvironment(env),
      OTEL_SERVICE_NAME: SHOP_SERVICE,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
      DEMO_SHOP_BUG: JSON.stringify(bug),
    },
  };
}

/** What the shop says about itself over its own channel, which ends at the printer. */
export interface ShopReport {
  readonly port?: number;
  readonly firstRequestAt?: number;
  readonly visits: number;
  readonly leaked: number;
  readonly majorCollections: number;
  readonly heapUsed: number;
  readonly rss: number;
}

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when the process has ended, with what to say about it. */
  readonly ended: Promise<string>;
  /** What it last wrote to stderr. */
  lastWords(): string;
}

/** In a group of its own, so that Ctrl-C reaches the demo alone, which then ends its children in order. */
export function startChild(command: Command, channel: boolean): Child {
  const child = spawn(process.execPath, command.args, {
    env: command.env,
    stdio: ['ignore', 'ignore', 'pipe', ...(channel ? (['ipc'] as const) : [])],
    detached: process.platform !== 'win32',
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000);
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exited with ${code}`));
  });
  return { process: child, ended, lastWords: () => words };
}

export async function stopChild(child: Child): Promise<void> {
  if (child.process.exitCode !== null || child.process.signalCode !== null) return;
  child.process.kill('SIGTERM');
  const timer = setTimeout(() => child.process.kill('SIGKILL'), STOP_MS);
  await child.ended;
  clearTimeout(timer);
}

/** Resolves with the port once the shop listens. */
export function shopPort(shop: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    shop.process.on('message', (report: ShopReport) => {
      if (report.port !== undefined) resolve(report.port);
    });
    void shop.ended.then((how) =>
      reject(new Error(`The shop ${how} before it listened: ${shop.lastWords()}`)),
    );
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SHIFT_VARIABLE } from '../support/shift-clock.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface ChildServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it wrote to stderr. */
  said(): string;
  /** Ends it by the signal; resolves to the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface ChildOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment without what would configure us. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TIDEMARK_|OTEL_|NODE_OPTIONS$|VITEST)/.test(name)),
  );
}

/** Children live on the day of the test that starts them. */
const shiftDays = process.env[SHIFT_VARIABLE];
export const clockArguments = () =>
  shiftDays ? ['--import', join(ROOT, 'test', 'support', 'shift-clock.ts')] : [];
export const clockEnvironment = () => (shiftDays ? { [SHIFT_VARIABLE]: shiftDays } : {});

/** `tidemark serve` as a process of its own, up to the line that says where it listens. */
export async function startChild({
  dataDir,
  port = 0,
  args = [],
  env = {},
}: ChildOptions): Promise<ChildServer> {
  const main = join(ROOT, 'lib', 'cli', 'main.ts');
  const all = [
    ...clockArguments(),
    main,
    'serve',
    '--json',
    '--data',
    dataDir,
    '--port',
    String(port),
    ...args,
  ];
  const child = spawn(process.execPath, all, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...bareEnvironment(), ...clockEnvironment(), ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  const announced = new Promise<string>((resolve) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.endsWith('\n')) resolve((JSON.parse(text) as { url: string }).url);
    });
  });
  const url = await Promise.race([
    announced,
    ended.then((code) => {
      throw new Error(`tidemark serve ended with ${code} before it listened: ${said}`);
    }),
  ]);
  return {
    url,
    process: child,
    said: () => said,
    async end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** A port that was free a moment ago, outside of the range from which the system hands out ports for `listen(0)`. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, Language } from './kinds.ts';

// Brings what the programs need, each by its own package manager into a folder beside the temporary files, where the next
// run finds it: FastAPI and the Python SDK (PyPI), the Go SDK (module proxy), express-session (npm).

const HERE = import.meta.dirname;
const PROJECT = join(HERE, '..', '..', '..');
const HEAP_MB = 320;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const toolsFolder = (): string => process.env.TIDEMARK_LIVE_TOOLS ?? join(tmpdir(), 'tidemark-live');

/** Installs what the kinds need; returns why where it cannot. */
export function prepare(folder: string, kinds: readonly Kind[]): ReadonlyMap<Language, string> {
  mkdirSync(folder, { recursive: true });
  const missing = new Map<Language, string>();
  const languages = new Set(kinds.map(({ language }) => language));
  const attempt = (language: Language, install: () => void) => {
    if (!languages.has(language)) return;
    try {
      install();
    } catch (error) {
      missing.set(language, (error as Error).message.split('\n')[0] ?? 'failed');
    }
  };
  attempt('node', () => {
    if (kinds.some(({ name }) => name === 'sessions')) installSessions(folder);
  });
  attempt('python', () => installPython(folder));
  attempt('go', () => buildGo(folder));
  return missing;
}

function installSessions(folder: string): void {
  const target = join(folder, 'node');
  if (existsSync(join(target, 'node_modules', 'express-session'))) return;
  mkdirSync(target, { recursive: true });
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', '--prefix', target, ...options, 'express-session@1.19.0']);
}

function installPython(folder: string): void {
  const target = join(folder, 'python');
  const python = join(target, 'bin', 'python');
  const requirements = join(HERE, 'python', 'requirements.txt');
  if (!existsSync(python)) run('python3', ['-m', 'venv', target]);
  const probe = spawnSync(python, ['-c', 'import fastapi, uvicorn, opentelemetry.instrumentation.fastapi']);
  if (probe.status !== 0)
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
}

const buildGo = (folder: string): string => buildModule(folder, 'go', 'shop');

/** The shop that tells of itself by three SDKs (`three-sdks/`), built; its file. @throws where Go or its modules cannot be had */
export function prepareThreeSdks(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return buildModule(folder, 'three-sdks', 'three-sdks-shop');
}

function buildModule(folder: string, module: string, binary: string): string {
  const sources = join(folder, module);
  cpSync(join(HERE, module), sources, { recursive: true });
  const built = join(folder, binary);
  execFileSync('go', ['build', '-o', built, '.'], {
    cwd: sources,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, CGO_ENABLED: '1' }, // one of the mistakes is a C library's
  });
  return built;
}

const run = (file: string, args: readonly string[]) =>
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });

/** How a program is started, as its users would: a heap limit where the runtime has one, and the SDK's own variables. */
export function commandOf(folder: string, { language, name }: Kind, variant: 'leak' | 'fixed'): Command {
  if (language === 'go') return { file: join(folder, 'shop'), args: [name, variant], env: {} };
  if (language === 'python')
    return {
      file: join(folder, 'python', 'bin', 'python'),
      args: [join(HERE, 'python', 'shop.py'), name, variant],
      env: {},
    };
  return {
    file: process.execPath,
    args: [
      `--max-old-space-size=${HEAP_MB}`,
      '--require',
      join(PROJECT, 'demo', 'telemetry.cjs'),
      '--require',
      join(HERE, 'node', 'memory-gauges.cjs'),
      join(HERE, 'node', 'shop.cjs'),
      name,
      variant,
    ],
    env: { LIVE_NODE_MODULES: join(folder, 'node', 'node_modules') },
  };
}

import { spawn } from 'node:child_process';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const WEB_DIST = join(root, 'web', 'dist');

/** Builds `web/` when a source is newer than the last build, unless stopped. No built file is committed. */
export async function buildWebIfStale(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const built = await newest(WEB_DIST);
  const sources = Math.max(
    await newest(join(root, 'web', 'src')),
    await newest(join(root, 'web', 'public')),
    await newest(join(root, 'lib', 'http')),
    await newest(join(root, 'lib', 'model')),
    ...(await Promise.all(['web/index.html', 'web/vite.config.ts', 'package-lock.json'].map(modified))),
  );
  if (built > sources) return;
  say('Building the web UI …');
  // Built aside and renamed: a build that was killed must not look like a new one, and another server of the same clone
  // must not serve half of it.
  const aside = join(root, 'out', `web-${process.pid}`);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const options = ['--outDir', aside, '--emptyOutDir', '--logLevel', 'error'];
  const args = [vite, 'build', '--config', join(root, 'web', 'vite.config.ts'), ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  signal.removeEventListener('abort', kill);
  if (code === 0) await replaceFolder(aside, WEB_DIST);
  else if (!signal.aborted) say('The web UI could not be built, see above; the API works without it');
  await rm(aside, { recursive: true, force: true });
}

/** Of two that do this at once one wins, and both are right. */
async function replaceFolder(fresh: string, place: string): Promise<void> {
  await rename(place, `${fresh}-old`).catch(() => undefined);
  await rename(fresh, place).catch(() => undefined);
  await rm(`${fresh}-old`, { recursive: true, force: true });
}

async function newest(folder: string): Promise<number> {
  let latest = 0;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile()) latest = Math.max(latest, (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  }
  return latest;
}

const modified = async (path: string) => (await stat(join(root, path)).catch(() => undefined))?.mtimeMs ?? 0;

// Runs a program of this project on Node 24, from any Node ≥ 20: installs what is missing first, then hands over.
// Plain JavaScript, because the Node that starts it may not strip types.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const NODE_MIN = 24;

const json = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
};

/** Compares both lockfiles, so that it also notices what a `git pull` changed. */
function isStale() {
  const have = json('node_modules/.package-lock.json')?.packages;
  const want = json('package-lock.json')?.packages ?? {};
  if (!have) return true;
  return Object.entries(want).some(
    ([path, entry]) => path && !entry.optional && !entry.link && have[path]?.version !== entry.version,
  );
}

function install() {
  process.stderr.write('Installing dependencies …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync(npm, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    process.stderr.write('tidemark: Could not install dependencies: `npm ci` failed, see above\n');
    process.exit(1);
  }
}

/** The Node of the npm platform package where it runs, else this one if it is new enough. */
function nodeForSources() {
  const local = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(local)) {
    const version = spawnSync(local, ['--version'], { encoding: 'utf8' }).stdout ?? '';
    if (Number(version.slice(1).split('.')[0]) >= NODE_MIN) return local;
  }
  if (Number(process.versions.node.split('.')[0]) >= NODE_MIN) return process.execPath;
  process.stderr.write(
    `tidemark: Needs Node ${NODE_MIN} or newer: none of npm's platform packages runs on ` +
      `${process.platform}-${process.arch}, and this Node is ${process.version}\n`,
  );
  process.exit(1);
}

/**
 * Where Node keeps what it has stripped of its types and compiled: later starts are faster and never load the stripper,
 * which takes 15 MB. Where nothing can be written, nothing is.
 */
const COMPILE_CACHE = join(root, 'node_modules', '.cache', 'tidemark');

/**
 * What strips types stays in memory: a process of its own does that before a server starts whose sources are new. It costs
 * the first start some seconds, and takes 30 MB off it.
 */
function compileBefore(node, args, env) {
  if (args[1] !== 'serve' || args.includes('--help') || env.NODE_COMPILE_CACHE !== COMPILE_CACHE) return;
  const stamp = join(COMPILE_CACHE, 'stamp');
  const sources = readdirSync(join(root, 'lib'), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${path} ${statSync(join(root, 'lib', path)).mtimeMs}`)
    .join('\n');
  try {
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
    spawnSync(node, [YOUNG, args[0], 'serve', '--help'], { stdio: 'ignore', env });
    mkdirSync(COMPILE_CACHE, { recursive: true });
    writeFileSync(stamp, sources);
  } catch {
    // Where nothing can be written, the server strips its sources itself.
  }
}

/** MB that young objects may take, twice: Node's 16 are filled by starting and never given back, 8 still hold 7 MB more than these. */
const YOUNG = '--max-semi-space-size=4';

export function runOnNode24(args) {
  if (isStale()) install();
  // Programs find the project by this, and keep the caller's folder for the paths that it types.
  const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env };
  const node = nodeForSources();
  compileBefore(node, args, env);
  const child = spawn(node, [YOUNG, ...args], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [program, ...rest] = process.argv.slice(2);
  runOnNode24([join(root, program), ...rest]);
}

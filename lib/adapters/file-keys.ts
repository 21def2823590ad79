import { OBJECT_KEY } from '../ports/object-store.ts';
import { type DurableFs, systemCode } from './durable-fs.ts';

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Keys below `root` that begin with `prefix` and come after `after`, in byte order. Reads only the folders that can
 * hold such keys, each when the walk reaches it: a page of a large store costs a page.
 */
export async function* walkKeys(
  fs: DurableFs,
  root: string,
  prefix: string,
  after: string,
): AsyncGenerator<string> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  // A prefix that no key has must not become a path that leads elsewhere.
  if (folder !== '' && !OBJECT_KEY.test(folder.slice(0, -1))) return;
  yield* walkFolder(fs, root, folder, prefix, after);
}

async function* walkFolder(
  fs: DurableFs,
  root: string,
  folder: string, // '' or with a '/' at its end
  prefix: string,
  after: string,
): AsyncGenerator<string> {
  const entries = await fs.readFolder(`${root}/${folder}`).catch((error: unknown) => {
    if (!GONE.has(systemCode(error))) throw error;
    return [];
  });
  const names = entries
    .filter((entry) => OBJECT_KEY.test(entry.name))
    // A folder stands for keys that go on with '/', which comes after '.', '-', ',' and '+': `a.b` < `a/x` < `aa`.
    .map((entry) => folder + (entry.folder ? `${entry.name}/` : entry.name))
    .filter((name) => name.startsWith(prefix) || prefix.startsWith(name))
    .sort(byCodeUnit);
  for (const name of names) {
    if (!name.endsWith('/')) {
      if (name > after && name.startsWith(prefix)) yield name;
    } else if (name > after || after.startsWith(name)) {
      yield* walkFolder(fs, root, name, prefix, after);
    }
  }
}

// Keys are ASCII, where code units are bytes.
const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

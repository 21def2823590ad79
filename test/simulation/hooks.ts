import { registerHooks } from 'node:module';

/** A change of the source that breaks a rule on purpose. `from` must stand in the file, once. */
export interface Mutation {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const NEXT = '?next';
/** Rooms that a deployment changes together. What they share with the world, such as `Fault`, exists once. */
const VERSIONED = /\/lib\/(compose|jobs|segments|records)\//;

/** Has everything that is imported from now on read through the mutations, and gives `?next` modules of their own. */
export function installHooks(mutations: readonly Mutation[]): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const versioned = context.parentURL?.endsWith(NEXT) && VERSIONED.test(resolved.url);
      return versioned ? { ...resolved, url: `${resolved.url}${NEXT}` } : resolved;
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const mine = mutations.filter(({ file }) => url.replace(NEXT, '').endsWith(`/${file}`));
      if (mine.length === 0) return loaded;
      return { ...loaded, source: mine.reduce(mutated, String(loaded.source)) };
    },
  });
}

function mutated(source: string, { file, from, to }: Mutation): string {
  if (source.split(from).length !== 2)
    throw new Error(`Cannot break ${file}: it does not hold once: ${from}`);
  return source.replace(from, () => to);
}

/** The module's later version. */
export const nextVersion = async <M>(module: URL): Promise<M> => (await import(`${module.href}${NEXT}`)) as M;

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Mutation } from './hooks.ts';
import { FOLDS_LATER } from './later-kind.ts';

// Parts of the analysis that are operations of their own: what commits and what merges. Their functions are wrapped as they
// are loaded, so that a call to a store can tell which of them it is made for.

const current = new AsyncLocalStorage<string>();

/** Part of `operation` that makes this call. Other jobs that commit or merge stay what they are. */
export const partOf = (operation: string): string =>
  operation === 'analyze' ? (current.getStore() ?? operation) : operation;

/** `work`, known as `part` to every call that it makes. */
export const within =
  <A extends unknown[], T>(part: string, work: (...args: A) => T) =>
  (...args: A): T =>
    current.run(part, () => work(...args));

const HERE = JSON.stringify(import.meta.url);
const marked = (file: string, name: string): Mutation => ({
  file,
  from: `export async function ${name}(`,
  to: `import { within } from ${HERE}; export const ${name} = within('${name}', marked); async function marked(`,
});

/** How the simulated code differs from the product's in the end: by those marks, a kind more, and a smaller scale. */
export const MODEL: readonly Mutation[] = [
  marked('segments/commit.ts', 'commit'),
  marked('segments/compact.ts', 'compact'),
  FOLDS_LATER,
  // Raw objects lie under 4 prefixes in place of 64: jobs that list them would mostly list what is empty.
  { file: 'jobs/raw-segment.ts', from: 'Array.from({ length: 64 }', to: 'Array.from({ length: 4 }' },
  { file: 'jobs/raw-segment.ts', from: ', 16) & 63)', to: ', 16) & 3)' },
  // And minutes of a few traces are joined in parts, as busy ones are.
  { file: 'jobs/join-parts.ts', from: 'PART_BYTES = 64 * MIB', to: 'PART_BYTES = 2000' },
  { file: 'jobs/replay-read.ts', from: 'SLICE_OBJECTS = 4096', to: 'SLICE_OBJECTS = 3' },
  // Its processes end far more often than those that a step of a replay, or a roll-up, ends.
  { file: 'jobs/roll-up.ts', from: 'TRIES_MAX = 3', to: 'TRIES_MAX = 1000' },
  { file: 'jobs/replay.ts', from: 'DEATHS_MAX = 12', to: 'DEATHS_MAX = 40' },
];

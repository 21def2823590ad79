import { type FlameModel, KINDS } from './model.ts';

/** Change of a frame against itself beyond which it gets the first, second and third step of colour. */
const STEPS = [0.05, 0.25, 0.6];
/** A change of less than this share of the whole is grey: it cannot be seen anyway. */
const FLOOR_SHARE = 0.001;

const SETS: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  app: ['--f-app', '--f-app-2', '--f-app-3'],
  library: ['--f-lib', '--f-lib-2'],
  runtime: ['--f-run'],
  collector: ['--f-gc'],
  idle: ['--f-idle'],
  other: ['--d-eq'],
};

/** Every token that a graph is painted with. */
export const TOKENS: readonly string[] = [
  ...new Set(Object.values(SETS).flat()),
  ...['up', 'dn'].flatMap((way) => [1, 2, 3].map((step) => `--d-${way}-${step}`)),
  ...['--sunk-2', '--ink', '--f-text'],
];

const tokens = new WeakMap<FlameModel, (string | undefined)[]>();

/** The token that paints a frame: what it is, with a tint by its name. Once per name of a picture. */
export function kindToken(model: FlameModel, name: number): string {
  const known = tokens.get(model) ?? [];
  if (known.length === 0) tokens.set(model, known);
  known[name] ??= tokenOf(model, name);
  return known[name];
}

function tokenOf(model: FlameModel, name: number): string {
  const set = SETS[KINDS[model.kinds[name] as number] ?? 'other'];
  let tint = 0;
  for (const char of model.names[name] as string) tint = (tint * 31 + (char.codePointAt(0) as number)) >>> 0;
  return set[tint % set.length] as string;
}

/** The token of a change: orange grew, blue shrank, grey neither. Each side is taken as a share of its whole when asked. */
export function changeToken(before: number, after: number, whole: number): string {
  const change = after - before;
  const relative = change / Math.max(before, after);
  const step = STEPS.filter((least) => Math.abs(relative) > least).length;
  if (!(step > 0) || Math.abs(change) < FLOOR_SHARE * whole) return '--d-eq';
  return `--d-${change > 0 ? 'up' : 'dn'}-${step}`;
}

import type { Kind } from '../kind.ts';
import { allocationsKind } from './allocations.ts';
import { factsKind } from './facts.ts';
import { flameKind } from './flame.ts';
import { functionsKind } from './functions.ts';
import { instanceKind } from './instance.ts';
import { latencyKind } from './latency.ts';
import { spansKind } from './spans.ts';

/** Every kind by name, in the order in which sections lie in a segment. */
export const KINDS = {
  allocations: allocationsKind,
  facts: factsKind,
  flame: flameKind,
  functions: functionsKind,
  instance: instanceKind,
  latency: latencyKind,
  spans: spansKind,
} as const;

export type KindName = keyof typeof KINDS;
export type StateOf<N extends KindName> = (typeof KINDS)[N] extends Kind<infer S> ? S : never;

/** A state for some of the kinds: what one upload, or one segment, says. */
export type Sections = { readonly [N in KindName]?: StateOf<N> };

export const KIND_NAMES = Object.keys(KINDS).sort() as KindName[];

export function mergeSections(a: Sections, b: Sections): Sections {
  const merged: { [N in KindName]?: unknown } = { ...a };
  for (const name of KIND_NAMES) {
    const mine = a[name];
    const theirs = b[name];
    const kind = KINDS[name] as Kind<unknown>;
    if (theirs !== undefined) merged[name] = mine === undefined ? theirs : kind.merge(mine, theirs);
  }
  return merged as Sections;
}

/** What a roll-up keeps: see `Kind.summarise`. */
export function summariseSections(sections: Sections, stepMs: number): Sections {
  const kept: { [N in KindName]?: unknown } = { ...sections };
  for (const name of KIND_NAMES) {
    const kind = KINDS[name] as Kind<unknown>;
    if (kept[name] !== undefined && kind.summarise) kept[name] = kind.summarise(kept[name], stepMs);
  }
  return kept as Sections;
}

import type { Mutation } from './hooks.ts';

/** Rules of the design, each left out. The simulation has to notice every one of them. */
export const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {};

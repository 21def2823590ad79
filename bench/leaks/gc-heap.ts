import { HOUR_MS, MIB, SECOND_MS } from '../../lib/model/units.ts';
import { normal, random } from '../../test/leaks/draw.ts';

/** Healthy heaps collect their old generation often or a few times; those that fill do so hardly ever. */
export const KINDS = ['leak to the cap', 'leak short of it', 'healthy', 'healthy, rare', 'fill'] as const;
export type Kind = (typeof KINDS)[number];

export interface Collection {
  /** Seconds. */
  readonly time: number;
  readonly before: number;
  readonly after: number;
  readonly capacity: number;
  readonly full: boolean;
}

export interface GcLog {
  readonly collections: readonly Collection[];
}

const DAY_S = (24 * HOUR_MS) / SECOND_MS;
/** Full collections after which a process at its cap gives up. */
const PATIENCE = 400;

/**
 * A heap of two generations: young collections leave survivors and promote a little; the old one only grows until it is collected,
 * at once (serial), by a concurrent sweep that ends some young collections later, or by mixed ones step by step.
 */
export function makeLog(kind: Kind, seed: number): GcLog {
  const uniform = random(seed * 31 + KINDS.indexOf(kind));
  const gauss = normal(uniform);
  const between = (low: number, high: number) => low + (high - low) * uniform();
  const anyOrder = (low: number, high: number) => Math.exp(between(Math.log(low), Math.log(high)));

  const collector = (['serial', 'concurrent', 'mixed'] as const)[Math.floor(3 * uniform())]!;
  const heap = anyOrder(128, 8192) * MIB;
  const young = between(0.05, 0.35) * heap;
  const old = heap - young;
  const trigger =
    { serial: 0.97, concurrent: between(0.6, 0.92), mixed: between(0.45, 0.75) }[collector] * old;
  const base = between(0.06, 0.35) * trigger;
  const duration = anyOrder(600, 8 * DAY_S);
  const collections = anyOrder(400, 6000);
  const allocated = (collections * young) / duration;
  const swing = duration > DAY_S / 2 ? between(0, 0.7) : 0;
  const phase = uniform();
  const oldCycles = {
    ...{ 'leak to the cap': anyOrder(3, 40), 'leak short of it': anyOrder(3, 40) },
    ...{ healthy: anyOrder(5, 60), 'healthy, rare': between(2.2, 5), fill: between(0.5, 1.8) },
  }[kind];
  const promoted = (oldCycles * (trigger - base)) / (collections * young);
  const survivors = between(0.01, 0.1) * young;
  const settling = between(0.002, 0.03) * duration;
  const onset = uniform() < 0.35 ? 0 : between(0.05, 0.85) * duration;
  const leaks = {
    ...{ 'leak to the cap': (old - base) / between(0.3, 0.98), healthy: 0, 'healthy, rare': 0, fill: 0 },
    'leak short of it': between(0.25, 0.75) * (trigger - base),
  }[kind];

  const rows: Collection[] = [];
  let [time, level, kept, leaked, live, sweepIn, mixedShare] = [between(0.3, 3), 0, 0, 0, 0, 0, 0];
  let atCap = 0;
  while (atCap <= PATIENCE) {
    const day = 1 + swing * Math.sin(2 * Math.PI * (time / DAY_S + phase));
    const eden = Math.max(0.01 * heap, Math.min(young, heap - level - kept));
    const took =
      (eden / (allocated * Math.max(0.05, day * Math.exp(0.25 * gauss())))) * (atCap > 0 ? 0.1 : 1);
    time += took;
    if (time > duration) break;
    const before = Math.min(heap, level + kept + eden);
    const settled = base * (1 - Math.exp(-time / settling));
    const grown = time > onset ? (leaks * took * Math.exp(0.3 * gauss())) / (duration - onset) : 0;
    leaked += grown;
    level += settled + leaked - live + eden * promoted * Math.exp(0.4 * gauss());
    live = settled + leaked;
    kept = survivors * between(0.6, 1.4);
    let full = false;
    const free = (share: number) => {
      level -= share * Math.max(0, level - live);
    };
    if (sweepIn > 0) {
      sweepIn -= 1;
      if (collector === 'mixed') free(mixedShare);
      else if (sweepIn === 0) free(between(0.82, 0.97));
    } else if (level > trigger && collector !== 'serial') {
      sweepIn = 3 + Math.floor(6 * uniform());
      mixedShare = 1 - 0.15 ** (1 / sweepIn);
    }
    if (level > 0.97 * old) {
      full = true;
      free(between(0.9, 1));
      if (live > 0.95 * old) atCap += 1;
      leaked -= Math.max(0, live - old);
      live = settled + leaked;
      level = Math.min(level, old);
    }
    rows.push({ time, before, after: level + kept, capacity: heap, full });
  }
  return { collections: rows };
}

// A seeded stand-in for the demo shop: six routes, one of them leaks, one holds ten times as much for 2 s, one
// doubles its traffic at the onset; a heap with minor promotions and a major collection every few seconds.
import type { Life } from '../../lib/model/leak.ts';
import { KIB, MIB } from '../../lib/model/units.ts';
import { normal, random } from '../../test/leaks/draw.ts';

export interface DemoRun {
  readonly times_s: number[];
  readonly oldSpace: number[];
  readonly majorGc: number[];
  readonly counts: Record<string, number[]>;
  readonly truth: { unit: string; onset_s: number; bytesPerUnit: number; noLeak?: boolean };
}

const ROUTES = ['GET /a', 'GET /b', 'GET /c', 'GET /d', 'GET /e', 'GET /f'];
const TICK_S = 0.1;
const TOTAL_RATE = 150;

export function simulateDemo(seed: number, options: { leak?: boolean; seconds?: number } = {}): DemoRun {
  const next = random(seed * 7919 + 13);
  const gauss = normal(next);
  const seconds = options.seconds ?? 120;
  const order = ROUTES.toSorted(() => next() - 0.5);
  const [leaking, decoy, doubling] = order as [string, string, string];
  const onset = 35 + 15 * next();
  const bytes = options.leak === false ? 0 : (12 + 8 * next()) * KIB;
  const decoyBytes = 10 * (bytes || 16 * KIB);
  const share = new Map(order.map((r) => [r, r === leaking ? 0.1 + 0.1 * next() : 0.16]));
  const decoyHeld: number[] = []; // finished decoys per tick
  const counts = new Map(ROUTES.map((r) => [r, 0]));
  const run: DemoRun = {
    times_s: [],
    oldSpace: [],
    majorGc: [],
    counts: Object.fromEntries(ROUTES.map((r) => [r, []])),
    truth: { unit: leaking, onset_s: onset, bytesPerUnit: bytes, noLeak: bytes === 0 },
  };
  let rates = new Map<string, number>();
  let leaked = 0;
  let garbage = 0;
  let majors = 0;
  let nextMajorGarbage = 5 * MIB;
  const ticks = Math.round(seconds / TICK_S);
  for (let tick = 0; tick < ticks; tick++) {
    const t = tick * TICK_S;
    if (tick % 150 === 0) rates = new Map(ROUTES.map((r) => [r, share.get(r)! * Math.exp(gauss())]));
    const weight = (r: string) => rates.get(r)! * (r === doubling && t >= onset ? 2 : 1);
    const sum = ROUTES.reduce((all, r) => all + weight(r), 0);
    for (const r of ROUTES) {
      const mean = (TOTAL_RATE * TICK_S * weight(r)) / sum;
      const done = Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss()));
      counts.set(r, counts.get(r)! + done);
      if (r === leaking && t >= onset) leaked += done * bytes;
      if (r === decoy) decoyHeld.push(done);
    }
    const dying = decoyHeld[tick - 20] ?? 0;
    const held = decoyHeld.slice(-20).reduce((a, b) => a + b, 0) * decoyBytes;
    garbage += dying * decoyBytes * 0.7 + 0.08 * MIB * (0.5 + next());
    const live = 11 * MIB + 6 * MIB * (1 - Math.exp(-t / 9)) + leaked + 0.8 * held;
    if (garbage > nextMajorGarbage) {
      garbage = 0.3 * MIB * next();
      majors += 1 + Math.floor(2 * next());
      nextMajorGarbage = (0.15 + 0.15 * next()) * live;
    }
    if (tick % 10 !== 9) continue;
    run.times_s.push(t);
    run.oldSpace.push(Math.round(live + garbage));
    run.majorGc.push(majors);
    for (const r of ROUTES) run.counts[r]!.push(counts.get(r)!);
  }
  return run;
}

/** A recorded or simulated run as the analysis gets it, seen up to a second. */
export function lifeOfRun(run: DemoRun, untilS = Number.POSITIVE_INFINITY): Life {
  const n = run.times_s.filter((t) => t <= untilS).length;
  const times = Float64Array.from(run.times_s.slice(0, n), (t) => t * 1000);
  return {
    instance: 'demo',
    version: '1',
    role: 'heap_used',
    startedAt: 0,
    times,
    values: Float64Array.from(run.oldSpace.slice(0, n)),
    majorCollections: times.filter((_, i) => run.majorGc[i]! > (i > 0 ? run.majorGc[i - 1]! : 0)),
    afterGc: false,
    limit: 96 * MIB,
    work: Object.entries(run.counts).map(([name, counts]) => ({
      unit: { kind: 'http', name },
      status: '',
      times,
      counts: Float64Array.from(counts.slice(0, n)),
      complete: true,
    })),
    load: undefined,
    mixedWriters: false,
    end: undefined,
  };
}

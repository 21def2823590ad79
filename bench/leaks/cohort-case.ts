// Made cohorts with known truth: pods that live for hours between deploys, autoscaling, recycled workers.
import type { Life } from '../../lib/model/leak.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { normal, random } from '../../test/leaks/draw.ts';

export interface CohortOptions {
  readonly seed: number;
  readonly lives: number;
  readonly leakMibPerHour: number;
  readonly warmUp: 'quick' | 'slow' | 'two' | 'log' | 'days' | 'none';
  /** Pods that live at the same time. */
  readonly pods?: number;
  readonly lifeMs?: number;
  readonly stepMs?: number;
  readonly noiseMib?: number;
  readonly swingMib?: number;
}

const BASE_MIB = 200;
const WARM_UP_MIB = 60;
const PERSISTENCE = 0.7;

/** Deploys follow each other; each brings `pods` lives and a version of its own. */
export function rollingCohort(options: CohortOptions): Life[] {
  const { seed, lives, pods = 10, lifeMs = 3 * HOUR_MS } = options;
  return Array.from({ length: lives }, (_, i) => {
    const birth = Math.floor(i / pods) * lifeMs;
    return madeLife({ ...options, seed: seed * 1000 + i }, `pod-${i}`, birth, lifeMs, Math.floor(i / pods));
  });
}

/** One pod stays, eight come in the morning and go in the evening, all under one daily swing. */
export function autoscaledCohort(options: CohortOptions): Life[] {
  const { seed, lives } = options;
  const next = random(seed * 31 + 5);
  const days = Math.ceil(lives / 8);
  const stays = madeLife({ ...options, seed: seed * 1000 + 999 }, 'stays', 0, days * DAY_MS, 0);
  const others = Array.from({ length: lives }, (_, i) => {
    const birth = Math.floor(i / 8) * DAY_MS + (7 + 2 * next()) * HOUR_MS;
    return madeLife({ ...options, seed: seed * 1000 + i }, `pod-${i}`, birth, (8 + 3 * next()) * HOUR_MS, 0);
  });
  return [stays, ...others];
}

function madeLife(options: CohortOptions, instance: string, birth: number, lifeMs: number, version: number) {
  const { seed, leakMibPerHour, warmUp, stepMs = 5 * MINUTE_MS, noiseMib = 8, swingMib = 0 } = options;
  const gauss = normal(random(seed));
  const times = Float64Array.from({ length: Math.floor(lifeMs / stepMs) }, (_, i) => birth + i * stepMs);
  let own = gauss();
  const values = times.map((time) => {
    own = PERSISTENCE * own + Math.sqrt(1 - PERSISTENCE ** 2) * gauss();
    const hours = (time - birth) / HOUR_MS;
    const day = swingMib * Math.sin((2 * Math.PI * time) / DAY_MS);
    return (BASE_MIB + warmth(warmUp, hours) + leakMibPerHour * hours + day + noiseMib * own) * MIB;
  });
  const life: Life = {
    instance,
    version: `1.${version}`,
    role: 'rss',
    startedAt: birth,
    times,
    values,
    majorCollections: undefined,
    afterGc: false,
    limit: undefined,
    work: [],
    load: undefined,
    mixedWriters: false,
    end: { time: birth + lifeMs, reason: 'restart' },
  };
  return life;
}

/** MiB of a process that fills its caches, `hours` after its birth. */
function warmth(kind: CohortOptions['warmUp'], hours: number): number {
  const levelling = (tau: number) => 1 - Math.exp(-hours / tau);
  if (kind === 'none') return 0;
  if (kind === 'quick') return WARM_UP_MIB * levelling(0.25);
  if (kind === 'days') return WARM_UP_MIB * levelling(12);
  if (kind === 'slow') return WARM_UP_MIB * levelling(0.75);
  if (kind === 'two') return WARM_UP_MIB * (0.6 * levelling(0.15) + 0.4 * levelling(0.75));
  return (WARM_UP_MIB / Math.log1p(60)) * Math.log1p(hours * 20);
}

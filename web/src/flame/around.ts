import type { ApiProfileType } from '../../../lib/http/flame-schemas.ts';
import { href, servicePath } from '../router.ts';
import { isoTime } from '../time.ts';

const SPAN_MS = 6 * 3_600_000;
/** What lives tells most of memory; else what was allocated, else where time went. */
const OF_MEMORY = [/^inuse_space$/, /inuse|live|heap/, /alloc/, /cpu|wall|samples/];
const OF_TIME = [/cpu|samples/, /wall/];

/** The comparison of what came before a time with what came after it; undefined when there are no profiles. */
export function diffAround(
  service: string,
  at: { readonly low: number; readonly high: number },
  now: number,
  types: readonly ApiProfileType[],
  about: 'memory' | 'time',
): string | undefined {
  const wanted = about === 'memory' ? OF_MEMORY : OF_TIME;
  const found = wanted.map((name) => types.find(({ type }) => name.test(type))).find(Boolean) ?? types[0];
  if (!found || at.high >= now) return undefined;
  return href(servicePath(service, 'flame/diff'), {
    left: `${isoTime(at.low - SPAN_MS)}..${isoTime(at.low)}`,
    right: `${isoTime(at.high)}..${isoTime(Math.min(now, at.high + SPAN_MS))}`,
    type: found.type,
  });
}

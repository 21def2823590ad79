import { href, type QueryChange, servicePath } from '../router.ts';
import { isoTime } from '../time.ts';

const HOUR_MS = 3_600_000;

/** The page of one retained trace. `at` tells the server where to look: examples lie in the time they are of. */
export const traceHref = (
  service: string,
  traceId: string,
  at: number | undefined,
  also: QueryChange = {},
): string =>
  href(`/traces/${encodeURIComponent(traceId)}`, {
    service,
    at: at === undefined ? null : isoTime(at),
    ...also,
  });

/** The hour before and after a time, for what is known to lie near it. */
export const around = (at: number): { from: number; to: number } => ({
  from: Math.floor(at - HOUR_MS),
  to: Math.ceil(at + HOUR_MS),
});

export const unitHref = (
  service: string,
  unit: { readonly kind: string; readonly name: string },
  keep: readonly string[] = ['tz'],
): string => href(servicePath(service, `t/${unit.kind}/${encodeURIComponent(unit.name)}`), {}, keep);

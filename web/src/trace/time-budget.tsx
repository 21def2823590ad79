import type { ApiComparison, ApiGaps, ApiSuspects } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { milliseconds } from '../format.ts';
import { type Budget, meanBudget, traceBudget } from './budget.ts';
import { around, traceHref } from './link.ts';
import { type TraceList, unitPath } from './types.ts';

interface Row {
  readonly label: string;
  readonly href?: string;
  readonly budget: Budget;
}

/** Where the time of a request goes: before the last release, now, and in the slowest one that is kept. */
export function TimeBudget({
  service,
  suspects,
  gaps,
  comparison,
  range,
}: {
  service: string;
  suspects: ApiSuspects;
  gaps: ApiGaps;
  comparison: ApiComparison | undefined;
  range: { readonly key: string; readonly query: (now: number) => string };
}) {
  const base = unitPath(service, suspects.unit);
  const before = comparison?.left.version ?? null;
  const now = comparison?.right.version ?? null;
  const isRelease = before !== null && now !== null && before !== now;
  const old = useVersion(base, isRelease ? before : undefined, range);
  const latest = useVersion(base, isRelease ? now : undefined, range);
  const slowest = suspects.examples
    .filter(({ why }) => why === 'slow')
    .reduce<ApiSuspects['examples'][number] | undefined>(
      (most, one) => (most && most.ms >= one.ms ? most : one),
      undefined,
    );
  const list = useApi<TraceList>(
    slowest && `/traces/${encodeURIComponent(slowest.traceId)}`,
    slowest && `?${new URLSearchParams({ service, ...texts(around(slowest.at)) })}`,
  );
  const trace = list.data?.items.find(({ spans }) => spans.some(({ spanId }) => spanId === slowest?.spanId));
  const mean = (isRelease && latest) || meanBudget(suspects, gaps);
  const rows: Row[] = [
    ...(old ? [{ label: `Before ${now}`, budget: old }] : []),
    ...(mean ? [{ label: old ? `Since ${now}` : 'On average', budget: mean }] : []),
    ...(trace && slowest
      ? [
          {
            label: 'Slowest kept',
            href: traceHref(service, slowest.traceId, slowest.at, { span: slowest.spanId }),
            budget: traceBudget(trace),
          },
        ]
      : []),
  ];
  if (rows.length === 0) return null;
  const most = Math.max(...rows.map(({ budget }) => budget.ms));
  return (
    <section id="budget">
      <div class="head">
        <h2>Where the time goes</h2>
        <span class="note">
          own time of a request{old ? ', on average' : ''}, one scale; striped: no span covers it; side by
          side is shared out
        </span>
      </div>
      <div class="budget">
        {rows.map((row) => (
          <Bar key={row.label} row={row} most={most} />
        ))}
      </div>
    </section>
  );
}

const texts = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));

/** The average of one version's requests. */
function useVersion(
  base: string,
  version: string | undefined,
  { key, query }: { readonly key: string; readonly query: (now: number) => string },
): Budget | undefined {
  const asked = (now: number) => {
    const all = new URLSearchParams(query(now));
    if (version !== undefined) all.set('version', version);
    return `?${all}`;
  };
  const named = `${key}|${version}`;
  const suspects = useApi<ApiSuspects>(version && `${base}/suspects`, named, asked).data;
  const gaps = useApi<ApiGaps>(version && `${base}/gaps`, named, asked).data;
  return suspects && gaps && meanBudget(suspects, gaps);
}

/** Below these shares of the longest bar a part has no room for its words. */
const MUTE = 0.05;
const TINY = 0.16;

function Bar({ row: { label, href, budget }, most }: { row: Row; most: number }) {
  const said = budget.parts.map(({ name, ms }) => `${name} ${milliseconds(ms)}`).join(', ');
  return (
    <>
      <span class="lab mid">{href ? <a href={href}>{label}</a> : label}</span>
      <div class="bar" role="img" aria-label={`${label}: ${milliseconds(budget.ms)}; ${said}`}>
        {budget.parts.map(({ kind, name, ms, isCode }) => {
          const share = ms / most;
          const room = share < MUTE ? ' mute' : share < TINY ? ' tiny' : '';
          return (
            <span
              key={`${kind} ${name}`}
              class={`seg-t${kind === 'gap' ? ' gapb' : ''}${room}`}
              style={{ '--v': `${(100 * share).toFixed(2)}%` }}
              title={`${name} ${milliseconds(ms)}`}
            >
              <span class={isCode ? 'mono' : ''}>{name}</span>
              <small>{milliseconds(ms)}</small>
            </span>
          );
        })}
        <span class="sum">{milliseconds(budget.ms)}</span>
      </div>
    </>
  );
}

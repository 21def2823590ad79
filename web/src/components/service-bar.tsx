import { useApi } from '../api.ts';
import { href, RANGE_KEYS, servicePath, usePlace } from '../router.ts';
import type { ServiceList } from '../types.ts';
import { serviceWords } from '../words.ts';
import { RangeControl, type Span } from './range.tsx';

const TABS = [
  ['memory', 'Memory'],
  ['flame', 'Flame graph'],
  ['transactions', 'Transactions'],
  ['health', 'Data health'],
] as const;
export type Tab = (typeof TABS)[number][0];

/** Second bar, only inside a service. Moving between tabs keeps the range. */
export function ServiceBar({
  service,
  tab,
  ranged = true,
  shown,
}: {
  service: string;
  tab: Tab;
  ranged?: boolean;
  shown?: Span | undefined;
}) {
  const { before, name } = serviceWords(service);
  const open = useApi<ServiceList>('/services').data?.items.find(
    (item) => item.service === service,
  )?.findings;
  const { path } = usePlace();
  return (
    <section class="sub" aria-label="Service and range">
      <a class="svc quiet" href={href('/')} aria-label={`${before} ${name}: all services`.trim()}>
        {before && <span>{before} /</span>}
        <b>{name}</b>
      </a>
      <nav class="tabs" aria-label="Service">
        {TABS.map(([key, word]) => (
          <a
            key={key}
            href={href(servicePath(service, key), {}, RANGE_KEYS)}
            aria-current={key === tab ? (path === servicePath(service, key) ? 'page' : 'true') : undefined}
          >
            {word}
            {key === 'memory' && open ? (
              <span class="count">
                {open}
                <span class="sr"> open {open === 1 ? 'finding' : 'findings'}</span>
              </span>
            ) : null}
          </a>
        ))}
      </nav>
      <span class="grow" />
      {ranged && <RangeControl shown={shown} />}
    </section>
  );
}

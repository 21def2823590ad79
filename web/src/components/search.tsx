import { useState } from 'preact/hooks';
import { useApi } from '../api.ts';
import { decodePart, go, href, servicePath, usePlace } from '../router.ts';
import type { FindingList, ServiceList, UnitList } from '../types.ts';
import { serviceWords } from '../words.ts';
import { Dialog } from './dialog.tsx';

const MOST = 12;
const TRACE_ID = /^[0-9a-f]{32}$/;

interface Hit {
  readonly to: string;
  readonly name: string;
  readonly what: string;
}

const PAGES: readonly Hit[] = [
  { to: '/', name: 'Services', what: 'page' },
  { to: '/findings', name: 'Findings', what: 'page' },
  { to: '/setup', name: 'Set-up', what: 'page' },
  { to: '/uploads', name: 'Uploads', what: 'page' },
  { to: '/rules', name: 'Rules', what: 'page' },
  { to: '/aliases', name: 'Aliases', what: 'page' },
  { to: '/keys', name: 'Keys', what: 'page' },
];

/** Jumps to a service, a finding, or a unit of the service that is looked at (else of the first one). */
export function Search({ close }: { close: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const { path } = usePlace();
  const services = useApi<ServiceList>('/services').data?.items ?? [];
  const findings = useApi<FindingList>('/findings').data?.items ?? [];
  const inside = decodePart(/^\/s\/([^/]+)/.exec(path)?.[1]);
  const service = inside ?? services[0]?.service;
  const units =
    useApi<UnitList>(service && `/services/${encodeURIComponent(service)}/units`).data?.items ?? [];

  const all: Hit[] = [
    ...services.map((item) => ({
      to: servicePath(item.service, 'memory'),
      name: serviceWords(item.service).name,
      what: 'service',
    })),
    ...units.map(({ unit }) => ({
      to: servicePath(service ?? '', `t/${unit.kind}/${encodeURIComponent(unit.name)}`),
      name: unit.name,
      what: `${unit.kind} in ${serviceWords(service ?? '').name}`,
    })),
    ...findings.map((finding) => ({
      to: `/findings/${finding.id}`,
      name: finding.title,
      what: finding.state === 'firing' ? 'open finding' : `${finding.state} finding`,
    })),
    ...PAGES,
  ];
  const wanted = text.trim().toLowerCase();
  if (TRACE_ID.test(wanted))
    all.push({ to: `/traces/${wanted}`, name: wanted, what: 'trace, if it is kept' });
  const hits = all.filter((hit) => hit.name.toLowerCase().includes(wanted)).slice(0, MOST);
  const chosen = Math.min(at, hits.length - 1);
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    close();
    go(href(hit.to));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt(Math.max(0, Math.min(hits.length - 1, chosen + step)));
    else if (event.key === 'Enter') open(hits[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Search" className="search" close={close}>
      <input
        class="field"
        data-first
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="hits"
        aria-activedescendant={hits[chosen] ? `hit-${chosen}` : undefined}
        aria-label="Service, unit, finding or trace id"
        placeholder="Service, route, job, finding, trace id"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id="hits" role="listbox" aria-label="Hits">
        {hits.map((hit, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter work from the field, which keeps the focus
          <div
            key={hit.to}
            id={`hit-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            onPointerMove={() => setAt(i)}
            onClick={() => open(hit)}
          >
            <span>{hit.name}</span>
            <span class="dim small">{hit.what}</span>
          </div>
        ))}
      </div>
      {hits.length === 0 && (
        <p class="note" role="status">
          Nothing is called “{text}”. Units are searched in{' '}
          {service ? serviceWords(service).name : 'one service'} only.
        </p>
      )}
    </Dialog>
  );
}

import { useState } from 'preact/hooks';
import { seconds } from '../format.ts';
import { href, usePlace } from '../router.ts';
import { serverNow, useReception } from '../status.ts';
import { hourMinute } from '../time.ts';
import { useView } from '../view.ts';
import { Logo, MenuIcon, SearchIcon, ThemeIcon } from './icons.tsx';

const STALE_MS = 120_000;

const PAGES: readonly [string, string][] = [
  ['/', 'Services'],
  ['/findings', 'Findings'],
  ['/setup', 'Set-up'],
];
const MORE: readonly [string, string][] = [
  ['/uploads', 'Uploads'],
  ['/rules', 'Rules'],
  ['/aliases', 'Aliases'],
  ['/keys', 'Keys'],
];

function toggleTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem('tidemark-theme', root.dataset.theme);
  } catch {
    // Storage is switched off: the choice lasts until the page is left.
  }
}

export function Header({ search }: { search: () => void }) {
  const { path } = usePlace();
  const current = (to: string) =>
    path === to || (to === '/findings' && path.startsWith('/findings/')) ? 'page' : undefined;
  const link = ([to, name]: readonly [string, string]) => (
    <a key={to} href={href(to)} aria-current={current(to)}>
      {name}
    </a>
  );
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={href('/')}>
          <Logo />
          Tidemark
        </a>
        <nav aria-label="Main">{PAGES.map(link)}</nav>
        <span class="grow" />
        <Freshness />
        <button type="button" class="seek" aria-label="Search services and units" onClick={search}>
          <SearchIcon />
          <span>Service, route, job</span>
          <kbd>/</kbd>
        </button>
        <button type="button" class="icon" aria-label="Light or dark" onClick={toggleTheme}>
          <ThemeIcon />
        </button>
        <Menu>{[...PAGES, ...MORE].map(link)}</Menu>
      </header>
    </>
  );
}

/** The pages that do not stand in the bar; on a phone, all of them. */
function Menu({ children }: { children: preact.ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      class="menu"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <summary class="icon" aria-label="Menu">
        <MenuIcon />
      </summary>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: closes after a link inside was followed, which Enter does as a click */}
      <nav aria-label="All pages" onClick={() => setOpen(false)}>
        {children}
      </nav>
    </details>
  );
}

/** Data's age, from the poll; the state alone is announced, not every second of it. */
function Freshness() {
  const { status, lostAt } = useReception();
  const { zone } = useView();
  if (!status && lostAt === undefined) return null;
  const last = status?.lastUploadAt ?? null;
  const age = last === null ? 0 : Math.max(0, serverNow() - last);
  const [state, long, short] =
    lostAt !== undefined
      ? (['no connection', `no answer since ${hourMinute(lostAt, zone)}`, 'offline'] as const)
      : last === null
        ? (['waiting for data', 'waiting for data', 'waiting'] as const)
        : age > STALE_MS
          ? (['no new data', `last data ${seconds(age / 1000)} ago`, seconds(age / 1000)] as const)
          : ([
              'receiving',
              `receiving · ${seconds(Math.max(1, age / 1000))} ago`,
              seconds(Math.max(1, age / 1000)),
            ] as const);
  return (
    <>
      <a class={`live${state === 'receiving' ? '' : ' stale'}`} href={href('/uploads')}>
        <span class="only-l">{long}</span>
        <span class="only-s">{short}</span>
      </a>
      <span class="sr" role="status">
        {state}
      </span>
    </>
  );
}

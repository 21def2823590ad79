import { useState } from 'preact/hooks';
import { Header } from './components/header.tsx';
import { Help } from './components/help.tsx';
import { Search } from './components/search.tsx';
import { moveRow, useKeys } from './keys.ts';
import { lazy } from './lazy.tsx';
import { NotFound } from './pages/not-found.tsx';
import { ServicesPage } from './pages/services.tsx';
import { decodePart, go, href, hrefWith, RANGE_KEYS, servicePath, undoChoice, usePlace } from './router.ts';
import { serverNow, useReception } from './status.ts';
import { isoTime, resolveTime } from './time.ts';

// The first screen is in the main chunk; the drawings come with the pages that show them.
const FindingPage = lazy(async () => (await import('./pages/finding.tsx')).FindingPage);
const MemoryPage = lazy(async () => (await import('./pages/memory.tsx')).MemoryPage);
const FlamePage = lazy(async () => (await import('./pages/flame.tsx')).FlamePage);
const FlameDiffPage = lazy(async () => (await import('./pages/flame-diff.tsx')).FlameDiffPage);
const TransactionsPage = lazy(async () => (await import('./pages/transactions.tsx')).TransactionsPage);
const TransactionPage = lazy(async () => (await import('./pages/transaction.tsx')).TransactionPage);
const TracePage = lazy(async () => (await import('./pages/trace.tsx')).TracePage);
const HealthPage = lazy(async () => (await import('./pages/health.tsx')).HealthPage);
const FindingsPage = lazy(async () => (await import('./pages/findings.tsx')).FindingsPage);
const SetupPage = lazy(async () => (await import('./pages/setup.tsx')).SetupPage);
const UploadsPage = lazy(async () => (await import('./pages/uploads.tsx')).UploadsPage);
const SignInPage = lazy(async () => (await import('./pages/sign-in.tsx')).SignInPage);
const RulesPage = lazy(async () => (await import('./pages/rules.tsx')).RulesPage);
const AliasesPage = lazy(async () => (await import('./pages/aliases.tsx')).AliasesPage);
const KeysPage = lazy(async () => (await import('./pages/keys.tsx')).KeysPage);

function Page({ path }: { path: string }) {
  const [head = '', ...rest] = path.replace(/\/$/, '').slice(1).split('/');
  const [first, second, third, fourth] = rest.map(decodePart);
  if (head === 's' && first) {
    if (second === 'memory') return <MemoryPage key={first} service={first} />;
    if (second === 'flame' && third === 'diff') return <FlameDiffPage key={first} service={first} />;
    if (second === 'flame') return <FlamePage key={first} service={first} />;
    if (second === 'transactions') return <TransactionsPage key={first} service={first} />;
    if (second === 't' && third && fourth) {
      return <TransactionPage key={path} service={first} kind={third} name={fourth} />;
    }
    if (second === 'health') return <HealthPage key={first} service={first} />;
    return <NotFound path={path} />;
  }
  if (head === 'traces' && first) return <TracePage key={first} id={first} />;
  if (head === 'findings' && first) return <FindingPage key={first} id={first} />;
  if (rest.length > 0) return <NotFound path={path} />;
  if (head === '') return <ServicesPage />;
  if (head === 'findings') return <FindingsPage />;
  if (head === 'setup') return <SetupPage />;
  if (head === 'uploads') return <UploadsPage />;
  if (head === 'rules') return <RulesPage />;
  if (head === 'aliases') return <AliasesPage />;
  if (head === 'keys') return <KeysPage />;
  return <NotFound path={path} />;
}

/** Copies the link with its times pinned, so that a colleague sees the same minutes. */
async function copyLink() {
  const { query } = { query: new URLSearchParams(location.search) };
  const from = resolveTime(query.get('from'), serverNow());
  const pinned =
    from === undefined
      ? {}
      : { from: isoTime(from), to: isoTime(resolveTime(query.get('to'), serverNow()) ?? serverNow()) };
  await navigator.clipboard?.writeText(location.origin + hrefWith(pinned));
}

export function App() {
  const { path } = usePlace();
  const { refused } = useReception();
  // A dialog belongs to the page it was opened on.
  const [overlay, setOverlay] = useState({ what: '', path });
  const over = overlay.path === path ? overlay.what : '';
  const setOver = (what: '' | 'search' | 'help') => setOverlay({ what, path });
  const tab = (page: string) => () => {
    const service = document.body.dataset.service;
    if (service) go(href(servicePath(service, page), {}, RANGE_KEYS));
  };
  useKeys({
    '/': () => setOver('search'),
    '?': () => setOver('help'),
    'g s': () => go(href('/')),
    'g f': () => go(href('/findings')),
    'g m': tab('memory'),
    'g p': tab('flame'),
    'g t': tab('transactions'),
    'g h': tab('health'),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    z: undoChoice,
    y: () => void copyLink(),
  });
  return (
    <>
      <Header search={() => setOver('search')} />
      {refused ? <SignInPage /> : <Page path={path} />}
      {over === 'search' && <Search close={() => setOver('')} />}
      {over === 'help' && <Help close={() => setOver('')} />}
    </>
  );
}

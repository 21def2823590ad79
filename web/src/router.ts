import { useEffect, useState } from 'preact/hooks';

// Every state is a link: the URL is the only store of what a page shows.

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Changes with every click into a flame graph, and draws nothing but that graph: see `useZoom`. */
const ZOOM = 'frame';

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const withoutZoom = ({ path, query }: Place): string => {
  const rest = new URLSearchParams(query);
  rest.delete(ZOOM);
  return `${path}?${rest}`;
};
let place = read();

const listeners = new Set<() => void>();
const zoomListeners = new Set<() => void>();

function moved() {
  const before = withoutZoom(place);
  place = read();
  for (const listener of zoomListeners) listener();
  if (withoutZoom(place) !== before) for (const listener of listeners) listener();
}

function useListener(to: Set<() => void>) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    to.add(listener);
    return () => void to.delete(listener);
  }, [to]);
}

/** Where we are; not drawn again when only the zoom of a flame graph changes. */
export function usePlace(): Place {
  useListener(listeners);
  return place;
}

/** Where the flame graph of the page is zoomed to. */
export function useZoom(): string | null {
  useListener(zoomListeners);
  return place.query.get(ZOOM);
}

/** Whether it was zoomed since the page was opened: what only that needs is asked for then, and once. */
export function useWasZoomed(): boolean {
  const [was, setWas] = useState(place.query.has(ZOOM));
  useEffect(() => {
    const listener = () => {
      if (place.query.has(ZOOM)) setWas(true);
    };
    zoomListeners.add(listener);
    return () => void zoomListeners.delete(listener);
  }, []);
  return was;
}

/** A committed choice pushes, so that Back undoes it; typing and hovering replace. */
export function go(href: string, how: 'push' | 'replace' = 'push') {
  const before = place.path;
  const to = new URL(href, location.href);
  if (to.href === location.href) return;
  // Marks what `z` may undo: a choice on this page, never the page itself.
  const state = how === 'push' ? { choice: to.pathname === before } : history.state;
  history[how === 'push' ? 'pushState' : 'replaceState'](state, '', href);
  moved();
  if (place.path !== before) {
    scrollTo(0, 0);
    // Screen readers and the tab key start again at the top of what is new.
    document.getElementById('main')?.focus({ preventScroll: true });
  }
}

export type QueryChange = Record<string, string | number | null | undefined>;

/** The current URL with some of its query changed; null takes a parameter away. */
export function hrefWith(change: QueryChange, at: Place = place): string {
  const query = new URLSearchParams(at.query);
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (value === null || value === '') query.delete(key);
    else query.set(key, String(value));
  }
  return at.path + asSearch(query);
}

const asSearch = (query: URLSearchParams) => {
  // Slashes, colons and commas are legal in a query and much easier to read.
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
  return text ? `?${text}` : '';
};

/** A link to another page; the zone always goes along, the range only between pages of one service. */
export function href(path: string, change: QueryChange = {}, keep: readonly string[] = ['tz']): string {
  const query = new URLSearchParams();
  for (const key of keep) {
    const value = place.query.get(key);
    if (value !== null) query.set(key, value);
  }
  return hrefWith(change, { path, query });
}

export const RANGE_KEYS = ['from', 'to', 'tz'] as const;
export const servicePath = (service: string, page: string) => `/s/${encodeURIComponent(service)}/${page}`;

export function undoChoice() {
  if ((history.state as { choice?: boolean } | null)?.choice) history.back();
}

/** Turns clicks on own links into moves; everything else stays with the browser. */
export function startRouter() {
  addEventListener('popstate', moved);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest('a') : null;
    const to = anchor?.getAttribute('href');
    if (!anchor || !to?.startsWith('/') || to.startsWith('/api/') || anchor.target !== '') return;
    event.preventDefault();
    go(to);
  });
}

/** A part of a path as it was meant; undefined where its escapes are broken, as in a URL typed by hand. */
export const decodePart = (text: string | undefined): string | undefined => {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

import { useEffect, useState } from 'preact/hooks';
import type { ApiStatus } from '../../lib/http/schemas.ts';

// One small poll for the whole page. It tells the others when there is news, and what the server's clock says: a laptop's
// clock can be minutes off, and "3 s ago" must not depend on it.

const EVERY_MS = 5000;

export interface Reception {
  readonly status: ApiStatus | undefined;
  /** Since when the server does not answer, by the server's clock. */
  readonly lostAt: number | undefined;
}

let reception: Reception = { status: undefined, lostAt: undefined };
let clockOffsetMs = 0;
const watchers = new Set<() => void>();
const newsReaders = new Set<() => void>();

export const serverNow = (): number => Date.now() + clockOffsetMs;

/** Calls `reader` when something arrived or was decided since the last look. Returns how to stop. */
export function onNews(reader: () => void): () => void {
  newsReaders.add(reader);
  return () => void newsReaders.delete(reader);
}

const mark = ({ status, lostAt }: Reception) =>
  status && lostAt === undefined
    ? [status.lastUploadAt, status.lastScanAt, status.openFindings, status.services].join()
    : '';

async function look() {
  const before = reception;
  try {
    const response = await fetch('/api/v1/status');
    if (!response.ok) throw new Error(`Status answered ${response.status}`);
    const status = (await response.json()) as ApiStatus;
    clockOffsetMs = status.now - Date.now();
    reception = { status, lostAt: undefined };
  } catch {
    // Not an error of this page: the header says since when there is no answer, and the next look may work.
    reception = { status: before.status, lostAt: before.lostAt ?? serverNow() };
  }
  for (const watcher of watchers) watcher();
  if (reception.lostAt === undefined && before.status && mark(before) !== mark(reception)) {
    for (const reader of [...newsReaders]) reader();
  }
}

export function startStatus() {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const round = async () => {
    clearTimeout(timer);
    if (document.hidden) return; // a hidden tab asks for nothing
    await look();
    clearTimeout(timer);
    timer = setTimeout(() => void round(), EVERY_MS);
  };
  document.addEventListener('visibilitychange', () => void round());
  void round();
}

export function useReception(): Reception {
  const [, redraw] = useState(0);
  useEffect(() => {
    const watcher = () => redraw((n) => n + 1);
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }, []);
  return reception;
}

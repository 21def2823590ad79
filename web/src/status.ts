import { useEffect, useState } from 'preact/hooks';
import type { ApiStatus } from '../../lib/http/schemas.ts';

// One small poll for the whole page. It tells the others when there is news, and what the server's clock says: a laptop's
// clock can be minutes off, and "3 s ago" must not depend on it.

const EVERY_MS = 5000;

export interface Reception {
  readonly status: ApiStatus | undefined;
  /** Since when the server does not answer, by the server's clock. */
  readonly lostAt: number | undefined;
  /** The server wants a key, and this browser has no session. */
  readonly refused: boolean;
}

let reception: Reception = { status: undefined, lostAt: undefined, refused: false };
let clockOffsetMs = 0;
const watchers = new Set<() => void>();
const newsReaders = new Set<() => void>();

export const serverNow = (): number => Date.now() + clockOffsetMs;

/** Calls `reader` when something arrived or was decided since the last look. Returns how to stop. */
export function onNews(reader: () => void): () => void {
  newsReaders.add(reader);
  return () => void newsReaders.delete(reader);
}

const mark = ({ status, lostAt, refused }: Reception) =>
  status && lostAt === undefined && !refused
    ? [status.lastUploadAt, status.lastScanAt, status.openFindings, status.services].join()
    : '';

async function look() {
  const before = reception;
  try {
    const response = await fetch('/api/v1/status');
    const refused = response.status === 401;
    if (refused) reception = { status: undefined, lostAt: undefined, refused };
    else if (!response.ok) throw new Error(`Status answered ${response.status}`);
    else {
      const status = (await response.json()) as ApiStatus;
      clockOffsetMs = status.now - Date.now();
      reception = { status, lostAt: undefined, refused };
    }
  } catch {
    // Not an error of this page: the header says since when there is no answer, and the next look may work.
    reception = { ...before, lostAt: before.lostAt ?? serverNow() };
  }
  for (const watcher of watchers) watcher();
  if (reception.lostAt === undefined && before.status && mark(before) !== mark(reception)) {
    for (const reader of [...newsReaders]) reader();
  }
}

let round = look;

/** Asks at once: after signing in or out. */
export const lookNow = (): Promise<void> => round();

export function startStatus() {
  let timer: ReturnType<typeof setTimeout> | undefined;
  round = async () => {
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

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { onNews, serverNow } from './status.ts';

/** What the API says when it cannot answer (RFC 9457), or what we say when it cannot be reached. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly at: number;
}

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const at = serverNow();
  const response = await fetch(`/api/v1${path}`, init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError({ status: 0, title: 'Tidemark cannot be reached', detail: undefined, at });
  });
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as { title?: unknown; detail?: unknown };
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const title = text(body.title) ?? (response.statusText || 'Unexpected answer');
  throw new ApiError({ status: response.status, title, detail: text(body.detail), at });
}

export const post = <T>(path: string, body: unknown): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

// The last answers, so that Back and links from lists draw at once and are then brought up to date.
const MAX_REMEMBERED = 40;
const remembered = new Map<string, unknown>();
export function remember(key: string, data: unknown) {
  remembered.delete(key);
  remembered.set(key, data);
  if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '');
}

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  /** True while `data` answers an earlier question (another range): drawn pale until the new one is there. */
  readonly pending: boolean;
  readonly reload: () => void;
}

interface Held {
  path: string;
  query: string;
  data: unknown;
}

/**
 * Loads `path` and keeps it fresh: again when something new arrived, never while the tab is hidden. A new path starts
 * from nothing, a new query keeps the old answer until the new one is there. `query` may hold `{now}`-relative times:
 * it is a function of the server's clock, named by `queryKey`.
 */
export function useApi<T>(
  path: string | undefined,
  queryKey = '',
  query: (now: number) => string = () => queryKey,
): Loaded<T> {
  const [held, setHeld] = useState<Held | undefined>();
  const [problem, setProblem] = useState<(Problem & { path: string }) | undefined>();
  const [again, setAgain] = useState(0);
  const queryNow = useRef(query);
  queryNow.current = query;

  // `again` is the reader's wish to try once more.
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let busy = false;
    const load = async () => {
      if (busy) return; // a slow answer is waited for, not asked for again
      busy = true;
      try {
        const data = await request<T>(path + queryNow.current(serverNow()), { signal: abort.signal });
        remember(path + queryKey, data);
        setHeld({ path, query: queryKey, data });
        setProblem(undefined);
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        // The time of the first failure in a row says since when the view is old.
        setProblem((old) => ({ ...error.problem, at: old?.path === path ? old.at : error.problem.at, path }));
      } finally {
        busy = false;
      }
    };
    void load();
    const stop = onNews(() => void load());
    return () => {
      stop();
      abort.abort();
    };
  }, [path, queryKey, again]);

  const reload = useCallback(() => setAgain((n) => n + 1), []);
  const known = path === undefined ? undefined : remembered.get(path + queryKey);
  const own = held?.path === path ? held : undefined;
  const data = (own?.query === queryKey ? own.data : (known ?? own?.data)) as T | undefined;
  const pending = own !== undefined && own.query !== queryKey && known === undefined;
  return { data, problem: problem?.path === path ? problem : undefined, pending, reload };
}

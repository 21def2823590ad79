import { setTimeout } from 'node:timers/promises';
import type { ApiFinding, ApiService } from '../../http/schemas.ts';
import { SHOP_SERVICE } from './children.ts';

const READY_MS = 30_000;
const ANSWER_MS = 5000;
const RETRY_MS = 100;

/** What anybody with a browser can read: the demo looks at the server from outside. */
export interface Api {
  ready(signal: AbortSignal): Promise<boolean>;
  leakFinding(): Promise<ApiFinding | undefined>;
  shop(): Promise<ApiService | undefined>;
}

export function apiAt(url: string): Api {
  const items = async <T>(path: string): Promise<T[]> => {
    const response = await fetch(`${url}/api/v1${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) throw new Error(`GET /api/v1${path} answered ${response.status}`);
    return ((await response.json()) as { items: T[] }).items;
  };
  return {
    async ready(signal) {
      const deadline = Date.now() + READY_MS;
      while (Date.now() < deadline && !signal.aborted) {
        const answer = await fetch(`${url}/readyz`).catch(() => undefined); // not listening yet
        if (answer?.ok) return true;
        await setTimeout(RETRY_MS);
      }
      return false;
    },
    async leakFinding() {
      const findings = await items<ApiFinding>('/findings');
      return findings.find(({ kind, service }) => kind === 'leak' && service === SHOP_SERVICE);
    },
    async shop() {
      return (await items<ApiService>('/services')).find(({ service }) => service === SHOP_SERVICE);
    },
  };
}

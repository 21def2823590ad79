import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from './product.ts';

/** What a recorded run really did, as its truth.json says. */
export interface CaptureTruth {
  readonly name?: string;
  readonly recorder: { readonly startUnixMs: number };
  readonly traceSampling?: number;
  readonly lives: readonly {
    readonly startedUnixMs: number;
    readonly endedUnixMs: number;
    readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly leak?: {
      readonly route: string;
      readonly bytesPerRequest: number;
      readonly requests: number;
    } | null;
  }[];
}

/** Node's, Go's and Java's runs have `lives`; Python's are one life each, in seconds, with "METHOD route status" as keys. */
export function captureTruth(folder: string): CaptureTruth {
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as CaptureTruth | PythonTruth;
  if ('recorder' in truth) return truth;
  const requests: Record<string, Record<string, number>> = {};
  for (const [key, count] of Object.entries(truth.requests)) {
    const [method, path, status] = key.split(' ') as [string, string, string];
    const route = `${method} ${path}`;
    requests[route] = { ...requests[route], [status]: (requests[route]?.[status] ?? 0) + count };
  }
  const ended = (truth.lastRequest ?? truth.started) * 1000;
  const leak = truth.leak && { ...truth.leak, route: `GET ${truth.leak.route}` };
  return {
    recorder: { startUnixMs: truth.started * 1000 },
    traceSampling: 1,
    lives: [{ startedUnixMs: truth.started * 1000, endedUnixMs: ended, requests, leak }],
  };
}

interface PythonTruth {
  readonly requests: Readonly<Record<string, number>>;
  readonly started: number;
  readonly lastRequest?: number;
  readonly leak: {
    readonly route: string;
    readonly bytesPerRequest: number;
    readonly requests: number;
  } | null;
}

/** Route templates of different frameworks, made equal: `/items/<int:n>`, `/items/{n}` and `/items/:n`. */
export const plainRoute = (name: string): string => name.replaceAll(/<[^>]*>|\{[^}]*\}|:\w+/g, ':');

const HOP_BY_HOP = /^(host|connection|content-length|transfer-encoding|expect)$/i;
const SCAN_EVERY_MS = 5000;

/**
 * Sends a recorded run as it was sent, with the clock of the product at the moment of each request, and scans every few
 * seconds of that clock. Returns how often each status was answered per path.
 */
export async function replay(
  product: Product,
  folder: string,
  { scan = true } = {},
): Promise<Record<string, number>> {
  const { recorder } = captureTruth(folder);
  const requests = join(folder, 'requests');
  const answers: Record<string, number> = {};
  let scannedAt = 0;
  for (const file of readdirSync(requests)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const { method, path, headers, receivedMs } = JSON.parse(readFileSync(join(requests, file), 'utf8')) as {
      method: string;
      path: string;
      headers: [string, string][];
      receivedMs: number;
    };
    product.clock.time = recorder.startUnixMs + receivedMs;
    const body = readFileSync(join(requests, file.replace(/json$/, 'body')));
    const sent = headers.filter(([name]) => !HOP_BY_HOP.test(name) && !/^authorization$/i.test(name));
    const init = { method, headers: sent, ...(body.length > 0 ? { body: new Uint8Array(body) } : {}) };
    const { status } = await product.send(path, init);
    const key = `${path.split('?')[0]} ${status}`;
    answers[key] = (answers[key] ?? 0) + 1;
    if (scan && product.clock.time - scannedAt >= SCAN_EVERY_MS) {
      await product.settle();
      await product.scan();
      scannedAt = product.clock.time;
    }
  }
  product.clock.time += 1000;
  await product.settle();
  if (scan) await product.scan();
  return answers;
}

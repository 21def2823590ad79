import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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
export const captureTruth = (folder: string): CaptureTruth =>
  toTruth(JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as CaptureTruth | PythonTruth);

function toTruth(truth: CaptureTruth | PythonTruth): CaptureTruth {
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
const SCAN_EVERY_MS = 20_000;

/** One recorded request. */
export interface CapturedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly receivedMs: number;
  /** Base64, as sent. */
  readonly body: string;
}

/** A run in one file: `{truth, requests}`, gzip JSON; made from a folder by `packCapture`. */
export interface PackedCapture {
  readonly truth: CaptureTruth;
  readonly requests: readonly CapturedRequest[];
}

export const packedCapture = (file: string): PackedCapture =>
  JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as PackedCapture;

/** Reads a recorded folder: requests/NNN.json beside requests/NNN.body, and truth.json. */
export function packCapture(folder: string): PackedCapture {
  const requests = join(folder, 'requests');
  const names = readdirSync(requests).filter((name) => name.endsWith('.json'));
  return {
    truth: captureTruth(folder),
    requests: names.sort().map((name) => {
      const { method, path, headers, receivedMs } = JSON.parse(
        readFileSync(join(requests, name), 'utf8'),
      ) as CapturedRequest;
      const kept = headers.filter(([header]) => !HOP_BY_HOP.test(header) && !/^authorization$/i.test(header));
      const body = readFileSync(join(requests, name.replace(/json$/, 'body'))).toString('base64');
      return { method, path, headers: kept, receivedMs, body };
    }),
  };
}

/** Called before each request with its number; the product that it returns takes the rest of the run. */
export type BeforeRequest = (number: number) => Promise<Replayed>;

/** What a run needs of a product, embedded or deployed. */
export type Replayed = Pick<Product, 'clock' | 'send' | 'settle' | 'scan'>;

/**
 * Sends a recorded run as it was sent, with the clock of the product at the moment of each request, and scans every few
 * seconds of that clock. Returns how often each status was answered per path.
 */
export async function replay(
  first: Replayed,
  { truth, requests }: PackedCapture,
  before: BeforeRequest = async () => first,
): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let scannedAt = 0;
  let product = first;
  for (const [number, { method, path, headers, receivedMs, body }] of requests.entries()) {
    product = await before(number);
    product.clock.time = truth.recorder.startUnixMs + receivedMs;
    const bytes = Uint8Array.from(Buffer.from(body, 'base64'));
    const init = {
      method,
      headers: headers.map(([k, v]): [string, string] => [k, v]),
      ...(bytes.length > 0 ? { body: bytes } : {}),
    };
    const { status } = await product.send(path, init);
    const key = `${path.split('?')[0]} ${status}`;
    answers[key] = (answers[key] ?? 0) + 1;
    if (product.clock.time - scannedAt >= SCAN_EVERY_MS) {
      await product.settle();
      await product.scan();
      scannedAt = product.clock.time;
    }
  }
  product.clock.time += 1000;
  await product.settle();
  await product.scan();
  return answers;
}

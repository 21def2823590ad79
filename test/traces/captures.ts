import { readFileSync } from 'node:fs';
import { decompress } from '../../lib/formats/decompress.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { decodeEnvelope, parseEnvelope } from '../../lib/formats/sentry/index.ts';
import type { Trace } from '../../lib/model/trace.ts';
import type { TraceProfile } from '../../lib/traces/sampled.ts';

export interface CapturedRequest {
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly run?: string;
}

const FOLDER = new URL('../fixtures/sentry/', import.meta.url);
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxRatio: 1000 };

export function capturedRequests(name: string): CapturedRequest[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, FOLDER), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { body: string } & Omit<CapturedRequest, 'body'>)
    .map(({ body, ...rest }) => ({ ...rest, body: Uint8Array.from(Buffer.from(body, 'base64')) }));
}

/** The same as `postEnvelopes` takes them. */
export const capturedEnvelopes = (name: string) =>
  capturedRequests(name).map(({ body, headers }) => ({ body, headers: Object.fromEntries(headers) }));

export const truthOf = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`${name}.truth.json`, FOLDER), 'utf8')) as T;

export const plainBody = ({ body }: CapturedRequest): Uint8Array => decompress(body, '', LIMITS);

/** All traces and profiles of a run, in the order in which they were sent. */
export function capturedTraces(name: string): { traces: Trace[]; profiles: TraceProfile[] } {
  const traces: Trace[] = [];
  const profiles: TraceProfile[] = [];
  for (const request of capturedRequests(name)) {
    const decoded = decodeEnvelope(parseEnvelope(plainBody(request)), 'shop');
    traces.push(...decoded.traces);
    for (const { payload, ...facts } of decoded.profiles)
      profiles.push({ ...facts, profile: decodeProfile(payload) });
  }
  return { traces, profiles };
}

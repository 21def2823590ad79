import { Fault } from '../model/fault.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import type { EpochMs } from '../model/units.ts';
import { decompress } from './decompress.ts';
import { ofFewServices } from './few-services.ts';
import {
  decodeMetrics,
  decodeTraces,
  type Encoding,
  metricsFacts,
  spanPieces,
  tracesFacts,
} from './otlp/index.ts';
import { PROFILE_ROUTES } from './profile-uploads/index.ts';
import { sentryEnvelopeFacts, sentryStoreFacts } from './sentry/index.ts';

export { countPrecedence, rolePrecedence, scopeOfStream } from './otlp/index.ts';
export { guessInApp } from './profiles/in-app.ts';

/** An upload as it lies in a raw segment. */
interface StoredUpload {
  readonly route: string;
  readonly project: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly naming?: string;
  readonly receivedAt: EpochMs;
  readonly body: Uint8Array;
}

/** Door → parser. A new format is a module and a line here. */
const PARSERS: Readonly<Record<string, (body: Uint8Array, upload: StoredUpload) => UploadFacts>> = {
  'otlp-metrics': (body, upload) => metricsFacts(decodeMetrics(body, encodingOf(upload.contentType))),
  'otlp-traces': (body, upload) => {
    const decoded = decodeTraces(body, encodingOf(upload.contentType));
    return { ...tracesFacts(decoded), pieces: () => spanPieces(decoded) };
  },
  'sentry-envelope': (body, upload) => sentryEnvelopeFacts(body, upload.project),
  'sentry-store': (body, upload) => sentryStoreFacts(body, upload.project),
  ...Object.fromEntries(
    Object.entries(PROFILE_ROUTES).map(([route, read]) => [
      route,
      (body: Uint8Array, { naming = '', contentType, receivedAt }: StoredUpload) =>
        read({ body, naming, contentType, receivedAt }).facts,
    ]),
  ),
};

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_RATIO = 200;

/** The facts of one stored upload. @throws Fault('invalid-input' | 'too-large' | 'unsupported') when it cannot be read */
export function parseUpload(upload: StoredUpload): UploadFacts {
  const parse = PARSERS[upload.route];
  if (parse === undefined)
    throw new Fault('unsupported', `Cannot read upload: no parser for route "${upload.route}"`);
  const body = decompress(upload.body, upload.contentEncoding, { maxBytes: MAX_BYTES, maxRatio: MAX_RATIO });
  return { ...ofFewServices(parse(body, upload)), bytes: body.length };
}

const encodingOf = (contentType: string): Encoding =>
  /^application\/json\b/i.test(contentType) ? 'json' : 'protobuf';

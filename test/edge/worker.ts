// The ingest app as a Worker: what an entry for the edge has to bring. Bundled and run by ingest-edge.test.ts.
import type { AuthContext } from '../../lib/http/auth.ts';
import { ingestApp } from '../../lib/http/ingest-app.ts';
import { DEFAULT_LIMITS } from '../../lib/http/limits.ts';
import { encodeRaw, rawKey } from '../../lib/jobs/raw-segment.ts';
import type { RawSink } from '../../lib/jobs/raw-sink.ts';
import { Fault } from '../../lib/model/fault.ts';
import type { RecordStore, StoredRecord } from '../../lib/ports/record-store.ts';
import { createKey } from '../../lib/records/api-keys.ts';
import { rejections } from '../../lib/records/rejections.ts';

/** What R2 offers, as far as it is used. */
interface Bucket {
  put(
    key: string,
    body: Uint8Array,
    options: { onlyIf: { etagDoesNotMatch: string } },
  ): Promise<object | null>;
}
interface Bindings {
  readonly RAW: Bucket;
  readonly TOKEN: string;
}

const clock = { now: () => Date.now() };
/** Stands for a table that an edge can reach. */
const records = mapRecords();

function sinkTo(bucket: Bucket): RawSink {
  return {
    async store(upload) {
      const key = rawKey(upload.project, upload.receivedAt, crypto.randomUUID().replaceAll('-', ''));
      const stored = await bucket.put(key, encodeRaw([upload]), { onlyIf: { etagDoesNotMatch: '*' } });
      if (stored === null) throw new Fault('unavailable', 'Cannot store upload: its key is taken');
    },
    close: () => Promise.resolve(),
  };
}

let app: Promise<ReturnType<typeof ingestApp>> | undefined;
async function makeApp({ RAW, TOKEN }: Bindings) {
  const auth: AuthContext = {
    records,
    clock,
    masterSecret: new Uint8Array(32),
    open: () => false,
    target: (request) => request.url.slice(request.url.indexOf('/', 'https://'.length)),
  };
  const key = { id: 'k_edge', project: 'default', scopes: ['ingest' as const], status: 'active' as const };
  await createKey(records, { ...key, createdAt: 0, note: '', publicKey: '', secretVersions: [1] }, TOKEN);
  return ingestApp({
    ...{ auth, sink: sinkTo(RAW), records, clock, rejections: rejections(records), limits: DEFAULT_LIMITS },
    ready: () => Promise.resolve(),
  });
}

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    app ??= makeApp(bindings);
    return (await app).fetch(request, bindings);
  },
};

function mapRecords(): RecordStore {
  const rows = new Map<string, StoredRecord>();
  return {
    get: (pk, sk) => Promise.resolve(rows.get(`${pk}\n${sk}`)),
    query: () => Promise.resolve({ records: [], cursor: undefined }),
    put(record) {
      rows.set(`${record.pk}\n${record.sk}`, { ...record, version: 1 });
      return Promise.resolve({ outcome: 'stored', version: 1 });
    },
    delete: () => Promise.resolve('deleted'),
  };
}

import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeRaw } from '../../lib/jobs/raw-segment.ts';
import { sample, statusMessage } from '../formats/otlp-fixtures.ts';

const TOKEN = `tm_${'e'.repeat(32)}`;

async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker'],
    logLevel: 'silent',
  });
  return { script: outputFiles[0]?.text ?? '', metafile };
}

const bundled = await bundle();

/** R2's own type comes with the types of Workers, which the rest of the project must not see. */
interface Bucket {
  list(): Promise<{ readonly objects: readonly { readonly key: string }[] }>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

const options = { modules: true, cf: false, compatibilityDate: '2026-01-01' } as const;

/** Why workerd cannot run here: its binary may not fit the machine. A worker that does nothing is asked. */
async function whyNot(): Promise<string> {
  const { Miniflare } = await import('miniflare');
  const worker = new Miniflare({ ...options, script: 'export default { fetch: () => new Response("ok") }' });
  try {
    await worker.ready;
    return '';
  } catch (error) {
    return `, skipped because workerd does not run here: ${String(error).slice(0, 300)}`;
  } finally {
    await worker.dispose();
  }
}
const why = await whyNot();

describe('the ingest app, bundled for workerd', () => {
  it('needs nothing of Node', () => {
    const imports = Object.values(bundled.metafile.inputs).flatMap((input) =>
      input.imports.map(({ path }) => path),
    );
    const outside = Object.values(bundled.metafile.outputs).flatMap((output) => output.imports);
    expect(imports.filter((path) => path.startsWith('node:'))).toEqual([]);
    expect(outside).toEqual([]);
    expect(Object.keys(bundled.metafile.inputs)).toContain('lib/http/ingest-app.ts');
  });
});

describe.skipIf(why !== '')(`the ingest app in workerd${why}`, () => {
  let worker: Miniflare;
  beforeAll(async () => {
    const { Miniflare } = await import('miniflare');
    const { script } = bundled;
    worker = new Miniflare({ ...options, script, r2Buckets: ['RAW'], bindings: { TOKEN } });
    await worker.ready;
  });
  afterAll(() => worker.dispose());

  const post = (path: string, body: Uint8Array, headers: Record<string, string>) =>
    worker.dispatchFetch(`https://edge.example${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}`, ...headers },
    });
  const bucket = async () => (await worker.getR2Bucket('RAW')) as unknown as Bucket;
  const keys = async () => (await (await bucket()).list()).objects.map(({ key }) => key);

  it('answers an OTLP request with 200 once its bytes lie in R2', async () => {
    const body = sample('metrics-gauge.pb');
    const response = await post('/v1/metrics', gzipSync(body), { 'content-encoding': 'gzip' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-protobuf']);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    const [key = '', ...others] = await keys();
    expect(others).toEqual([]);
    expect(key).toMatch(/^raw\/\d\d\/default\/\d{4}\/\d\d\/\d\d\/\d\d\/[0-9a-f]{32}$/);
    const object = await (await bucket()).get(key);
    const [upload] = decodeRaw(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer(0)));
    expect(upload).toMatchObject({
      route: 'otlp-metrics',
      project: 'default',
      keyId: 'k_edge',
      contentEncoding: 'gzip',
    });
    expect(upload?.body).toEqual(new Uint8Array(gzipSync(body)));
  });

  it('refuses a wrong key, a broken body and what it cannot unpack with a Status, and keeps nothing of it', async () => {
    const before = await keys();
    const refused = async (body: Uint8Array, headers: Record<string, string>) => {
      const response = await post('/v1/traces', body, headers);
      const { code } = statusMessage.toObject(
        statusMessage.decode(new Uint8Array(await response.arrayBuffer())),
      );
      return [response.status, code];
    };
    expect(await refused(sample('traces-frontend.pb'), { authorization: 'Bearer tm_no' })).toEqual([401, 16]);
    expect(await refused(Uint8Array.of(255, 255), {})).toEqual([400, 3]);
    expect(await refused(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), { 'content-encoding': 'zstd' })).toEqual([
      415, 3,
    ]);
    expect(await keys()).toEqual(before);
  });
});

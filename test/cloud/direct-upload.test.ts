import { ingestApp } from '../../lib/http/ingest-app.ts';
import { DEFAULT_LIMITS } from '../../lib/http/limits.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import { HOUR_MS } from '../../lib/model/units.ts';
import { ownDirect } from '../../lib/server/own-direct.ts';
import { directUploadContract } from '../contracts/direct-upload.contract.ts';
import { openDirectOn, startEngines } from '../support/aws/cloud.ts';
import { makeKey, revokeKey, withKey } from '../support/aws/keys.ts';
import { openProduct } from '../support/product.ts';

const AT = Date.UTC(2026, 10, 14, 12);

directUploadContract('S3, engine of the tests', async () => openDirectOn(await startEngines(AT)));

directUploadContract("the embedded server's own signed PUT", async () => {
  const product = await openProduct({ at: AT, auth: true });
  const { local, clock } = product;
  const { context } = local;
  const app = ingestApp({
    ...local,
    ...context,
    auth: {
      records: context.records,
      clock,
      masterSecret: local.masterSecret,
      open: () => false,
      target: () => '',
    },
    limits: DEFAULT_LIMITS,
    direct: ownDirect(context, local.masterSecret),
    ready: () => Promise.resolve(),
  });
  await makeKey(context.records);
  return {
    now: clock.now.bind(clock),
    post: async (path, body) =>
      app.request(path, {
        method: 'POST',
        headers: { ...withKey, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    put: async ({ url, headers }, body) => app.request(url, { method: 'PUT', headers, body }),
    async settle() {
      await product.settle();
      await context.rejections.flush();
    },
    uploads: () => uploadsReader(context).read('default', clock.now() - HOUR_MS, clock.now()),
    revokeKey: async () => void (await revokeKey(context.records)),
    close: product.close,
  };
});

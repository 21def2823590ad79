import { ensureProject } from '../../lib/records/api-keys.ts';
import type { Product } from './product.ts';

export interface SentEnvelope {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

/** Posts bodies as Sentry SDKs do, to the product's one project, and takes them to the end of their analysis. */
export async function postEnvelopes(product: Product, sent: readonly SentEnvelope[]): Promise<void> {
  const { number } = await ensureProject(product.local.context.records, 'default');
  const path = `/api/${number}/envelope/`;
  const post = async ({ body, headers = {} }: SentEnvelope) => {
    const response = await product.send(path, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`POST envelope: ${response.status} ${await response.text()}`);
  };
  await Promise.all(sent.map(post));
  await product.settle();
}

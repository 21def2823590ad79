import { createHash } from 'node:crypto';
import type { Product } from './product.ts';

/** What a product says of the services that it was sent, as the text that it sent. */
export interface Answers {
  readonly findings: string;
  readonly services: string;
  /** Of each service: memory, leaks, units, transactions, health. */
  readonly of: Readonly<Record<string, string>>;
}

const PATHS = ['memory', 'leaks', 'units', 'transactions'];

export async function answersOf({ api }: Pick<Product, 'api'>): Promise<Answers> {
  const text = async (path: string) => {
    const response = await api(path);
    const body = await response.text();
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${body}`);
    return body;
  };
  const services = await text('/services');
  const { items } = JSON.parse(services) as { items: { service: string }[] };
  const of: Record<string, string> = {};
  for (const { service } of items) {
    for (const path of PATHS) {
      const body = await text(`/services/${encodeURIComponent(service)}/${path}`);
      // A megabyte of points makes no readable difference: its digest does, and its beginning tells where to look.
      of[`${service} ${path}`] = `${createHash('sha256').update(body).digest('hex')} ${body.slice(0, 2000)}`;
    }
  }
  return { findings: await text('/findings'), services, of };
}

// The embedded product on a clock of the test, for tests that go from the door to what people are told of traces.
import { afterAll } from 'vitest';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { openProduct, type Product } from '../support/product.ts';

/** Opens products at a time; all are closed after the tests of the file that calls this. */
export function productOpener(): (at: number) => Promise<Product> {
  const products: Product[] = [];
  afterAll(() => Promise.all(products.map((product) => product.close())));
  return async (at) => {
    const product = await openProduct({ at });
    products.push(product);
    return product;
  };
}

/** Lets time pass until all minutes so far have been joined. */
export async function join(product: Product): Promise<void> {
  product.clock.time += 10 * MINUTE_MS;
  await joinDue(product.local.context, foldJoined, (error) => {
    throw error;
  });
}

import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { awsClient } from '../../../lib/adapters/aws-client.ts';
import { ensureTable } from '../../../lib/adapters/dynamodb-table.ts';
import type { Listening } from './listen.ts';
import { TEST_CREDENTIALS, TEST_REGION } from './s3-engine.ts';

/** A client of a service that listens at `endpoint`, with the credentials that the engines of the tests know. */
export const testClient = (service: string, endpoint: string, onRequest?: (operation: string) => void) =>
  awsClient({
    service,
    endpoint,
    region: TEST_REGION,
    credentials: () => Promise.resolve(TEST_CREDENTIALS),
    ...(onRequest === undefined ? {} : { onRequest }),
  });

/** DynamoDB in this process, on loopback, in memory. */
export async function startDynamo(): Promise<Listening> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export async function freshTable(endpoint: string, table: string): Promise<void> {
  await ensureTable(testClient('dynamodb', endpoint), table);
}

import { type AwsClient, jsonCall, refused } from './aws-client.ts';

const TRIES = 60;
const PAUSE_MS = 500;

/**
 * Makes the table that `dynamodb-record-store.ts` reads, unless it is there: for tests and for engines on own hardware. In
 * AWS the data stack makes it. An engine without time to live (dynalite) keeps expired records, which readers ignore.
 */
export async function ensureTable(client: AwsClient, table: string): Promise<'made' | 'there'> {
  const call = (operation: string, input: object) =>
    jsonCall<{ Table?: { TableStatus: string } }>(client, `DynamoDB_20120810.${operation}`, input);
  const made = await call('CreateTable', {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  if (!made.ok && made.code !== 'ResourceInUseException') {
    throw refused('dynamodb', 'CreateTable', made.code, made.message);
  }
  for (let tries = 0; tries < TRIES; tries += 1) {
    const described = await call('DescribeTable', { TableName: table });
    if (described.ok && described.value.Table?.TableStatus === 'ACTIVE') break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  if (!made.ok) return 'there';
  await call('UpdateTimeToLive', {
    TableName: table,
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  });
  return 'made';
}

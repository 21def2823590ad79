import { awsClient } from '../adapters/aws-client.ts';
import { environmentCredentials } from '../adapters/aws-credentials.ts';
import { dynamoRecordStore } from '../adapters/dynamodb-record-store.ts';
import { ensureTable } from '../adapters/dynamodb-table.ts';
import { s3ObjectStore } from '../adapters/s3-object-store.ts';
import { s3UploadSigner } from '../adapters/s3-upload-signer.ts';
import { sqsQueue } from '../adapters/sqs-queue.ts';
import { Fault } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Queue } from '../ports/queue.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { UploadSigner } from '../ports/upload-signer.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the stores of AWS, or of own hardware that speaks as they do, are: docs/operations/settings.md. */
export interface AwsPlaces {
  readonly region: string;
  readonly bucket: string;
  readonly table: string;
  readonly endpoints: Readonly<Record<'s3' | 'dynamodb' | 'sqs' | 'ssm', string | undefined>>;
}

/** @throws Fault('invalid-input') naming the variable that is missing */
export function readAwsPlaces(env: Environment): AwsPlaces {
  return {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || needed(env, 'AWS_REGION'),
    bucket: needed(env, 'TIDEMARK_BUCKET'),
    table: needed(env, 'TIDEMARK_TABLE'),
    endpoints: {
      s3: endpointOf(env, 'S3'),
      dynamodb: endpointOf(env, 'DYNAMODB'),
      sqs: endpointOf(env, 'SQS'),
      ssm: endpointOf(env, 'SSM'),
    },
  };
}

/** The SDK's names for them. */
const endpointOf = (env: Environment, service: string) =>
  env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined;

export function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new Fault('invalid-input', `Cannot use the stores of AWS: ${name} is not set`);
}

/** What is paid for: 'PutObject' → 12, 'WriteUnits' → 40. Tries count, as they do on the bill. */
export type RequestCounts = Map<string, number>;

export interface AwsStores {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly signer: UploadSigner;
  readonly counts: RequestCounts;
  /** A queue by the names of the variables that hold its URL and that of its dead letters. */
  queue(urlName: string, deadUrlName: string): Queue;
  client(service: 's3' | 'dynamodb' | 'sqs' | 'ssm'): ReturnType<typeof awsClient>;
  /** For engines on own hardware; in AWS the data stack makes the table. */
  ensureTable(): Promise<'made' | 'there'>;
}

/** Nothing is asked before the first use. */
export function awsStores(env: Environment, clock: Clock): AwsStores {
  const places = readAwsPlaces(env);
  const { region, bucket, table, endpoints } = places;
  const credentials = environmentCredentials(env);
  const counts: RequestCounts = new Map();
  const count = (name: string, by: number) => void counts.set(name, (counts.get(name) ?? 0) + by);
  const onRequest = (operation: string) => count(operation, 1);
  const client: AwsStores['client'] = (service) =>
    awsClient({ service, region, endpoint: endpoints[service], credentials, onRequest });
  const s3 = client('s3');
  const dynamodb = client('dynamodb');
  return {
    objects: s3ObjectStore(s3, bucket),
    records: dynamoRecordStore({
      client: dynamodb,
      table,
      clock,
      onUnits: (kind, units) => count(kind === 'read' ? 'ReadUnits' : 'WriteUnits', units),
    }),
    // Clients of own hardware may reach the store under another name than we do.
    signer: s3UploadSigner({
      bucket,
      region,
      endpoint: (env.TIDEMARK_PUBLIC_S3_URL || s3.endpoint).replace(/\/+$/, ''),
      credentials,
    }),
    counts,
    queue: (urlName, deadUrlName) =>
      sqsQueue({ client: client('sqs'), url: needed(env, urlName), deadUrl: needed(env, deadUrlName) }),
    client,
    ensureTable: () => ensureTable(dynamodb, table),
  };
}

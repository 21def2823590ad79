import { randomUUID } from 'node:crypto';
import { groupingSink, type RawSink } from '../jobs/raw-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { UploadSigner } from '../ports/upload-signer.ts';
import { type Rejections, rejections } from '../records/rejections.ts';
import { type UsageWriter, usageWriter } from '../records/usage.ts';
import { awsSecrets } from './aws-secrets.ts';
import { awsStores } from './aws-stores.ts';
import { systemClock } from './system-clock.ts';
import { unpackers } from './unpack.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the door needs, and no more: this is all that the ingest function loads. */
export interface AwsIngest {
  readonly sink: RawSink;
  readonly records: RecordStore;
  readonly rejections: Rejections;
  readonly signer: UploadSigner;
  readonly clock: Clock;
  readonly masterSecret: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly unpackers: typeof unpackers;
  readonly usage: UsageWriter;
}

export function openAwsIngest(env: Environment = process.env, clock: Clock = systemClock): AwsIngest {
  const stores = awsStores(env, clock);
  const { objects, records, signer } = stores;
  return {
    // One upload is one object here: a function serves one request at a time. The bucket tells the queue of it.
    sink: groupingSink(
      {
        objects,
        clock,
        bucket: '',
        newId: () => randomUUID().replaceAll('-', ''),
        uploads: { send: () => Promise.resolve() },
      },
      { groupMs: 0 },
    ),
    records,
    rejections: rejections(records),
    signer,
    clock,
    masterSecret: awsSecrets(env, stores).masterSecret,
    unpackers,
    usage: usageWriter(records, clock, stores.counts),
  };
}

import { randomUUID } from 'node:crypto';
import { groupingSink } from '../jobs/raw-sink.ts';
import type { Clock } from '../ports/clock.ts';
import { ensureProject } from '../records/api-keys.ts';
import { awsNotifiers, openAws } from './aws.ts';
import { readAwsPlaces } from './aws-stores.ts';
import type { Config } from './config.ts';
import { DEFAULT_PROJECT, type Local } from './local.ts';
import { systemClock } from './system-clock.ts';
import { unpackers } from './unpack.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One process on the stores of AWS, or on others that speak as they do: S3 with conditional PUT, DynamoDB or Alternator, SQS
 * or ElasticMQ. It sends the events of its uploads itself, as not every such store can. Makes the table unless it is there.
 */
export async function openOwnHardware(
  config: Config,
  env: Environment,
  clock: Clock = systemClock,
): Promise<Local> {
  const { context, secrets, stores } = openAws(env, clock, config);
  await stores.ensureTable();
  await ensureProject(context.records, DEFAULT_PROJECT);
  const { bucket, table } = readAwsPlaces(env);
  const sink = groupingSink({ ...context, bucket, newId: () => randomUUID().replaceAll('-', '') });
  return {
    context,
    place: `bucket ${bucket}, table ${table}`,
    sink,
    masterSecret: await secrets.masterSecret(),
    notifiers: await awsNotifiers(secrets, clock, config),
    ...unpackers,
    housekeeping: () => Promise.resolve(), // the stores expire what is theirs
    async close() {
      await sink.close();
      await context.rejections.flush();
    },
  };
}

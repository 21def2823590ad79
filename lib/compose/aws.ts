import { slackWebhook } from '../adapters/slack-webhook.ts';
import { webhook } from '../adapters/webhook.ts';
import type { JobContext } from '../jobs/context.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Queue } from '../ports/queue.ts';
import { type UsageWriter, usageWriter } from '../records/usage.ts';
import { awsSecrets, type Secrets } from './aws-secrets.ts';
import { type AwsStores, awsStores, readAwsPlaces } from './aws-stores.ts';
import { type Config, readConfig } from './config.ts';
import { jobContext } from './job-context.ts';
import { systemClock } from './system-clock.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the functions behind the door need. */
export interface Aws {
  readonly context: JobContext;
  /** Tasks of the schedule, one message each. */
  readonly tasks: Queue;
  readonly secrets: Secrets;
  readonly stores: AwsStores;
  readonly usage: UsageWriter;
}

/** Asks nothing: stores and secrets are met when they are first used. */
export function openAws(
  env: Environment = process.env,
  clock: Clock = systemClock,
  config = readConfig(env),
): Aws {
  const stores = awsStores(env, clock);
  const { objects, records } = stores;
  const uploads = stores.queue('TIDEMARK_UPLOADS_URL', 'TIDEMARK_UPLOADS_DEAD_URL');
  const { bucket } = readAwsPlaces(env);
  return {
    context: jobContext({ objects, records, uploads, clock, bucket }, config),
    tasks: stores.queue('TIDEMARK_TASKS_URL', 'TIDEMARK_TASKS_DEAD_URL'),
    secrets: awsSecrets(env, stores),
    stores,
    usage: usageWriter(records, clock, stores.counts),
  };
}

/** Targets of messages, with their addresses from the secrets, or from the settings of own hardware. */
export async function awsNotifiers(
  secrets: Secrets,
  clock: Clock,
  settings: Partial<Pick<Config, 'slackWebhookUrl' | 'webhook'>> = {},
): Promise<readonly Notifier[]> {
  const slackUrl = (await secrets.get('slack-webhook-url')) ?? settings.slackWebhookUrl;
  const url = (await secrets.get('webhook-url')) ?? settings.webhook?.url;
  const secret = (await secrets.get('webhook-secret')) ?? settings.webhook?.secret;
  const found: Notifier[] = [];
  if (slackUrl) found.push(slackWebhook({ url: slackUrl }));
  if (url && secret) found.push(webhook({ url, secret, clock }));
  return found;
}

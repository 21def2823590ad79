import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { TICKS, type Tick } from '../lib/jobs/tasks.ts';
import { acknowledgeService } from './acknowledged.ts';
import type { Bundles } from './bundle.ts';
import { QueueWithDeadLetters } from './constructs/queue-with-dead-letters.ts';
import { ServiceFunction } from './constructs/service-function.ts';
import { ANALYZE_TIMEOUT, type DataStack } from './data-stack.ts';
import { watch } from './operations.ts';
import type { Settings } from './settings.ts';

export interface ServiceStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly version: string;
  readonly bundles: Bundles;
  /** Folder of the built UI. */
  readonly web: string;
}

const WORK_TIMEOUT = Duration.minutes(5);
const TASK_RECEIVES = 5;
const SECRETS = ['master-secret', 'slack-webhook-url', 'webhook-url', 'webhook-secret'];

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

/** Everything that can be deployed anew at any time: functions, their triggers, alarms. */
export class ServiceStack extends Stack {
  private readonly settings: Settings;
  private readonly data: DataStack;
  private readonly bundles: Bundles;
  private readonly tasks: QueueWithDeadLetters;
  private readonly common: Record<string, string>;

  constructor(
    scope: Construct,
    id: string,
    { settings, data, version, bundles, web, ...props }: ServiceStackProps,
  ) {
    super(scope, id, props);
    this.settings = settings;
    this.data = data;
    this.bundles = bundles;
    this.tasks = new QueueWithDeadLetters(this, 'Tasks', {
      visibility: Duration.seconds(6 * WORK_TIMEOUT.toSeconds()),
      maxReceives: TASK_RECEIVES,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.common = {
      TIDEMARK_BUCKET: data.bucket.bucketName,
      TIDEMARK_TABLE: data.table.tableName,
      TIDEMARK_UPLOADS_URL: data.uploads.queue.queueUrl,
      TIDEMARK_UPLOADS_DEAD_URL: data.uploads.dead.queueUrl,
      TIDEMARK_TASKS_URL: this.tasks.queue.queueUrl,
      TIDEMARK_TASKS_DEAD_URL: this.tasks.dead.queueUrl,
      TIDEMARK_PARAMETERS: `/${settings.name}`,
      TIDEMARK_ACCEPT_PAST_HOURS: String(settings.acceptPastHours),
      TIDEMARK_RETENTION_DAYS: String(settings.retentionDays),
      TIDEMARK_ROLLUP_DAYS: String(settings.rollUpDays),
      TIDEMARK_VERSION: version,
    };

    const ingest = this.ingest();
    const ingestUrl = this.urlOf(ingest);
    const api = this.api(ingestUrl, web);
    const apiUrl = this.urlOf(api);
    const analyze = this.analyze(apiUrl);
    const work = this.work(apiUrl);
    const notify = this.notify(apiUrl);
    const schedule = this.schedule();
    const functions = { ingest, api, analyze, work, notify, schedule };
    const lost = this.ticks(schedule, notify);
    watch(this, {
      functions,
      queues: { uploads: data.uploads, tasks: this.tasks },
      lost,
      table: data.table,
      settings,
    });
    this.tell(ingestUrl, apiUrl);
    acknowledgeService(this, data.stackName);
  }

  private make(entry: string, description: string, options: Partial<MakeOptions> = {}): ServiceFunction {
    const {
      memoryMiB = 512,
      timeout = Duration.seconds(30),
      environment = {},
      concurrency,
      beside,
    } = options;
    return new ServiceFunction(this, entry[0]?.toUpperCase() + entry.slice(1), {
      code: this.bundles.code(entry, beside),
      description,
      memoryMiB,
      timeout,
      concurrency,
      logDays: this.settings.logDays as RetentionDays,
      environment: { ...this.common, ...environment },
    });
  }

  private ingest(): ServiceFunction {
    const made = this.make('ingest', 'Tidemark: takes uploads', {
      concurrency: this.settings.ingestConcurrency,
    });
    made.allow(['s3:PutObject'], this.objects('raw', 'direct'));
    made.allow([...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.data.table.tableArn]);
    made.allow(['ssm:GetParameters'], this.parameters());
    return made;
  }

  private api(ingestUrl: string, web: string): ServiceFunction {
    const made = this.make('api', 'Tidemark: read API and UI', {
      memoryMiB: 1024,
      concurrency: this.settings.apiConcurrency,
      // Where its page tells people to send to.
      environment: { TIDEMARK_PUBLIC_URL: ingestUrl, TIDEMARK_NOTIFIES: 'true' },
      beside: { web },
    });
    made.allow(['s3:GetObject'], this.objects('raw', 'seg', 'pieces'));
    made.allow(['s3:ListBucket'], [this.data.bucket.bucketArn]);
    made.allow([...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.data.table.tableArn]);
    made.allow(['sqs:GetQueueAttributes'], this.queueArns(this.data.uploads));
    made.allow(['ssm:GetParameters'], this.parameters());
    return made;
  }

  private analyze(apiUrl: string): ServiceFunction {
    const made = this.make('analyze', 'Tidemark: analyses stored uploads', {
      memoryMiB: 1769, // one whole CPU
      timeout: ANALYZE_TIMEOUT,
      environment: { TIDEMARK_PUBLIC_URL: apiUrl },
    });
    this.allowStores(made);
    made.resource.addEventSource(
      new SqsEventSource(this.data.uploads.queue, {
        batchSize: 500,
        maxBatchingWindow: Duration.seconds(10),
        maxConcurrency: this.settings.analyzeConcurrency,
        reportBatchItemFailures: true,
      }),
    );
    return made;
  }

  private work(apiUrl: string): ServiceFunction {
    const made = this.make('work', 'Tidemark: scans, sweeps, rolls up', {
      memoryMiB: 1769,
      timeout: WORK_TIMEOUT,
      environment: { TIDEMARK_PUBLIC_URL: apiUrl },
    });
    this.allowStores(made);
    made.resource.addEventSource(
      new SqsEventSource(this.tasks.queue, {
        batchSize: 1,
        maxConcurrency: this.settings.workConcurrency,
        reportBatchItemFailures: true,
      }),
    );
    return made;
  }

  private notify(apiUrl: string): ServiceFunction {
    const made = this.make('notify', 'Tidemark: sends messages about findings', {
      timeout: Duration.seconds(55),
      // One at a time, so that a target is never sent to by two at once.
      concurrency: 1,
      environment: { TIDEMARK_PUBLIC_URL: apiUrl },
    });
    made.allow([...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.data.table.tableArn]);
    made.allow(['ssm:GetParameters'], this.parameters());
    return made;
  }

  private schedule(): ServiceFunction {
    const made = this.make('schedule', 'Tidemark: enqueues tasks');
    made.allow([...READ, 'dynamodb:UpdateItem'], [this.data.table.tableArn]);
    made.allow(['sqs:SendMessage'], [this.tasks.queue.queueArn]);
    return made;
  }

  /** What both that commit need: every object and record, and the queue of events. */
  private allowStores(made: ServiceFunction): void {
    const { bucket, table, uploads } = this.data;
    made.allow(
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      this.objects('raw', 'direct', 'seg', 'pieces'),
    );
    made.allow(['s3:PutObject'], [bucket.arnForObjects('time/sweep')]); // by which the store tells its time
    made.allow(['s3:ListBucket'], [bucket.bucketArn]);
    made.allow([...READ, ...WRITE], [table.tableArn]);
    made.allow(['sqs:SendMessage'], [uploads.queue.queueArn]);
    made.allow(['sqs:GetQueueAttributes'], this.queueArns(uploads));
  }

  /** Schedules, and where a call goes that could not be made. */
  private ticks(schedule: ServiceFunction, notify: ServiceFunction): Queue {
    const lost = new Queue(this, 'LostTicks', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const common = { deadLetterQueue: lost, retryAttempts: 2, maxEventAge: Duration.minutes(5) };
    const every: Record<Tick, Duration> = {
      scan: Duration.minutes(this.settings.scanMinutes),
      // Lists every shard of the last hours, for what has lain there for a quarter of an hour.
      sweep: Duration.minutes(15),
      join: Duration.minutes(1),
      'roll-up': Duration.minutes(10),
      replay: Duration.minutes(1),
      orphans: Duration.hours(1),
      expire: Duration.hours(1),
    };
    for (const tick of TICKS) {
      const input = ScheduleTargetInput.fromObject({ tick });
      new Schedule(this, `Tick-${tick}`, {
        schedule: ScheduleExpression.rate(every[tick]),
        target: new LambdaInvoke(schedule.resource, { ...common, input }),
      });
    }
    new Schedule(this, 'Tick-notify', {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(notify.resource, common),
    });
    return lost;
  }

  private urlOf(made: ServiceFunction): string {
    // Keys are checked by the function: SDKs cannot sign for IAM.
    return made.resource.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
  }
  private objects(...prefixes: readonly string[]): string[] {
    return prefixes.map((prefix) => this.data.bucket.arnForObjects(`${prefix}/*`));
  }
  private queueArns({ queue, dead }: QueueWithDeadLetters): string[] {
    return [queue.queueArn, dead.queueArn];
  }
  private parameters(): string[] {
    return SECRETS.map((secret) =>
      this.formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: `${this.settings.name}/${secret}`,
      }),
    );
  }

  /** What to paste. */
  private tell(ingestUrl: string, apiUrl: string): void {
    const { name } = this.settings;
    const secret = `/${name}/master-secret`;
    const variables = Object.entries(this.common)
      .filter(([variable]) => /BUCKET|TABLE|_URL$/.test(variable))
      .map(([variable, value]) => `${variable}=${value}`);
    const outputs: Record<string, string> = {
      Url: apiUrl,
      OtlpEndpoint: Fn.join('', ['export OTEL_EXPORTER_OTLP_ENDPOINT=', ingestUrl]),
      OtlpHeaders: 'export OTEL_EXPORTER_OTLP_HEADERS=x-api-key=tm_…',
      First1Secret: `aws ssm put-parameter --type SecureString --name ${secret} --value "$(openssl rand -base64 32)"`,
      First2Key: `${['export TIDEMARK_STORES=aws', `TIDEMARK_PARAMETERS=/${name}`, `TIDEMARK_PUBLIC_URL=${ingestUrl}`, ...variables].join(' ')}; npx tidemark keys create --project default`,
    };
    for (const [output, value] of Object.entries(outputs)) new CfnOutput(this, output, { value });
  }
}

interface MakeOptions {
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly environment: Record<string, string>;
  readonly concurrency: number | undefined;
  /** Folders that go beside the bundle. */
  readonly beside: Readonly<Record<string, string>>;
}

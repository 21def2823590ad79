import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface QueueWithDeadLettersProps {
  /** Six times what its function may take: AWS's advice, so that retries of throttled batches do not overlap. */
  readonly visibility: Duration;
  readonly maxReceives: number;
  readonly removalPolicy: RemovalPolicy;
}

/** A queue whose messages are encrypted, sent by TLS alone, and never lost without a trace. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly dead: Queue;
  constructor(
    scope: Construct,
    id: string,
    { visibility, maxReceives, removalPolicy }: QueueWithDeadLettersProps,
  ) {
    super(scope, id);
    const retentionPeriod = Duration.days(14);
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod,
      removalPolicy,
    };
    this.dead = new Queue(this, 'Dead', common);
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: visibility,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: maxReceives },
    });
  }
}

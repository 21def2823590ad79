import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeData } from './acknowledged.ts';
import { QueueWithDeadLetters } from './constructs/queue-with-dead-letters.ts';

/** What one batch of the analyzer may take; the queue hides its messages for six times that. */
export const ANALYZE_TIMEOUT = Duration.minutes(2);
/** As embedded: far beyond the tries after which an upload is poison, so that an outage of hours loses nothing. */
const UPLOAD_RECEIVES = 50;

export interface DataStackProps extends StackProps {
  readonly keepData: boolean;
}

/** What must outlive every deployment. Deleting the stack leaves all of it in the account, unless `keepData` says otherwise. */
export class DataStack extends Stack {
  readonly bucket: Bucket;
  readonly table: Table;
  readonly uploads: QueueWithDeadLetters;

  constructor(scope: Construct, id: string, { keepData, ...props }: DataStackProps) {
    super(scope, id, props);
    const removalPolicy = keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy,
      lifecycleRules: [
        { id: 'incomplete', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // An inbox: what lies in it for a week was refused by everybody.
        { id: 'direct', prefix: 'direct/', expiration: Duration.days(7) },
      ],
    });
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: keepData,
      timeToLiveAttribute: 'ttl',
      removalPolicy,
    });
    this.uploads = new QueueWithDeadLetters(this, 'Uploads', {
      visibility: Duration.seconds(6 * ANALYZE_TIMEOUT.toSeconds()),
      maxReceives: UPLOAD_RECEIVES,
      removalPolicy,
    });
    this.notifyOfUploads();
    acknowledgeData(this);
  }

  /**
   * The bucket tells the queue of every stored upload. Written on the resource itself: the construct's own way adds a
   * function in Python with rights on every bucket. The source is bound by account: its ARN would make a cycle.
   */
  private notifyOfUploads(): void {
    const { queue } = this.uploads;
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    const resource = this.bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = {
      queueConfigurations: ['raw/', 'direct/'].map((value) => ({
        event: 's3:ObjectCreated:*',
        queue: queue.queueArn,
        filter: { s3Key: { rules: [{ name: 'prefix', value }] } },
      })),
    };
    this.bucket.node.addDependency(queue.node.findChild('Policy'));
  }
}

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export const FIVE_MINUTES = Duration.minutes(5);

/** Alarms that tell one topic, and what they mean for whoever reads them. */
export class Alarms extends Construct {
  private readonly topic: Topic;
  constructor(scope: Construct, id: string, { email }: { readonly email: string }) {
    super(scope, id);
    // CloudWatch may publish to an encrypted topic only when the key says so, which AWS's own key does not.
    const masterKey = new Key(this, 'Key', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
    masterKey.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'], // in a key's own policy: this key
      }),
    );
    this.topic = new Topic(this, 'Topic', { masterKey, enforceSSL: true });
    if (email !== '') this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Rings when `metric` is above `limit` in `periods` periods in a row. No data is no trouble. */
  above(id: string, metric: IMetric, limit: number, periods: number, alarmDescription: string): Alarm {
    const alarm = new Alarm(this, id, {
      metric,
      threshold: limit,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }
}

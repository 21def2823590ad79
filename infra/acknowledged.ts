import { type Stack, Validations } from 'aws-cdk-lib';

// Every rule of cdk-nag that a stack does not follow, and why. A new violation fails `npx cdk synth`, and each wildcard is
// named: one more of them is a new violation.

const acknowledge = (stack: Stack, id: string, reason: string) =>
  Validations.of(stack).acknowledge({ id: `AwsSolutions::AwsSolutions-${id}`, reason });

export function acknowledgeData(stack: Stack): void {
  acknowledge(
    stack,
    'S1',
    'Access logs would cost a PUT per upload; data events of CloudTrail can be switched on where they are wanted',
  );
}

/** The bucket's ARN as the check writes it: an output of the data stack. */
const bucketArn = (dataStack: string) =>
  JSON.stringify({
    'Fn::GetStackOutput': {
      StackName: dataStack,
      Region: { Ref: 'AWS::Region' },
      OutputName: 'PublishOutputFnGetAttBucket83908E77Arn0F129B3B',
    },
  });

export function acknowledgeService(stack: Stack, dataStack: string): void {
  for (const prefix of ['raw', 'direct', 'seg', 'pieces']) {
    acknowledge(
      stack,
      `IAM5[Resource::${bucketArn(dataStack)}/${prefix}/*]`,
      'Names of objects are not known beforehand; the right ends at the prefix',
    );
  }
  for (const called of ['NotifyFunction3392CA4F', 'ScheduleFunction997599A5']) {
    acknowledge(
      stack,
      `IAM5[Resource::<${called}.Arn>:*]`,
      "The scheduler's target grants itself the versions of the one function that it calls",
    );
  }
  acknowledge(stack, 'SQS3', 'It is a dead-letter queue: of the schedules, which the check does not look at');
}

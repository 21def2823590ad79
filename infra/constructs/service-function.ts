import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** The one runtime of the project: docs/decisions/0001. */
export const RUNTIME = Runtime.NODEJS_24_X;

export interface ServiceFunctionProps {
  readonly code: Code;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly logDays: RetentionDays;
  readonly environment: Record<string, string>;
  /** Most that run at once, taken from the account's; undefined where a trigger bounds it. */
  readonly concurrency?: number | undefined;
}

/** One function with the house defaults: its own role, that may write its own log and nothing else until it is granted. */
export class ServiceFunction extends Construct {
  readonly resource: LambdaFunction;
  readonly role: Role;
  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { code, description, memoryMiB, timeout, logDays, environment, concurrency } = props;
    const logGroup = new LogGroup(this, 'Log', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.resource = new LambdaFunction(this, 'Function', {
      code,
      handler: 'index.handler',
      description,
      runtime: RUNTIME,
      architecture: Architecture.ARM_64,
      memorySize: memoryMiB,
      timeout,
      environment,
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(concurrency === undefined ? {} : { reservedConcurrentExecutions: concurrency }),
    });
  }

  /** Rights on exactly these resources. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }
}

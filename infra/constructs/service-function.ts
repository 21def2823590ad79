import { fileURLToPath } from 'node:url';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { type ICommandHooks, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** The one runtime of the project: docs/decisions/0001. */
export const RUNTIME = Runtime.NODEJS_24_X;

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ServiceFunctionProps {
  /** File in functions/. */
  readonly entry: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly logDays: RetentionDays;
  readonly environment: Record<string, string>;
  /** Most that run at once, taken from the account's; undefined where a trigger bounds it. */
  readonly concurrency?: number | undefined;
  /** Files that go beside the bundle. */
  readonly hooks?: ICommandHooks | undefined;
}

/** One function with the house defaults: its own role, that may write its own log and nothing else until it is granted. */
export class ServiceFunction extends Construct {
  readonly resource: LambdaFunction;
  readonly role: Role;
  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { entry, description, memoryMiB, timeout, logDays, environment, concurrency, hooks } = props;
    const logGroup = new LogGroup(this, 'Log', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.resource = new NodejsFunction(this, 'Function', {
      entry: `${root}/functions/${entry}.ts`,
      projectRoot: root,
      depsLockFilePath: `${root}/package-lock.json`,
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
      bundling: {
        format: OutputFormat.ESM,
        minify: true,
        // Stack traces name functions; a source map would be four times the bundle.
        keepNames: true,
        target: 'node24',
        mainFields: ['module', 'main'],
        externalModules: [],
        ...(hooks === undefined ? {} : { commandHooks: hooks }),
      },
    });
  }

  /** Rights on exactly these resources. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }
}

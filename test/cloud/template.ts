import { describe, expect, it } from 'vitest';
import { type Assembly, ENTRIES, type Resource, type Template } from '../support/aws/synth.ts';
import { listOf, statementsOf } from './rights.ts';

/** What must hold of the templates whatever else changes: permissions, retention, encryption, alarms. */
export const templateChecks = (assembly: () => Assembly) => {
  const ofType = ({ Resources }: Template, type: string): Resource[] =>
    Object.values(Resources).filter(({ Type }) => Type === type);
  const both = () => [assembly().data, assembly().service];
  const only = (template: Template, type: string) => {
    const found = ofType(template, type);
    expect(found).toHaveLength(1);
    return found[0] as Resource;
  };

  describe('the data stack', () => {
    it('outlives its own removal', () => {
      const kept = Object.values(assembly().data.Resources).filter(({ Type }) => !Type.endsWith('Policy'));
      expect(kept.map(({ Type }) => Type).sort()).toEqual([
        'AWS::DynamoDB::Table',
        'AWS::S3::Bucket',
        'AWS::SQS::Queue',
        'AWS::SQS::Queue',
      ]);
      for (const { DeletionPolicy, UpdateReplacePolicy } of kept)
        expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    });
    it('keeps the bucket closed, encrypted, and never expires what lies in raw/ or seg/', () => {
      const { Properties } = only(assembly().data, 'AWS::S3::Bucket');
      expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
      expect(Properties.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
      expect(Properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
      const rules = Properties.LifecycleConfiguration.Rules as {
        Prefix?: string;
        ExpirationInDays?: number;
      }[];
      expect(rules.filter((rule) => rule.ExpirationInDays).map((rule) => rule.Prefix)).toEqual(['direct/']);
    });
    it('tells the queue of raw and direct uploads, and of nothing else', () => {
      const { Properties } = only(assembly().data, 'AWS::S3::Bucket');
      const told = Properties.NotificationConfiguration.QueueConfigurations as {
        Filter: { S3Key: { Rules: { Value: string }[] } };
      }[];
      expect(told.map(({ Filter }) => Filter.S3Key.Rules[0]?.Value)).toEqual(['raw/', 'direct/']);
    });
    it('keeps the table encrypted, recoverable, protected, with a time to live', () => {
      const { Properties } = only(assembly().data, 'AWS::DynamoDB::Table');
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      });
    });
  });

  describe('both stacks', () => {
    it('encrypt every queue, refuse it without TLS, and keep messages for two weeks', () => {
      for (const template of both()) {
        for (const { Properties } of ofType(template, 'AWS::SQS::Queue'))
          expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
        const policies = ['AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'].flatMap((type) =>
          ofType(template, type),
        );
        expect(policies.length).toBeGreaterThan(0);
        for (const { Properties } of policies)
          expect(JSON.stringify(Properties.PolicyDocument)).toContain('"aws:SecureTransport":"false"');
      }
    });
    it('give dead letters to every queue that something is taken from', () => {
      const live = both()
        .flatMap((template) => ofType(template, 'AWS::SQS::Queue'))
        .filter(({ Properties }) => Properties.RedrivePolicy !== undefined);
      expect(live.map(({ Properties }) => Properties.RedrivePolicy.maxReceiveCount)).toEqual([50, 5]);
    });
    it('hold no secret, and no environment names one', () => {
      for (const template of both())
        expect(JSON.stringify(template)).not.toMatch(/xox[abp]-|hooks\.slack\.com|whsec_|"tm_[a-z0-9]{20}/);
      for (const entry of ENTRIES) {
        const names = Object.keys(assembly().lambda(entry).Properties.Environment.Variables as object);
        expect(names.filter((name) => /SECRET|TOKEN|SLACK|WEBHOOK|PASSWORD/.test(name))).toEqual([]);
      }
    });
  });

  describe('the service stack', () => {
    it('runs each function on Node 24, arm64, with a log that ends', () => {
      for (const entry of ENTRIES) {
        const { Properties } = assembly().lambda(entry);
        expect(Properties).toMatchObject({
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          Handler: 'index.handler',
        });
        expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON', LogGroup: expect.anything() });
      }
      const logs = ofType(assembly().service, 'AWS::Logs::LogGroup');
      expect(logs.map(({ Properties }) => Properties.RetentionInDays)).toEqual(ENTRIES.map(() => 30));
    });
    it('bounds how much may run at once, whoever calls', () => {
      const reserved = Object.fromEntries(
        ENTRIES.map((entry) => [entry, assembly().lambda(entry).Properties.ReservedConcurrentExecutions]),
      );
      expect(reserved).toMatchObject({ ingest: 50, api: 20, notify: 1 });
      const mappings = ofType(assembly().service, 'AWS::Lambda::EventSourceMapping');
      expect(
        mappings.map(({ Properties }) => [
          Properties.ScalingConfig.MaximumConcurrency,
          Properties.FunctionResponseTypes,
        ]),
      ).toEqual([
        [10, ['ReportBatchItemFailures']],
        [5, ['ReportBatchItemFailures']],
      ]);
    });
    it('hides messages for six times what their function may take', () => {
      const times = [
        ...ofType(assembly().data, 'AWS::SQS::Queue'),
        ...ofType(assembly().service, 'AWS::SQS::Queue'),
      ]
        .map(({ Properties }) => Properties.VisibilityTimeout as number | undefined)
        .filter((time) => time !== undefined);
      expect(times).toEqual(
        ['analyze', 'work'].map((entry) => 6 * assembly().lambda(entry).Properties.Timeout),
      );
    });
    it('gives every role named actions on named resources', () => {
      for (const entry of ENTRIES) {
        for (const { Action, Resource } of statementsOf(assembly(), entry)) {
          for (const action of listOf(Action)) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
          for (const resource of listOf(Resource)) expect(resource).not.toBe('*');
        }
      }
      const mayDelete = ENTRIES.filter((entry) =>
        statementsOf(assembly(), entry).some(({ Action }) => listOf(Action).includes('s3:DeleteObject')),
      );
      expect(mayDelete).toEqual(['analyze', 'work']);
      const managed = ofType(assembly().service, 'AWS::IAM::Role').flatMap(
        ({ Properties }) => (Properties.ManagedPolicyArns as unknown[] | undefined) ?? [],
      );
      expect(managed).toEqual([]);
    });
    it('lets only the two doors be called from outside', () => {
      const urls = ofType(assembly().service, 'AWS::Lambda::Url');
      expect(urls.map(({ Properties }) => Properties.TargetFunctionArn['Fn::GetAtt'][0])).toEqual([
        expect.stringMatching(/^Ingest/),
        expect.stringMatching(/^Api/),
      ]);
    });
    it('rings for age, errors, dead letters, throttles and lost ticks, and tells somebody', () => {
      const alarms = ofType(assembly().service, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
      for (const alarm of alarms) expect(alarm.AlarmActions).toHaveLength(1);
      const watched = alarms.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`);
      const count = (name: string) => watched.filter((one) => one === name).length;
      expect(count('AWS/Lambda Errors')).toBe(ENTRIES.length);
      expect(count('AWS/Lambda Throttles')).toBe(ENTRIES.length);
      expect(count('AWS/SQS ApproximateAgeOfOldestMessage')).toBe(2);
      expect(count('AWS/SQS ApproximateNumberOfMessagesVisible')).toBe(3);
      expect(watched).toEqual(
        expect.arrayContaining(['AWS/DynamoDB WriteThrottleEvents', 'AWS/DynamoDB ReadThrottleEvents']),
      );
    });
    it('prints what to paste, and no secret', () => {
      const outputs = assembly().service.Outputs ?? {};
      expect(Object.keys(outputs).filter((name) => !name.startsWith('Publish'))).toEqual(
        expect.arrayContaining(['Url', 'OtlpEndpoint', 'OtlpHeaders', 'First1Secret', 'First2Key']),
      );
      expect(JSON.stringify(outputs.OtlpEndpoint)).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    });
  });
};

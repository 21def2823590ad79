import { Dashboard, GraphWidget, type IMetric, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { Alarms, FIVE_MINUTES } from './constructs/alarms.ts';
import type { QueueWithDeadLetters } from './constructs/queue-with-dead-letters.ts';
import type { ServiceFunction } from './constructs/service-function.ts';
import type { Settings } from './settings.ts';

export interface Watched {
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  readonly queues: Readonly<Record<string, QueueWithDeadLetters>>;
  /** Calls of schedules that could not be made. */
  readonly lost: Queue;
  readonly table: Table;
  readonly settings: Settings;
}

/** Uploads are analysed within a minute; a quarter of an hour is trouble. */
const AGE_MAX_S = 15 * 60;

/** Alarms on what nobody would see otherwise, and one page that shows it all. */
export function watch(scope: Construct, watched: Watched): void {
  alarmsOf(new Alarms(scope, 'Alarms', { email: watched.settings.alarmEmail }), watched);
  dashboardOf(scope, watched);
}

function alarmsOf(alarms: Alarms, { functions, queues, lost, table }: Watched): void {
  for (const [name, { resource }] of Object.entries(functions)) {
    const errors = resource.metricErrors({ period: FIVE_MINUTES });
    alarms.above(`${name}-errors`, errors, 0, 2, `${name} fails: see its log`);
    const throttles = resource.metricThrottles({ period: FIVE_MINUTES });
    alarms.above(
      `${name}-throttles`,
      throttles,
      0,
      3,
      `${name} is at its concurrency: docs/operations/limits.md`,
    );
  }
  for (const [name, { queue, dead }] of Object.entries(queues)) {
    const age = queue.metricApproximateAgeOfOldestMessage({ period: FIVE_MINUTES });
    alarms.above(`${name}-age`, age, AGE_MAX_S, 2, `${name} wait for more than 15 minutes`);
    const letters = dead.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES });
    alarms.above(`${name}-dead-letters`, letters, 0, 1, `${name} were given up: docs/operations/cloud.md`);
  }
  const missed = lost.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES });
  alarms.above('lost-ticks', missed, 0, 1, 'A schedule could not call its function');
  for (const [name, metric] of Object.entries(tableTrouble(table))) {
    alarms.above(`table-${name}`, metric, 0, 3, 'The table throttles: docs/operations/limits.md');
  }
}

const tableTrouble = (table: Table): Record<string, IMetric> => ({
  'read-throttles': table.metric('ReadThrottleEvents', { statistic: 'Sum', period: FIVE_MINUTES }),
  'write-throttles': table.metric('WriteThrottleEvents', { statistic: 'Sum', period: FIVE_MINUTES }),
});

function dashboardOf(scope: Construct, { functions, queues, table, settings }: Watched): void {
  const all = Object.values(functions).map(({ resource }) => resource);
  const lines = Object.values(queues);
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
  new Dashboard(scope, 'Dashboard', {
    dashboardName: settings.name,
    widgets: [
      [
        new TextWidget({
          markdown: '# Tidemark\nWhat to do about each alarm: docs/operations',
          width: 24,
          height: 2,
        }),
      ],
      [
        graph(
          'Calls',
          all.map((one) => one.metricInvocations()),
        ),
        graph(
          'Time (p95)',
          all.map((one) => one.metricDuration({ statistic: 'p95' })),
        ),
      ],
      [
        graph(
          'Errors and throttles',
          all.flatMap((one) => [one.metricErrors(), one.metricThrottles()]),
        ),
        graph(
          'Age of the oldest message',
          lines.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
        ),
      ],
      [
        graph(
          'Dead letters',
          lines.map(({ dead }) => dead.metricApproximateNumberOfMessagesVisible()),
        ),
        graph('Table', [
          table.metricConsumedReadCapacityUnits(),
          table.metricConsumedWriteCapacityUnits(),
          ...Object.values(tableTrouble(table)),
        ]),
      ],
    ],
  });
}

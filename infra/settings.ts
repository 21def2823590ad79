import type { Node } from 'constructs';

/** What a deployment may choose: `npx cdk deploy -c tidemark:retentionDays=60`. Defaults stand in cdk.json. */
export interface Settings {
  /** Begins the names of stacks, and of the parameters with the secrets. */
  readonly name: string;
  readonly acceptPastHours: number;
  readonly retentionDays: number;
  readonly rollUpDays: number;
  /** Most requests and batches at once: they bound what a flood can cost. */
  readonly ingestConcurrency: number;
  readonly apiConcurrency: number;
  readonly analyzeConcurrency: number;
  readonly workConcurrency: number;
  readonly scanMinutes: number;
  readonly logDays: number;
  /** False makes what holds data go with its stack: the first step to remove everything. */
  readonly keepData: boolean;
  /** Who is told of alarms; '' for nobody. */
  readonly alarmEmail: string;
}

const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400];

/** @throws Error naming the value and what is allowed */
export function readSettings(node: Node): Settings {
  const text = (name: string) => String(node.tryGetContext(`tidemark:${name}`) ?? '');
  const number = (name: string, min: number, max: number) => {
    const value = Number(text(name));
    if (text(name) !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`Cannot use tidemark:${name}="${text(name)}": need a whole number from ${min} to ${max}`);
  };
  const name = text('name');
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`Cannot use tidemark:name="${name}": need 1 to 31 of a-z, 0-9 and '-', a letter first`);
  const keepData = text('keepData');
  if (keepData !== 'true' && keepData !== 'false')
    throw new Error(`Cannot use tidemark:keepData="${keepData}": need true or false`);
  const acceptPastHours = number('acceptPastHours', 1, 24 * 3650);
  const logDays = number('logDays', 1, 400);
  if (!LOG_DAYS.includes(logDays))
    throw new Error(`Cannot use tidemark:logDays=${logDays}: CloudWatch knows ${LOG_DAYS.join(', ')}`);
  return {
    name,
    acceptPastHours,
    // Roll-ups are rebuilt from what late data may still reach: accept-past and 16 days.
    retentionDays: number('retentionDays', Math.ceil(acceptPastHours / 24) + 16, 3650),
    rollUpDays: number('rollUpDays', 1, 3650),
    ingestConcurrency: number('ingestConcurrency', 1, 1000),
    apiConcurrency: number('apiConcurrency', 1, 1000),
    analyzeConcurrency: number('analyzeConcurrency', 2, 1000),
    workConcurrency: number('workConcurrency', 2, 1000),
    scanMinutes: number('scanMinutes', 1, 60),
    logDays,
    keepData: keepData === 'true',
    alarmEmail: text('alarmEmail'),
  };
}

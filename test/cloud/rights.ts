import type { Seen } from '../support/aws/proxy.ts';
import type { Assembly, Resource } from '../support/aws/synth.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Statements of the role that a function has. */
export function statementsOf({ service, lambda }: Assembly, entry: string): readonly Statement[] {
  const role = lambda(entry).Properties.Role['Fn::GetAtt'][0] as string;
  return Object.values(service.Resources)
    .filter((one) => one.Type === 'AWS::IAM::Policy' && rolesOf(one).includes(role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

const rolesOf = ({ Properties }: Resource) => (Properties.Roles as { Ref: string }[]).map(({ Ref }) => Ref);
export const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** Whether AWS would allow what was asked: the statement names the action, and a resource of that kind and name. */
export const allows =
  ({ service, action, resource }: Seen) =>
  ({ Effect, Action, Resource }: Statement): boolean =>
    Effect === 'Allow' &&
    listOf(Action).includes(action) &&
    listOf(Resource).some((one) => isNamed(service, JSON.stringify(one), resource));

function isNamed(service: Seen['service'], arn: string, resource: string): boolean {
  if (service === 'dynamodb') return /Table\w+Arn/.test(arn);
  if (service === 'sqs') {
    const [queue = '', dead] = resource.split('-');
    return new RegExp(`${queue}${dead === undefined ? 'Queue' : 'Dead'}`, 'i').test(arn);
  }
  const [prefix] = resource.split('/');
  return resource === ''
    ? !arn.includes('"/')
    : arn.includes(`"/${prefix}/*"`) || arn.includes(`"/${resource}"`);
}

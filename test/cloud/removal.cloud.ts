// docs/operations/cloud.md, "Remove everything": what its first command deploys.
import { expect, it } from 'vitest';
import { synth } from '../support/aws/synth.ts';

it('tidemark:keepData=false lets all that holds data go with its stack', async () => {
  const { data, close } = await synth({ 'tidemark:keepData': 'false' });
  const kept = Object.values(data.Resources).filter(({ Type }) => !Type.endsWith('Policy'));
  expect(kept.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Delete', 'Delete', 'Delete', 'Delete']);
  const table = kept.find(({ Type }) => Type === 'AWS::DynamoDB::Table');
  expect(table?.Properties.DeletionProtectionEnabled).toBe(false);
  await close();
});
it.each([
  ['tidemark:keepData', 'maybe', 'need true or false'],
  ['tidemark:retentionDays', '3', 'need a whole number from 18 to 3650'],
  ['tidemark:name', 'My App', "need 1 to 31 of a-z, 0-9 and '-'"],
])('%s=%s is refused with what is allowed', async (name, value, allowed) => {
  await expect(synth({ [name]: value })).rejects.toThrow(allowed);
});

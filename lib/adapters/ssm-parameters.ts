import { type AwsClient, jsonCall, refused } from './aws-client.ts';

/** Values of the store of parameters in AWS, decrypted; those that are not there are left out. */
export async function readParameters(
  client: AwsClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const answer = await jsonCall<{ Parameters: { Name: string; Value: string }[] }>(
    client,
    'AmazonSSM.GetParameters',
    { Names: names, WithDecryption: true },
    { version: '1.1' },
  );
  if (!answer.ok) throw refused('ssm', 'GetParameters', answer.code, answer.message);
  return new Map(answer.value.Parameters.map(({ Name, Value }) => [Name, Value]));
}

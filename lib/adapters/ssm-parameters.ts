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

/** Writes a secret once: who comes second keeps the first. */
export async function createSecretParameter(
  client: AwsClient,
  name: string,
  value: string,
): Promise<'made' | 'there'> {
  const answer = await jsonCall(
    client,
    'AmazonSSM.PutParameter',
    { Name: name, Value: value, Type: 'SecureString', Overwrite: false },
    { version: '1.1' },
  );
  if (answer.ok) return 'made';
  if (answer.code === 'ParameterAlreadyExists') return 'there';
  throw refused('ssm', 'PutParameter', answer.code, answer.message);
}

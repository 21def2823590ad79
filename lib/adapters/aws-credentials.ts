import { readFile } from 'node:fs/promises';
import { Fault } from '../model/fault.ts';
import type { AwsCredentials } from './aws-signature.ts';

export type CredentialSource = () => Promise<AwsCredentials>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Asked again this long before they end: a request that is on its way must not arrive after. */
const EARLY_MS = 5 * 60_000;
const TIMEOUT_MS = 5000;

/**
 * Where Lambda, containers and own hardware put credentials: the environment (AWS_ACCESS_KEY_ID …), else the endpoint
 * that ECS and EKS name there. A laptop's profiles come in by `aws configure export-credentials --format env`.
 */
export function environmentCredentials(env: Environment): CredentialSource {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId && secretAccessKey) {
    const fixed = { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined };
    return () => Promise.resolve(fixed);
  }
  const endpoint = containerEndpoint(env);
  if (endpoint === undefined) return () => Promise.reject(noCredentials());
  return renewed(() => askContainer(endpoint, env));
}

const noCredentials = () =>
  new Fault(
    'unauthorized',
    'Cannot sign requests to AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (eval "$(aws configure export-credentials --format env)")',
  );

const containerEndpoint = (env: Environment): string | undefined =>
  env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
    ? `http://169.254.170.2${env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}`
    : env.AWS_CONTAINER_CREDENTIALS_FULL_URI || undefined;

interface Temporary {
  readonly credentials: AwsCredentials;
  readonly endsAt: number;
}

async function askContainer(endpoint: string, env: Environment): Promise<Temporary> {
  const tokenFile = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = tokenFile
    ? (await readFile(tokenFile, 'utf8')).trim()
    : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  const headers: Record<string, string> = token ? { authorization: token } : {};
  const response = await fetch(endpoint, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok)
    throw new Fault(
      'unavailable',
      `Cannot get credentials: the container's endpoint answered ${response.status}`,
    );
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = (await response.json()) as Record<
    string,
    string
  >;
  if (!AccessKeyId || !SecretAccessKey) throw noCredentials();
  return {
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    endsAt: Date.parse(Expiration ?? '') || Date.now() + EARLY_MS,
  };
}

/** Of many that ask at once one goes to the endpoint. */
function renewed(ask: () => Promise<Temporary>): CredentialSource {
  let current: Temporary | undefined;
  let asking: Promise<Temporary> | undefined;
  return async () => {
    if (current !== undefined && current.endsAt - EARLY_MS > Date.now()) return current.credentials;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    current = await asking;
    return current.credentials;
  };
}

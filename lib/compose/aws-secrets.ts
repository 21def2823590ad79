import { readFileSync } from 'node:fs';
import { readParameters } from '../adapters/ssm-parameters.ts';
import { Fault } from '../model/fault.ts';
import type { AwsStores } from './aws-stores.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `TIDEMARK_PARAMETERS` (a path such as /tidemark) holds in SSM, as SecureStrings. */
const NAMES = ['master-secret', 'slack-webhook-url', 'webhook-url', 'webhook-secret'] as const;
export type SecretName = (typeof NAMES)[number];

export interface Secrets {
  /** Undefined: not set, which is fine for targets of messages. */
  get(name: SecretName): Promise<string | undefined>;
  /** @throws Fault('unavailable') when there is none: uploads could not be told from forged ones */
  masterSecret(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Secrets live in SSM and never in the environment of a function, where everybody who may describe it can read them. Asked
 * for once, when first needed. On own hardware, without SSM, the master secret is a file that only its owner can read
 * (`TIDEMARK_MASTER_SECRET_FILE`) and the targets of messages are settings as in embedded mode.
 */
export function awsSecrets(env: Environment, stores: Pick<AwsStores, 'client'>): Secrets {
  const path = env.TIDEMARK_PARAMETERS?.replace(/\/+$/, '');
  let asked: Promise<ReadonlyMap<string, string>> | undefined;
  const ask = () => {
    asked ??= readParameters(
      stores.client('ssm'),
      NAMES.map((name) => `${path}/${name}`),
    ).catch((error: unknown) => {
      asked = undefined; // the next one asks again
      throw error;
    });
    return asked;
  };
  const get = async (name: SecretName) =>
    path === undefined ? undefined : (await ask()).get(`${path}/${name}`);
  return {
    get,
    async masterSecret() {
      const file = env.TIDEMARK_MASTER_SECRET_FILE;
      const text = file ? readFileSync(file, 'utf8') : await get('master-secret');
      const bytes = Uint8Array.from(Buffer.from((text ?? '').trim(), 'base64'));
      if (bytes.length >= 16) return bytes;
      const place = file || `${path ?? ''}/master-secret`;
      throw new Fault(
        'unavailable',
        `Cannot read the master secret: ${place} holds none; see docs/operations`,
      );
    },
  };
}

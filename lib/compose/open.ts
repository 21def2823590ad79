import { lockFolder } from '../adapters/folder-lock.ts';
import { Fault } from '../model/fault.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { awsSecrets } from './aws-secrets.ts';
import { awsStores } from './aws-stores.ts';
import type { Config } from './config.ts';
import { type Local, openLocal, openRecords } from './local.ts';
import { openOwnHardware } from './own-hardware.ts';
import { systemClock } from './system-clock.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** True when `TIDEMARK_STORES` names stores other than the files of this machine. @throws Fault('invalid-input') */
export function usesAws(env: Environment): boolean {
  const stores = env.TIDEMARK_STORES || 'files';
  if (stores === 'aws') return true;
  if (stores === 'files') return false;
  throw new Fault('invalid-input', `Cannot use TIDEMARK_STORES="${stores}": need files or aws`);
}

/** The product on the stores that are configured: for servers and for commands that work beside one. */
export const openStores = (config: Config, env: Environment = process.env): Promise<Local> =>
  usesAws(env) ? openOwnHardware(config, env) : openLocal(config);

/** Makes this process the one server of its files; stores of other machines take any number. Returns what ends it. */
export const claimStores = (config: Config, env: Environment = process.env): (() => void) =>
  usesAws(env) ? () => undefined : lockFolder(config.dataDir);

/** Keys alone, wherever they are kept. */
export async function openKeys(
  config: Config,
  env: Environment = process.env,
): Promise<{
  readonly records: RecordStore;
  readonly masterSecret: Uint8Array<ArrayBuffer>;
  close(): void;
}> {
  if (!usesAws(env)) return openRecords(config);
  const stores = awsStores(env, systemClock);
  const masterSecret = await awsSecrets(env, stores).masterSecret();
  return { records: stores.records, masterSecret, close: () => undefined };
}

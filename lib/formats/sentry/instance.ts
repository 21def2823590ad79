import type { InstanceIdentity } from '../../model/telemetry.ts';
import type { Trace } from '../../model/trace.ts';

/** Sentry names a machine at most: workers of one host are one instance here, and their memory comes by other ways. */
export function instanceOf({
  host,
  version,
  platform,
  sdk,
}: Pick<Trace, 'host' | 'version' | 'platform' | 'sdk'>): InstanceIdentity {
  return {
    key: host === '' ? 'unnamed' : host,
    source: host === '' ? 'none' : 'host.name',
    joins: host === '' ? {} : { host },
    ...(version !== '' && { version }),
    ...(platform !== '' && { language: platform === 'node' ? 'nodejs' : platform }),
    ...(sdk.name !== '' && { sdk: sdk.version === '' ? sdk.name : `${sdk.name}/${sdk.version}` }),
  };
}

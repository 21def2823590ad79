import type { EpochMs } from '../../model/units.ts';
import { usageByFunction } from '../../records/usage.ts';
import type { JobContext } from '../context.ts';

/** AWS's list prices in us-east-1, arm64, without any free tier, in US dollars. */
const PRICES = {
  asOf: '2026-11',
  region: 'us-east-1',
  /** Per one of what is counted. What is not here costs nothing by the call. */
  each: {
    PutObject: 5e-6,
    ListObjectsV2: 5e-6,
    GetObject: 4e-7,
    HeadObject: 4e-7,
    ReadUnits: 1.25e-7,
    WriteUnits: 6.25e-7,
    SendMessageBatch: 4e-7,
    ReceiveMessage: 4e-7,
    DeleteMessageBatch: 4e-7,
    ChangeMessageVisibilityBatch: 4e-7,
    GetQueueAttributes: 4e-7,
    Invoke: 2e-7,
    GiBSeconds: 1.33334e-5,
  } as Readonly<Record<string, number>>,
} as const;

/**
 * What the installation asked of its stores and of Lambda, and what that costs at list prices: all projects together.
 * Storage, logs and the polling of queues by Lambda are not among it; docs/operations/cost.md has them.
 */
export async function usageAnswer({ records }: Pick<JobContext, 'records'>, from: EpochMs, to: EpochMs) {
  const byFunction = await usageByFunction(records, from, to);
  const items = [...byFunction].map(([name, counts]) => ({ name, counts: Object.fromEntries(counts) }));
  const uploads = byFunction.get('ingest')?.get('PutObject') ?? 0;
  const usd = items.reduce((sum, { counts }) => sum + costOf(counts), 0);
  return {
    from,
    to,
    uploads,
    usd,
    usdPerMillion: uploads === 0 ? null : (usd / uploads) * 1e6,
    prices: { asOf: PRICES.asOf, region: PRICES.region },
    items: items.map((item) => ({ ...item, usd: costOf(item.counts) })),
  };
}

const costOf = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).reduce((sum, [name, count]) => sum + count * (PRICES.each[name] ?? 0), 0);

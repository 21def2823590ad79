import type { ApiUsage } from '../../../lib/http/usage-routes.ts';
import { useApi } from '../api.ts';
import { count } from '../format.ts';
import { Part } from './states.tsx';

/** What is counted, by who is paid for it. */
const GROUPS: readonly (readonly [head: string, names: readonly string[]])[] = [
  ['Calls', ['Invoke']],
  ['GiB s', ['GiBSeconds']],
  ['S3 requests', ['PutObject', 'ListObjectsV2', 'GetObject', 'HeadObject']],
  ['DynamoDB units', ['ReadUnits', 'WriteUnits']],
  [
    'SQS requests',
    [
      'SendMessageBatch',
      'ReceiveMessage',
      'DeleteMessageBatch',
      'ChangeMessageVisibilityBatch',
      'GetQueueAttributes',
    ],
  ],
];

/** What Tidemark itself asked of its stores in a day, and what that costs at list prices. Nothing where nothing is billed. */
export function RunningCost() {
  const usage = useApi<ApiUsage>('/usage');
  if (usage.data?.items.length === 0) return null;
  return (
    <Part of={usage} what="what Tidemark itself costs" chart={false}>
      {(data) => (
        <section class="near">
          <div class="head">
            <h2>What Tidemark itself costs</h2>
          </div>
          <p class="lede">{sentenceOf(data)}</p>
          <div class="scroll">
            <table class="stack" id="cost">
              <thead>
                <tr>
                  <th scope="col">Function</th>
                  {GROUPS.map(([head]) => (
                    <th key={head} scope="col" class="num">
                      {head}
                    </th>
                  ))}
                  <th scope="col" class="num">
                    US$
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.items
                  .toSorted((a, b) => b.usd - a.usd)
                  .map(({ name, counts, usd }) => (
                    <tr key={name}>
                      <td class="strong">{name}</td>
                      {GROUPS.map(([head, names]) => (
                        <td key={head} class="num" data-l={head}>
                          {count(Math.round(names.reduce((sum, one) => sum + (counts[one] ?? 0), 0)))}
                        </td>
                      ))}
                      <td class="num" data-l="US$">
                        {dollars(usd)}
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
          <p class="note under">
            All services together. List prices of {data.prices.region}, {data.prices.asOf}, without a free
            tier; storage, logs and the polling of queues are not among them.
          </p>
        </section>
      )}
    </Part>
  );
}

const sentenceOf = ({ uploads, usd, usdPerMillion }: ApiUsage): string =>
  usdPerMillion === null
    ? `US$ ${dollars(usd)} in the last day, in which no upload came.`
    : `US$ ${dollars(usdPerMillion)} per million uploads: ${count(uploads)} came in the last day, for US$ ${dollars(usd)}.`;

const dollars = (usd: number): string =>
  usd > 0 && usd < 0.01
    ? '< 0.01'
    : usd.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

import './trace.css';
import type { ApiNesting } from '../../../lib/http/trace-schemas.ts';
import { useApi } from '../api.ts';
import { Fix } from '../components/paste.tsx';
import { Part } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { capital, count, percent } from '../format.ts';
import { CAUSE_WORDS, plural, type TagKind } from '../words.ts';

type Deployment = ApiNesting['items'][number];

const FIRST = 12;
const VERDICTS: Record<Deployment['verdict'], readonly [TagKind, string]> = {
  ok: ['ok', 'Sound'],
  hint: ['maybe', 'Late work'],
  misnested: ['gap', 'Wrong nesting'],
};

/** How the traces of each process are nested; for those that are not, the lines that put it right. */
export function NestingVerdicts({ service }: { service: string }) {
  const nesting = useApi<ApiNesting>(`/services/${encodeURIComponent(service)}/nesting`);
  return (
    <Part of={nesting} what="the nesting of traces" chart={false}>
      {(data) => (data.items.length === 0 ? null : <Verdicts data={data} />)}
    </Part>
  );
}

function Verdicts({ data }: { data: ApiNesting }) {
  const { items } = data;
  return (
    <section id="nesting" class="nesting">
      <div class="head">
        <h2>Nesting of traces</h2>
        <span class="note">by process, over the last day</span>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Verdict</th>
              <th scope="col" class="num">
                Wrong
              </th>
              <th scope="col" class="num">
                Traces
              </th>
              <th scope="col">Release</th>
              <th scope="col">SDK</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, FIRST).map((one) => (
              <ProcessRow key={`${one.release} ${one.host} ${one.process} ${one.sdk}`} one={one} />
            ))}
          </tbody>
        </table>
      </div>
      {items.length > FIRST && (
        <p class="note under">And {items.length - FIRST} more, with fewer wrong traces.</p>
      )}
      <Fixes items={items} />
      <Fragments items={items} />
    </section>
  );
}

function ProcessRow({ one }: { one: Deployment }) {
  const [kind, word] = VERDICTS[one.verdict];
  return (
    <tr data-row>
      <td class="strong span-name">{[one.host, one.process].filter(Boolean).join(', ') || 'unnamed'}</td>
      <td class="key">
        <Tag kind={kind}>{word}</Tag>
      </td>
      <td class="num" data-l="wrong">
        {percent(one.misnested / Math.max(1, one.traces))}
      </td>
      <td class="num" data-l="traces">
        {count(one.traces)}
      </td>
      <td class="mid" data-l="release">
        {one.release || '–'}
      </td>
      <td class="small mid span-name">{one.sdk}</td>
      <td class="why full small">{one.cause && capital(CAUSE_WORDS[one.cause] ?? one.cause)}</td>
    </tr>
  );
}

/** Each text once, with the processes and endpoints that it is for. */
function Fixes({ items }: { items: readonly Deployment[] }) {
  const byFix = Map.groupBy(
    items.filter(({ fix }) => fix !== ''),
    ({ fix }) => fix,
  );
  return (
    <>
      {[...byFix].map(([fix, of]) => {
        const [first] = of;
        const names = of.map(({ host, process }) => host || process).filter(Boolean);
        const endpoints = of
          .flatMap((one) => one.endpoints)
          .filter(({ misnested }) => misnested > 0)
          .slice(0, 3)
          .map(({ name }) => name);
        return (
          <div key={fix} class="nesting-fix">
            <h3>
              What to change
              {names.length > 0 &&
                ` on ${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`}
            </h3>
            <p class="lede between">
              {first?.reason && `${first.reason}.`}
              {endpoints.length > 0 && ` Seen in ${[...new Set(endpoints)].join(', ')}.`}
            </p>
            <Fix text={fix} label="the fix of the nesting" />
          </div>
        );
      })}
    </>
  );
}

function Fragments({ items }: { items: readonly Deployment[] }) {
  const all = items.flatMap(({ host, fragmented }) => fragmented.map((one) => ({ host, ...one })));
  if (all.length === 0) return null;
  return (
    <div class="nesting-fix">
      <h3>Requests that come apart</h3>
      <p class="lede between">
        Spans without a parent lie inside of these requests: the context was lost on the way. They are shown
        apart and never merged.
      </p>
      <ul class="examples">
        {all.slice(0, FIRST).map((one) => (
          <li key={`${one.host} ${one.endpoint}`} class="wrap">
            <span class="mono strong">{one.endpoint}</span>{' '}
            <span class="mid">
              {count(one.fragmentedUnits)} of {count(one.units)} requests, {count(one.fragments)}{' '}
              {plural(one.fragments, 'span')} without a parent{one.host && `, on ${one.host}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

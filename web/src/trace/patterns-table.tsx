import { useState } from 'preact/hooks';
import type { ApiSuspects } from '../../../lib/http/trace-schemas.ts';
import { count, milliseconds } from '../format.ts';
import { PATTERN_WORDS } from '../words.ts';
import { AsideButton } from './aside-button.tsx';
import { ExampleLinks } from './example-links.tsx';
import { unitPath } from './types.ts';

/** What costs time needlessly by its form: each can be ignored, one by one. */
export function PatternsTable({
  data,
  service,
  reload,
}: {
  data: ApiSuspects;
  service: string;
  reload: () => void;
}) {
  const [withIgnored, setWithIgnored] = useState(false);
  const ignored = data.patterns.filter((one) => one.ignored).length;
  const rows = data.patterns.filter((one) => withIgnored || !one.ignored);
  if (data.patterns.length === 0) return null;
  return (
    <section>
      <div class="head">
        <h2>Patterns</h2>
        <span class="note">read on the repaired tree</span>
      </div>
      <div class="scroll">
        <table class="stack" id="patterns">
          <thead>
            <tr>
              <th scope="col" class="w34">
                Pattern
              </th>
              <th scope="col" class="w25">
                Evidence
              </th>
              <th scope="col" class="num">
                Requests
              </th>
              <th scope="col" class="num">
                Worst
              </th>
              <th scope="col" class="num">
                In all
              </th>
              <th scope="col">Examples</th>
              <th scope="col">
                <span class="sr">Ignore</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.kind} ${row.subject}`} data-row>
                <td class="span-name">
                  <span class="strong">{PATTERN_WORDS[row.kind] ?? row.kind}</span>{' '}
                  <span class="mono small">{row.subject}</span>
                </td>
                <td class="full small mid span-name">{row.evidence}</td>
                <td class="num" data-l="requests">
                  {count(Math.round(row.requests))}
                </td>
                <td class="num" data-l="worst">
                  {milliseconds(row.worstMs)}
                </td>
                <td class="num key">{milliseconds(row.sumMs)}</td>
                <td class="small" data-l="examples">
                  <ExampleLinks
                    service={service}
                    examples={row.examples}
                    about={`the pattern in ${row.subject}`}
                    open={({ spanId }) => ({ span: spanId })}
                  />
                </td>
                <td class="num">
                  <AsideButton
                    path={`${unitPath(service, data.unit)}/patterns/ignore`}
                    body={{ kind: row.kind, subject: row.subject }}
                    flag="ignored"
                    aside={row.ignored !== null}
                    words={{
                      set: 'Ignore',
                      back: 'Look again',
                      about: `${PATTERN_WORDS[row.kind] ?? row.kind}, ${row.subject}`,
                    }}
                    changed={reload}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {ignored > 0 && (
        <p class="note under">
          <button
            type="button"
            class="link"
            aria-pressed={withIgnored}
            onClick={() => setWithIgnored(!withIgnored)}
          >
            {withIgnored ? 'Hide' : 'Show'} {ignored} ignored
          </button>
        </p>
      )}
    </section>
  );
}

import { request, useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Paste } from '../components/paste.tsx';
import { Part } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { lookNow } from '../status.ts';
import { dayTime } from '../time.ts';
import type { KeyList } from '../types.ts';
import { useView } from '../view.ts';
import { numberWord, plural } from '../words.ts';

/** A plain table. Keys are made on the command line, where their text is shown once. */
export function KeysPage() {
  const { zone } = useView();
  const keys = useApi<KeyList>('/keys');
  return (
    <Page title="Keys">
      <Part of={keys} what="the keys" chart={false}>
        {({ items }) => {
          const active = items.filter((key) => key.status === 'active').length;
          return (
            <section>
              <h1 class="say">
                {numberWord(active)} {plural(active, 'key is', 'keys are')} active.
              </h1>
              {items.length > 0 && (
                <div class="scroll after-say">
                  <table class="stack">
                    <thead>
                      <tr>
                        <th scope="col">Key</th>
                        <th scope="col">State</th>
                        <th scope="col">May</th>
                        <th scope="col">Project</th>
                        <th scope="col">Made</th>
                        <th scope="col">Note</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((key) => (
                        <tr key={key.id}>
                          <td class="mono">{key.id}</td>
                          <td class="key">
                            {key.status === 'active' ? (
                              <Tag kind="ok">Active</Tag>
                            ) : (
                              <Tag kind="none">Revoked</Tag>
                            )}
                          </td>
                          <td>{key.scopes.join(', ')}</td>
                          <td class="mid">{key.project}</td>
                          <td class="mid">{dayTime(key.createdAt, zone)}</td>
                          <td class="why full small">{key.note}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
              <p class="lede between">Make one on the machine where Tidemark runs; its text is shown once.</p>
              <div class="narrow">
                <Paste
                  lines="npx tidemark keys create --project default --scopes ingest"
                  label="make a key"
                />
              </div>
            </section>
          );
        }}
      </Part>
      <Session />
    </Page>
  );
}

/** What stands for no key, where none is asked for. */
const OPEN = 'open';

/** Whose eyes these are, where a key is asked for. */
function Session() {
  const session = useApi<{ project: string; scopes: string[]; key: string }>('/session');
  if (!session.data || session.data.key === OPEN) return null;
  const { key, scopes } = session.data;
  return (
    <p class="row between">
      <span>
        You are signed in with <code>{key}</code>, which may {scopes.join(', ')}.
      </span>
      <button
        type="button"
        class="btn"
        onClick={() => void request('/session', { method: 'DELETE' }).then(() => lookNow())}
      >
        Sign out
      </button>
    </p>
  );
}

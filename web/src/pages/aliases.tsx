import { useState } from 'preact/hooks';
import { ApiError, request, useApi } from '../api.ts';
import { Dialog } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { Page } from '../components/page.tsx';
import { Part } from '../components/states.tsx';
import { href, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import type { AliasList, ServiceList } from '../types.ts';
import { useView } from '../view.ts';
import { numberWord, plural } from '../words.ts';

interface Names {
  readonly from: string;
  readonly to: string;
}

/** Names that are read as part of another service, pairs that look like one, and a form that joins two. */
export function AliasesPage() {
  const { zone } = useView();
  const aliases = useApi<AliasList>('/aliases');
  const [joining, setJoining] = useState<Names>();
  const [trouble, setTrouble] = useState<string>();
  const part = async (from: string) => {
    setTrouble(undefined);
    try {
      await request(`/aliases/${encodeURIComponent(from)}`, { method: 'DELETE' });
      aliases.reload();
    } catch (error) {
      setTrouble(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <Page title="Aliases">
      <Part of={aliases} what="the aliases" chart={false}>
        {({ items, proposals, notLookedAt }) => (
          <>
            <section>
              <h1 class="say">
                {numberWord(items.length)} {plural(items.length, 'name is', 'names are')} read as part of
                another service.
              </h1>
              <p class="lede">
                One service may have another name in each protocol. An alias holds at once for all that was
                ever received, and nothing that is stored changes: taken back, its name is a service again.
              </p>
              {items.length > 0 && (
                <div class="scroll after-say">
                  <table class="stack">
                    <thead>
                      <tr>
                        <th scope="col">Name</th>
                        <th scope="col">Part of</th>
                        <th scope="col">Since</th>
                        <th scope="col">
                          <span class="sr">Change</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map(({ from, to, at }) => (
                        <tr key={from}>
                          <td class="mono wrap">{from}</td>
                          <td class="wrap" data-l="part of">
                            <a href={href(servicePath(to, 'memory'))}>{to}</a>
                          </td>
                          <td class="mid" data-l="since">
                            {dayTime(at, zone)}
                          </td>
                          <td>
                            <button
                              type="button"
                              class="btn bare"
                              aria-label={`Take back ${from}`}
                              onClick={() => void part(from)}
                            >
                              Take back
                            </button>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
              {trouble && (
                <p class="small c-growth" role="alert">
                  {trouble}
                </p>
              )}
              <p class="row between">
                <button type="button" class="btn" onClick={() => setJoining({ from: '', to: '' })}>
                  Join two names…
                </button>
              </p>
            </section>
            {proposals.length > 0 && (
              <section>
                <div class="head">
                  <h2>Look like one service</h2>
                  <span class="note">both names were seen in one place, and nobody else there</span>
                </div>
                <div class="scroll">
                  <table class="stack" id="proposals">
                    <thead>
                      <tr>
                        <th scope="col">Name</th>
                        <th scope="col">Part of</th>
                        <th scope="col">Seen on</th>
                        <th scope="col">
                          <span class="sr">Change</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {proposals.map(({ from, to, by, id }) => (
                        <tr key={`${from} ${to}`}>
                          <td class="mono wrap">{from}</td>
                          <td class="mono wrap" data-l="part of">
                            {to}
                          </td>
                          <td class="full small wrap">
                            {PLACES[by] ?? by} <span class="mono">{id}</span>
                          </td>
                          <td>
                            <button
                              type="button"
                              class="btn bare"
                              aria-label={`Join ${from} and ${to}`}
                              onClick={() => setJoining({ from, to })}
                            >
                              Join…
                            </button>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </section>
            )}
            {notLookedAt > 0 && (
              <p class="note under">
                {notLookedAt} {plural(notLookedAt, 'service')} that sent nothing of late{' '}
                {plural(notLookedAt, 'was', 'were')} not looked at.
              </p>
            )}
          </>
        )}
      </Part>
      {joining && (
        <JoinNames
          names={joining}
          close={() => setJoining(undefined)}
          done={() => {
            setJoining(undefined);
            aliases.reload();
          }}
        />
      )}
    </Page>
  );
}

const PLACES: Readonly<Record<string, string>> = { 'pod-uid': 'pod' };

function JoinNames({ names, close, done }: { names: Names; close: () => void; done: () => void }) {
  const services = useApi<ServiceList>('/services').data?.items ?? [];
  const [from, setFrom] = useState(names.from);
  const [to, setTo] = useState(names.to);
  const [trouble, setTrouble] = useState<string>();
  const send = async () => {
    const headers = { 'Content-Type': 'application/json' };
    try {
      const body = JSON.stringify({ from: from.trim(), to: to.trim() });
      await request('/aliases', { method: 'PUT', headers, body });
      done();
    } catch (error) {
      setTrouble(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <Dialog label="Join two names" className="help settings" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2>Join two names</h2>
        <Field label="What comes as" required data-first list="services" value={from} set={setFrom} />
        <Field label="is part of the service" required list="services" value={to} set={setTo} />
        <datalist id="services">
          {services.map(({ service }) => (
            <option key={service} value={service} />
          ))}
        </datalist>
        {trouble && (
          <p class="small c-growth" role="alert">
            {trouble}
          </p>
        )}
        <div class="row">
          <button type="submit" class="btn primary">
            Join
          </button>
          <button type="button" class="btn bare" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

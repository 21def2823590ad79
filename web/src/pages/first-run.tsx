import type { ApiSetup, ApiUploads } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Guides } from '../components/guides.tsx';
import { Page } from '../components/page.tsx';
import { Paste } from '../components/paste.tsx';
import { Part } from '../components/states.tsx';
import { count } from '../format.ts';
import { href } from '../router.ts';

/** Before the first upload: where to send, the lines for it, and two ways to see something at once. */
export function FirstRun() {
  const setup = useApi<ApiSetup>('/setup');
  const uploads = useApi<ApiUploads>('/uploads').data;
  const received = uploads?.balance.received ?? 0;
  const refused = uploads?.refused.reduce((sum, row) => sum + row.count, 0) ?? 0;
  return (
    <Page title="Waiting for data">
      <div class="first">
        <section>
          <h1 class="say">Nothing has arrived yet.</h1>
          {setup.data && (
            <p class="lede after-say">
              Tidemark is listening on <code>{setup.data.endpoint}</code>. Point an SDK you already use at it;
              the first chart appears with the first upload, the first verdict when enough of it is there.
            </p>
          )}
        </section>
        <Part of={setup} what="the set-up lines" chart={false}>
          {(data) => <Guides setup={data} title="Send what you have" />}
        </Part>
        <p class="waiting" role="status">
          <span class="pulse" aria-hidden="true" />
          Waiting for the first upload; looking again every five seconds. {count(received)} received,{' '}
          {count(refused)} refused.
          {refused > 0 && (
            <>
              {' '}
              <a href={href('/uploads')}>Why refused</a>
            </>
          )}
        </p>
        <section class="eq2">
          <div>
            <h2 class="h">See one leak found</h2>
            <p class="lede between">
              A small service that leaks on one of its routes, found while you watch.
            </p>
            <Paste lines="npm run demo" label="the demo" />
          </div>
          <div>
            <h2 class="h">Ask about a file</h2>
            <p class="lede between">
              A file of memory measurements; a verdict in seconds, nothing to set up.
            </p>
            <Paste lines="npx tidemark scan memory.csv" label="a scan" />
          </div>
        </section>
        <p class="note foot">
          Stored are sizes, counts and names of units of work; never values, request bodies or heap snapshots.
        </p>
      </div>
    </Page>
  );
}

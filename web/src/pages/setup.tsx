import type { ApiSetup } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Guides } from '../components/guides.tsx';
import { Page } from '../components/page.tsx';
import { Part } from '../components/states.tsx';
import { href } from '../router.ts';

export function SetupPage() {
  const setup = useApi<ApiSetup>('/setup');
  return (
    <Page title="Set-up">
      <Part of={setup} what="the set-up lines" chart={false}>
        {(data) => (
          <div class="narrow">
            <section>
              <h1 class="say">
                Send telemetry to <code>{data.endpoint}</code>
                {data.auth ? ', with a key.' : '; no key is needed here.'}
              </h1>
              <p class="lede after-say">
                Nothing of Tidemark runs inside your service. The first upload appears here within seconds;
                what was refused, and why, stands under <a href={href('/uploads')}>Uploads</a>
                {data.auth && (
                  <>
                    , keys under <a href={href('/keys')}>Keys</a>
                  </>
                )}
                .
              </p>
            </section>
            <Guides setup={data} title="Lines to paste" />
          </div>
        )}
      </Part>
    </Page>
  );
}

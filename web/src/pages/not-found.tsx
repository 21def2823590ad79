import { Page } from '../components/page.tsx';
import { href } from '../router.ts';

export const NotFound = ({ path }: { path: string }) => (
  <Page title="Not here">
    <h1 class="say">There is no page at this address.</h1>
    <p class="lede after-say">
      Looked for <code>{path}</code>. <a href={href('/')}>All services</a> or{' '}
      <a href={href('/findings')}>all findings</a>.
    </p>
  </Page>
);

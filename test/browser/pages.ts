import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { findChromium, launch, openPage, type Watched } from './browser.ts';
import { startFixture } from './fixture-api.ts';

const executable = findChromium();

export interface Pages {
  /** False where the machine has no Chromium: its tests are skipped, which is said. */
  readonly canOpen: boolean;
  /** In `describe`: pages are built and served before the tests, and gone after them. */
  readonly setUp: () => void;
  readonly fixture: () => Awaited<ReturnType<typeof startFixture>>;
  /** A page of this width that has not gone anywhere. */
  readonly blank: (width?: number) => Promise<Watched>;
}

/** The built pages over the made-up API. @param what is looked at, for who reads that it was skipped */
export function pagesInChromium(what: string): Pages {
  let browser: Browser;
  let fixture: Awaited<ReturnType<typeof startFixture>>;
  if (!executable)
    console.warn(`SKIPPED: ${what} in Chromium: no chromium on PATH (apt-get install chromium)`);
  const setUp = () => {
    beforeAll(async () => {
      const config = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url));
      await build({ configFile: config, logLevel: 'error' });
      browser = await launch(executable ?? '');
      fixture = await startFixture('leak');
    });
    afterAll(async () => {
      await browser?.close();
      await fixture?.close();
    });
  };
  return {
    canOpen: executable !== undefined,
    setUp,
    fixture: () => fixture,
    blank: (width = 1440) => openPage(browser, { width }),
  };
}

// The api bundle that `cdk synth` made, with the built UI in it, behind a function URL: a person signs in and reads the finding.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { startEngines } from '../support/aws/cloud.ts';
import { type Deployed, deploy } from '../support/aws/deployed.ts';
import { TEST_TOKEN } from '../support/aws/keys.ts';
import type { Listening } from '../support/aws/listen.ts';
import { synth } from '../support/aws/synth.ts';
import { packedCapture, replay } from '../support/captures.ts';
import { axeFindings } from './axe.ts';
import { findChromium, launch, openPage } from './browser.ts';
import { checkFindingPage } from './finding-page.ts';

const executable = findChromium();
/** `cdk synth`, a replay over engines, and a browser, on a machine that has much else to do. */
const LONG_MS = 240_000;

if (!executable)
  console.warn('SKIPPED: the api bundle in Chromium: no chromium on PATH (apt-get install chromium)');

describe.skipIf(!executable)('the api bundle in Chromium', { timeout: LONG_MS }, () => {
  let browser: Browser;
  let deployed: Deployed;
  let served: Listening;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const assembly = await synth();
    closing.push(assembly.close);
    const capture = packedCapture(new URL('../fixtures/replays/otel-go.json.gz', import.meta.url).pathname);
    const engines = await startEngines(capture.truth.recorder.startUnixMs);
    closing.push(engines.close);
    deployed = await deploy(assembly, engines);
    closing.push(deployed.close);
    await replay(deployed, capture);
    served = await deployed.serveApi();
    closing.push(served.close);
    browser = await launch(executable ?? '');
    closing.push(() => browser.close());
  }, LONG_MS);
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  }, LONG_MS);

  it.each([
    [1440, 'light'],
    [390, 'dark'],
  ] as const)('signs in and shows onset band, suspect and finding at %i px, %s', async (width, theme) => {
    const { page, context, complaints } = await openPage(browser, { width, theme });
    await page.goto(`${served.url}/findings`);
    await page.getByLabel('Key with the scope read').fill(TEST_TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('a.find').first().waitFor();
    // Being asked for a key is an answer of 401, which the browser writes into its console.
    const asked = complaints.splice(0);
    expect(asked.filter((text) => !text.includes('401'))).toEqual([]);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });

    const seen = await checkFindingPage(page, served.url);
    const finding = await deployed.get<ApiFinding>(new URL(seen.url).pathname);
    expect(finding.suspects[0]?.units.map(({ name }) => name)).toContain(seen.suspect);
    expect(await axeFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('says with every page what scripts may do', async () => {
    const { headers } = await fetch(`${served.url}/findings`);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'|default-src 'self'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe-(inline|eval)/);
  });
});

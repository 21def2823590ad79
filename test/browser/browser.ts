import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** The system's Chromium, or undefined; `CHROMIUM` names another one. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  for (const name of NAMES) {
    const path = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (path) return path;
  }
  return undefined;
}

export const launch = (executablePath: string): Promise<Browser> =>
  // No sandbox: containers run as root, and the pages are our own.
  chromium.launch({ executablePath, args: ['--no-sandbox'] });

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What a page must never do: errors in the console, requests to other hosts. */
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  options: { width: number; height?: number; theme?: 'light' | 'dark' },
): Promise<Watched> {
  const { width, height = 900, theme = 'light' } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce', // an animation half way through has the wrong contrast
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (hostname !== '127.0.0.1' && hostname !== 'localhost') complaints.push(`Request to ${request.url()}`);
  });
  return { page, context, complaints };
}

/** Pixels by which the page is wider than its window. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

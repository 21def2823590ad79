import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/**
 * Opens the first open finding from the list, as a person does, and checks that it is an answer: a sentence, the onset
 * drawn as wide as its interval, a unit named above zero, others cleared, a next step. Works on any server that holds
 * one open leak; returns what the page says, so that the caller can compare it with what it knows.
 */
export async function checkFindingPage(
  page: Page,
  baseUrl: string,
): Promise<{ url: string; sentence: string; suspect: string; cleared: string[] }> {
  await page.goto(baseUrl);
  const row = page.locator('a.find', { has: page.locator('.tag.growth') }).first();
  await row.waitFor();
  await row.click();
  await page.waitForURL(/\/findings\//);

  const heading = page.locator('h1.say');
  await heading.waitFor();
  const sentence = ((await heading.textContent()) ?? '').replace(/[\u00a0\u202f]/g, ' ');

  const chart = page.locator('.chart svg[role=img]').first();
  await chart.waitFor();
  expect(await chart.getAttribute('aria-label')).toMatch(/floor/);
  const band = await page.locator('.onset-band').boundingBox();
  expect(band?.width).toBeGreaterThanOrEqual(7);
  expect(await page.locator('.floor path').count()).toBeGreaterThan(0);
  expect(await page.locator('.chart text', { hasText: 'growth begins' }).count()).toBe(1);

  const named = page.locator('#units tr.suspect.pick').first();
  await named.waitFor();
  const suspect = ((await named.locator('td').first().textContent()) ?? '').trim();
  expect(sentence).toContain(suspect);
  const cleared = await page.locator('#units tr.cleared td:first-child a').allTextContents();
  expect(await page.locator('.steps > li').count()).toBeGreaterThan(0);
  return { url: page.url(), sentence, suspect, cleared };
}

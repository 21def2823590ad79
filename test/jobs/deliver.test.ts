// What findings owe, sent to a server that behaves like Slack: busy, broken, silent, and well again.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { slackWebhook } from '../../lib/adapters/slack-webhook.ts';
import { observe } from '../../lib/findings/life-cycle.ts';
import { deliverDue } from '../../lib/jobs/deliver.ts';
import { MINUTE_MS, SECOND_MS } from '../../lib/model/units.ts';
import { startTarget } from '../contracts/notifier.contract.ts';
import { firing, HOUR, NOON, seenAt } from '../findings/examples.ts';
import { type World, world } from './world.ts';

const PROJECT = 'default';

let slack: Awaited<ReturnType<typeof startTarget>>;
let here: World;
beforeEach(async () => {
  slack = await startTarget();
  here = await world();
  here.clock.time = NOON;
});
afterEach(() => slack.close());

const observed = (observation: typeof firing) =>
  here.context.findings.change(PROJECT, firing.id, (before) =>
    observe(before, { ...observation, project: PROJECT }, here.clock.time),
  );

/** One turn of the duty that runs every second. A notifier of its own, so that no turn waits for the pace of the last. */
const turn = (timeoutMs = 2000) =>
  deliverDue(here.context, [slackWebhook({ url: slack.url, timeoutMs, clock: here.clock })], (error) => {
    throw error;
  });

const texts = () => slack.received.map(({ body }) => (JSON.parse(body) as { text: string }).text);

it('sends one message when a finding fires and one when it is resolved', async () => {
  await observed(firing);
  expect([await turn(), await turn()]).toEqual([1, 0]);
  await observed({ ...seenAt(NOON + HOUR, 'clear'), summary: 'It is over.' });
  expect([await turn(), await turn()]).toEqual([1, 0]);
  expect(texts()).toHaveLength(2);
  expect(texts()[0]).toBe(firing.summary);
});

it.each([
  ['429 with Retry-After', 429, { 'Retry-After': '7' }, 7],
  ['500', 500, {}, 30],
] as const)('tries again after %s, when it may, and says it once', async (_, status, headers, waitS) => {
  await observed(firing);
  slack.answersWith(status, 'no', headers);
  expect(await turn()).toBe(0);
  slack.answersWith(200, 'ok');
  here.clock.time += waitS * SECOND_MS - 1;
  expect([await turn(), slack.received.length]).toEqual([0, 1]);
  here.clock.time += 1;
  expect([await turn(), await turn()]).toEqual([1, 0]);
  expect(slack.received).toHaveLength(2);
});

it('may repeat a message whose answer never came, and never loses it', async () => {
  await observed(firing);
  slack.answers(() => undefined);
  expect(await turn(50)).toBe(0);
  slack.answersWith(200, 'ok');
  here.clock.time += MINUTE_MS;
  expect(await turn()).toBe(1);
  expect(texts()).toEqual([firing.summary, firing.summary]);
});

it('sends again what a process held that ended, once its lease is over', async () => {
  await observed(firing);
  const died = new Error('SIGKILL');
  const notifier = { name: 'slack-webhook', send: () => Promise.reject(died) };
  const told: unknown[] = [];
  await deliverDue(here.context, [notifier], (error) => told.push(error));
  expect([told, await turn()]).toEqual([[died], 0]);
  here.clock.time += 2 * MINUTE_MS;
  expect(await turn()).toBe(1);
});

it('gives up what Slack refuses for good, and keeps the reason without the address', async () => {
  await observed(firing);
  slack.answersWith(404, 'no_service');
  await turn();
  here.clock.time += HOUR;
  await turn();
  expect(slack.received).toHaveLength(1);
  const { notice } = (await here.context.findings.get(PROJECT, firing.id)) ?? {};
  expect(notice?.firing.lastError).toBe('slack-webhook: The target answered 404: no_service');
});

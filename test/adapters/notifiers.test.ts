import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { slackMessage, slackWebhook, sparkline } from '../../lib/adapters/slack-webhook.ts';
import { secretBytes, signature, webhook } from '../../lib/adapters/webhook.ts';
import { NOTICE, notifierContract, startTarget } from '../contracts/notifier.contract.ts';
import { handClock } from './stores.ts';

// From the specification's own example; it opens nothing.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

notifierContract('slack-webhook', (url, timeoutMs) => slackWebhook({ url, timeoutMs }));
notifierContract('webhook', (url, timeoutMs) => webhook({ url, timeoutMs, secret: SECRET, clock: Date }));

describe('slackMessage', () => {
  it('is the sentence, the sparkline, the facts and a button', () => {
    expect(slackMessage(NOTICE)).toEqual({
      text: NOTICE.text,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        {
          type: 'section',
          text: { type: 'mrkdwn', verbatim: true, text: `*checkout keeps memory*\n${NOTICE.text}` },
        },
        { type: 'context', elements: [{ type: 'plain_text', text: '▁▅█' }] },
        { type: 'section', fields: [{ type: 'mrkdwn', verbatim: true, text: '*Limit*\n512 MiB' }] },
        {
          type: 'actions',
          elements: [
            { type: 'button', text: { type: 'plain_text', text: 'Open the finding' }, url: NOTICE.url },
          ],
        },
      ],
    });
  });
  it('escapes what would be mark-up', () => {
    const evil = '<!channel> <http://x|y> a && b';
    const message = slackMessage({
      ...NOTICE,
      title: evil,
      text: evil,
      facts: [{ name: evil, value: evil }],
    });
    const sent = JSON.stringify(message);
    expect(sent).not.toMatch(/[<>]/);
    expect(message.text).toBe('&lt;!channel&gt; &lt;http://x|y&gt; a &amp;&amp; b');
  });
  it('stays within the limits of Slack, and cuts no escape in two', () => {
    const long = '<&'.repeat(5000);
    const facts = Array.from({ length: 200 }, () => ({ name: long, value: long }));
    const message = slackMessage({ ...NOTICE, title: long, text: long, facts, url: `http://x/${long}` });
    expect(message.blocks.length).toBeLessThanOrEqual(50);
    const texts: string[] = [];
    JSON.stringify(message, (key, value) => {
      if (key === 'text' && typeof value === 'string') texts.push(value);
      if (key === 'fields') expect(value.length).toBeLessThanOrEqual(10);
      return value;
    });
    for (const text of texts) {
      expect(text.length).toBeLessThanOrEqual(text.startsWith('*') && texts.indexOf(text) > 1 ? 2000 : 3000);
      expect(text.replace(/&(amp|lt);/g, '')).not.toContain('&');
    }
  });
  it('leaves out what is not there', () => {
    const message = slackMessage({ ...NOTICE, spark: [], facts: [], url: '' });
    expect(message.blocks).toHaveLength(1);
  });
});

describe('sparkline', () => {
  it.each([
    [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
    [[5, 5, 5], '▁▁▁'],
    [[1, Number.NaN, 2], '▁ █'],
    [[Number.NaN], ''],
    [[], ''],
  ])('of %j is %s', (values, expected) => {
    expect(sparkline(values)).toBe(expected);
  });
});

describe('webhook', () => {
  it('signs as the Standard Webhooks libraries do', () => {
    const signed = signature(
      secretBytes(SECRET),
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    );
    expect(signed).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
  it('sends a signed event; a second try has the same id, another message another', async () => {
    const target = await startTarget();
    const clock = handClock(Date.UTC(2026, 10, 14, 12, 0, 0, 500));
    const notifier = webhook({ url: target.url, secret: SECRET, clock });
    await notifier.send(NOTICE);
    clock.advance(60_000);
    await notifier.send({ ...NOTICE, spark: [4] });
    await notifier.send({ ...NOTICE, state: 'resolved' });
    const [first, second, third] = target.received;
    const id = String(first?.headers['webhook-id']);
    expect(second?.headers['webhook-id']).toBe(id);
    expect(third?.headers['webhook-id']).not.toBe(id);
    expect(first?.headers['webhook-timestamp']).toBe(String(Date.UTC(2026, 10, 14, 12) / 1000));
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const signed = `${id}.${first?.headers['webhook-timestamp']}.${first?.body}`;
    const expected = createHmac('sha256', key).update(signed).digest('base64');
    expect(first?.headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      type: 'finding.firing',
      timestamp: '2026-11-14T12:00:00.500Z',
      data: { findingId: 'leak-1', text: NOTICE.text },
    });
    await target.close();
  });
  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'A'.repeat(200)}`, SECRET.slice(6), `${SECRET} `])(
    'refuses the secret %j without repeating it',
    (secret) => {
      const open = () => webhook({ url: 'http://127.0.0.1', secret, clock: Date });
      expect(open).toThrow('the secret must be whsec_ and 24 to 64 bytes in base64');
    },
  );
});

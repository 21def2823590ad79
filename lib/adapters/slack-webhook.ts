import type { Clock } from '../ports/clock.ts';
import type { Notice, Notifier } from '../ports/notifier.ts';
import { DELIVERY_TIMEOUT_MS, deliver } from './http-delivery.ts';

// https://docs.slack.dev/reference/block-kit/blocks/section-block: 3,000 characters of text, 10 fields of 2,000.
const MAX_SECTION_CHARS = 3000;
const MAX_FIELD_CHARS = 2000;
const FIELDS_PER_SECTION = 10;
const MAX_FACTS = 40; // four sections of the 50 blocks that a message may have
const MAX_URL_CHARS = 3000;
const MAX_SPARK = 60;

export interface SlackWebhookOptions {
  /** Secret: who knows it can post to the channel. */
  readonly url: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** A Slack incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
export function slackWebhook(options: SlackWebhookOptions): Notifier {
  const { url, fetch = globalThis.fetch, timeoutMs = DELIVERY_TIMEOUT_MS, clock = Date } = options;
  return {
    name: 'slack-webhook',
    send: (notice) =>
      deliver({ url, headers: {}, body: JSON.stringify(slackMessage(notice)), fetch, timeoutMs, clock }),
  };
}

/** The message as Block Kit: the sentence, the line of the floor, the facts, a button. */
export function slackMessage(notice: Notice) {
  const title = escaped(notice.title, MAX_FIELD_CHARS);
  const text = escaped(notice.text, MAX_SECTION_CHARS - title.length - 3);
  const facts = notice.facts.slice(0, MAX_FACTS).map(({ name, value }) => {
    const label = escaped(name, MAX_FIELD_CHARS / 2);
    return mrkdwn(`*${label}*\n${escaped(value, MAX_FIELD_CHARS - label.length - 3)}`);
  });
  const blocks: unknown[] = [{ type: 'section', text: mrkdwn(`*${title}*\n${text}`) }];
  const spark = sparkline(notice.spark.slice(-MAX_SPARK));
  if (spark !== '') blocks.push({ type: 'context', elements: [{ type: 'plain_text', text: spark }] });
  for (let at = 0; at < facts.length; at += FIELDS_PER_SECTION) {
    blocks.push({ type: 'section', fields: facts.slice(at, at + FIELDS_PER_SECTION) });
  }
  if (notice.url !== '' && notice.url.length <= MAX_URL_CHARS) {
    const label = { type: 'plain_text', text: 'Open the finding' };
    blocks.push({ type: 'actions', elements: [{ type: 'button', text: label, url: notice.url }] });
  }
  // `text` is what the notification on a phone and screen readers give.
  return { text: escaped(notice.text, MAX_SECTION_CHARS), blocks, unfurl_links: false, unfurl_media: false };
}

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

/** Escapes what Slack reads as mark-up, so that no unit's name calls `<!channel>`, and cuts to `max` characters. */
function escaped(text: string, max: number): string {
  let result = '';
  for (const char of text) {
    const next = ESCAPES[char] ?? char;
    if (result.length + next.length > max - 1) return `${result}…`;
    result += next;
  }
  return result;
}
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const BARS = '▁▂▃▄▅▆▇█';

/** Lowest value at the bottom, highest at the top; a gap where a value is missing. */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return '';
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  return values
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      return BARS[range === 0 ? 0 : Math.round(((value - low) / range) * (BARS.length - 1))];
    })
    .join('');
}

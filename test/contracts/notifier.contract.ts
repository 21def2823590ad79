import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notice, Notifier } from '../../lib/ports/notifier.ts';

export const NOTICE: Notice = {
  state: 'firing',
  title: 'checkout keeps memory',
  text: 'Since 20:41 every `GET /orders` keeps 9.8 KiB on the heap.',
  url: 'http://127.0.0.1:4040/findings/leak-1',
  spark: [1, 2, 3],
  facts: [{ name: 'Limit', value: '512 MiB' }],
  findingId: 'leak-1',
};

export const SECRET_PATH = '/services/T00SECRET/B00/xoXSecretXox';

export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A target on a port of its own that answers as it is told. */
export async function startTarget() {
  const received: Received[] = [];
  let answer = (response: ServerResponse): void => void response.end('ok');
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    answer(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${SECRET_PATH}`,
    received,
    answers(next: typeof answer) {
      answer = next;
    },
    answersWith(status: number, body: string, headers: Record<string, string> = {}) {
      answer = (response) => void response.writeHead(status, headers).end(body);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** What every Notifier that posts to a URL must do. */
export const notifierContract = (name: string, open: (url: string, timeoutMs: number) => Notifier) =>
  describe(`Notifier contract: ${name}`, () => {
    let target: Awaited<ReturnType<typeof startTarget>>;
    beforeAll(async () => {
      target = await startTarget();
    });
    afterAll(() => target.close());
    const send = async () => {
      const outcome = await open(target.url, 300).send(NOTICE);
      // Neither the address nor a part of it, whatever happened.
      expect(JSON.stringify(outcome)).not.toMatch(/SECRET|xoX|127\.0\.0\.1|services/);
      return outcome;
    };

    it('posts JSON once, and 2xx is sent', async () => {
      target.received.length = 0;
      target.answersWith(200, 'ok');
      expect(await send()).toMatchObject({ outcome: 'sent' });
      expect(target.received).toHaveLength(1);
      expect(target.received[0]?.headers['content-type']).toMatch(/^application\/json/);
      expect(target.received[0]?.body).toContain(NOTICE.text);
    });
    it.each([
      [429, { 'Retry-After': '7' }, 7000],
      [503, { 'Retry-After': '120' }, 120_000],
      [429, { 'Retry-After': '0' }, 1000],
      [429, { 'Retry-After': '9999999' }, 3_600_000],
      [429, { 'Retry-After': 'soon' }, 30_000],
      [500, {}, 30_000],
      [502, {}, 30_000],
      [408, {}, 30_000],
    ])('%i with %j is retried, after %3$i ms', async (status, headers, afterMs) => {
      target.answersWith(status, 'server says no', headers);
      expect(await send()).toMatchObject({ outcome: 'retry', afterMs });
    });
    it('takes a date in Retry-After', async () => {
      target.answersWith(429, '', { 'Retry-After': new Date(Date.now() + 90_000).toUTCString() });
      const outcome = await send();
      expect(outcome.outcome === 'retry' && Math.abs(outcome.afterMs - 90_000) < 5000).toBe(true);
    });
    it.each([
      [400, 'invalid_payload'],
      [403, 'action_prohibited'],
      [404, 'no_service'],
      [410, 'channel_is_archived'],
    ])('%i %s is refused, and says so', async (status, word) => {
      target.answersWith(status, word);
      expect(await send()).toEqual({ outcome: 'refused', reason: `The target answered ${status}: ${word}` });
    });
    it('repeats no answer that is more than a word', async () => {
      for (const body of [target.url, 'Bad token xoXSecretXox', 'x'.repeat(5_000_000)]) {
        target.answersWith(404, body);
        expect(await send()).toEqual({ outcome: 'refused', reason: 'The target answered 404' });
      }
    });
    it('follows no redirect', async () => {
      target.answersWith(302, '', { Location: 'http://127.0.0.1:1/elsewhere' });
      expect(await send()).toEqual({ outcome: 'refused', reason: 'The target answered 302' });
    });
    it('a time-out after the message arrived is retried: it may repeat, never be lost', async () => {
      target.received.length = 0;
      target.answers(() => undefined);
      expect(await send()).toMatchObject({
        outcome: 'retry',
        reason: expect.stringContaining('within 300 ms'),
      });
      expect(target.received).toHaveLength(1);
    });
    it('an answer whose body never ends counts by its status', async () => {
      target.answers((response) => void response.writeHead(200).write('o'));
      expect(await send()).toMatchObject({ outcome: 'sent' });
    });
    it('a connection that breaks is retried', async () => {
      target.answers((response) => void response.destroy());
      expect(await send()).toMatchObject({ outcome: 'retry' });
    });
    it('a target that does not listen is retried, with the code and without the address', async () => {
      const closed = await startTarget();
      await closed.close();
      expect(await open(closed.url, 300).send(NOTICE)).toEqual({
        outcome: 'retry',
        afterMs: 30_000,
        reason: 'No answer (ECONNREFUSED)',
      });
    });
    it.each(['', 'not a url SECRET', 'file:///SECRET', 'hooks.slack.com/services/SECRET'])(
      'the URL %j is refused',
      async (url) => {
        const outcome = await open(url, 300).send(NOTICE);
        expect(outcome).toEqual({ outcome: 'refused', reason: 'The URL is no http or https URL' });
      },
    );
  });

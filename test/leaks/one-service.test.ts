import { describe, expect, it } from 'vitest';
import type { ApiFinding, ApiService } from '../../lib/http/schemas.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import { heapOf } from './heap-profile.ts';
import { BEGAN, carts, MINUTE_MS, requestsUntil, type Story, tell } from './service-story.ts';

const KIB = 1024;
const KEPT = 40 * KIB;
const plain = (text: string) => text.replaceAll('\u202f', ' ');

const HANDLER = 'shop.handleCart shop/cart.go:42';
const GROWS = ['shop.keep shop/store.go:17', HANDLER];
const STAYS = ['shop.load shop/load.go:8', HANDLER];
const OF_SDK = ['sentry.capture /go/pkg/mod/github.com/getsentry/sentry-go@v0.29.0/hub.go:88', HANDLER];

/** What is in use in the minute: the line that keeps, one that does not, and a little of an SDK. */
const inUse = (minute: number) =>
  heapOf(
    new Map([
      [GROWS, 0.95 * KEPT * carts(0, minute)],
      [STAYS, 9_000_000 + ((minute * 31) % 7) * 1000],
      [OF_SDK, 0.06 * KEPT * carts(0, minute)],
    ]),
  );

const ingest = ({ product }: Story, name: string, minute: number) =>
  product.send(
    `/ingest?format=pprof&name=${encodeURIComponent(name)}&from=${BEGAN / 1000}&until=${(BEGAN + minute * MINUTE_MS) / 1000}`,
    { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: inUse(minute) },
  );

const SAMPLED = 60;

/** When each sixtieth request of a route ended, up to and with a minute. */
function sampledTimes(rhythm: number, from: number, minute: number): number[] {
  const times: number[] = [];
  for (let m = from + 1; m <= minute; m += 1) {
    const [before, after] = [requestsUntil(m - 1, rhythm), requestsUntil(m, rhythm)];
    for (let k = Math.floor(before / SAMPLED) + 1; k * SAMPLED <= after; k += 1)
      times.push(BEGAN + (m + (k * SAMPLED - before) / (after - before)) * MINUTE_MS - 15_000);
  }
  return times;
}

let sent = 0;
/** What a Sentry SDK sends of one request: its route, the machine, and how many it stands for. */
function envelope(transaction: string, host: string, at: number): string {
  sent += 1;
  const id = sent.toString(16).padStart(16, '0');
  const [event_id, trace_id] = [id.padStart(32, 'e'), id.padStart(32, 'a')];
  const item = {
    ...{ type: 'transaction', transaction, environment: 'production', server_name: host, event_id },
    ...{ start_timestamp: (at - 10) / 1000, timestamp: at / 1000 },
    contexts: { trace: { trace_id, span_id: id, op: 'http.server', status: 'ok' } },
  };
  const trace = { trace_id, sample_rate: String(1 / SAMPLED), public_key: 'x' };
  return [{ event_id, trace }, { type: 'transaction' }, item].map((part) => JSON.stringify(part)).join('\n');
}

const findingOf = async ({ product }: Story) =>
  (await product.get<{ items: ApiFinding[] }>('/findings?kind=leak')).items[0];

describe('memory by OTLP, transactions by Sentry, heaps by Pyroscope', () => {
  it('are one service after an alias for each name, and one process by its pod: unit and line meet in one sentence', async () => {
    const story = await tell();
    const { product } = story;
    const alias = async (from: string) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ from, to: 'shop' });
      const answer = await product.api('/aliases', { method: 'PUT', headers, body });
      expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
    };
    let told = -1;
    const each = async (minute: number) => {
      await ingest(story, 'shop-go{pod=shop-7f,namespace=web}', minute - 10);
      await ingest(story, 'shop-go{pod=shop-7f,namespace=web}', minute);
      const times = (route: string, rhythm: number) =>
        sampledTimes(rhythm, told, minute).map((at) => ({ body: envelope(`GET /${route}`, 'shop-7f', at) }));
      await postEnvelopes(product, [...times('cart', 17), ...times('other', 23)]);
      told = minute;
    };
    const resource = { 'k8s.pod.name': 'shop-7f', 'k8s.namespace.name': 'web', 'k8s.pod.uid': 'u-1' };
    const objects = {
      Session: (n: number) => 100 + 2 * n,
      dict: () => 40_000,
      list: (n: number) => 900 + (n % 7),
    };
    const process = { version: '1', kept: KEPT, resource, sendsCounts: false, objects, limitMib: 520 };
    try {
      await story.run({ ...process, minutes: 30 }, each);
      await alias('production//default');
      await alias('shop-go');
      await story.run({ ...process, minutes: 90, since: 0 }, each);
      const { items } = await product.get<{ items: ApiService[] }>('/services');
      expect(items.map(({ service, signals }) => [service, signals.toSorted()])).toEqual([
        ['shop', ['memory', 'profiles', 'traces']],
      ]);
      const finding = (await findingOf(story))!;
      expect(plain(finding.summary)).toMatch(
        /every `GET \/cart` keeps .* on the heap\. Allocated at shop\.keep \(shop\/store\.go:17\): 9\d(\.\d)? % of what stayed in heap profiles\./,
      );
      expect(plain(finding.summary)).toMatch(
        /The type of object that grows is Session: (99|100)[.\d]* % of the objects that came, (2|1\.9)[^ ]* .*per unit\./,
      );
      const { lines } = finding.evidence.explained!;
      expect(lines.map(({ name, owner }) => [name, owner])).toEqual([
        ['shop.keep', 'own'],
        ['sentry.capture', 'sdk'],
      ]);
      expect(lines[0]!.bytesPerUnit!.value / KEPT).toBeCloseTo(0.95, 1);
      expect(lines[1]!.calledFrom).toMatchObject({ name: 'shop.handleCart', line: 42 });
      // On to 97 % of its limit, and another process after it.
      await story.run({ ...process, minutes: 40, since: 0 }, each);
      await story.run({ ...process, kept: 0, version: '2', minutes: 6 });
      const [killed] = (await product.get<{ items: ApiFinding[] }>('/findings?kind=killed')).items;
      expect(plain(killed!.summary)).toMatch(
        /^shop ended at 9\d[.\d]* % of 520 MiB at .*: it had grown .* since .*\. [3-7] requests were in flight\. Its last heap profile has .* more than the flat one, most of it allocated at shop\.keep \(shop\/store\.go:17\)\./,
      );
      expect(killed!.evidence.deaths).toMatchObject([
        { cause: 'near-limit', version: '1', lastWork: [{ count: expect.any(Number) }, {}] },
      ]);
    } finally {
      await product.close();
    }
  });
});

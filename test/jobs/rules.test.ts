// Alert rules through the product: readings by OTLP, a scan every ten minutes, rules, findings and notices.
import { describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { deliverDue } from '../../lib/jobs/deliver.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import type { Notifier } from '../../lib/ports/notifier.ts';
import { openProduct, type Product } from '../support/product.ts';

const START = Date.UTC(2026, 5, 1, 12);
const SCRAPE_MS = MINUTE_MS;

interface RuleItem {
  readonly rule: string;
  readonly state: string;
  readonly since: number | null;
  readonly threshold: number;
  readonly instances: readonly { instance: string; state: string; value: number }[];
}

/** Sends `goroutines(minute)` each minute, and scans every ten. */
async function run(
  product: Product,
  fromMinute: number,
  toMinute: number,
  goroutines: (minute: number) => number,
) {
  for (let time = START + fromMinute * MINUTE_MS; time < START + toMinute * MINUTE_MS; time += SCRAPE_MS) {
    product.clock.time = time;
    const value = Math.round(goroutines((time - START) / MINUTE_MS));
    const response = await product.send('/v1/metrics', {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify(exportOf(time, value)),
    });
    expect(response.status).toBe(200);
    if ((time - START) % (10 * MINUTE_MS) === 0) {
      await product.settle();
      await product.scan();
    }
  }
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** What the test reads of a service's memory. */
interface ApiMemory {
  readonly series: readonly { readonly points: readonly unknown[] }[];
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const exportOf = (time: number, goroutines: number) => metricOf(time, 'go.goroutine.count', goroutines);
const metricOf = (time: number, name: string, asInt: number) => ({
  resourceMetrics: [
    {
      resource: { attributes: [attribute('service.name', 'depot'), attribute('service.instance.id', 'a')] },
      scopeMetrics: [
        {
          metrics: [
            {
              name,
              sum: {
                aggregationTemporality: 2,
                dataPoints: [{ timeUnixNano: `${time}000000`, asInt: String(asInt) }],
              },
            },
          ],
        },
      ],
    },
  ],
});

const ruleNamed = async (product: Product, name: string) =>
  (await product.get<{ items: RuleItem[] }>('/rules')).items.find(({ rule }) => rule === name);
const findings = async (product: Product) => (await product.get<{ items: ApiFinding[] }>('/findings')).items;

describe('alert rules of a service', () => {
  it('are pending, fire after `for`, become a finding, and end', async () => {
    const product = await openProduct({ at: START });
    try {
      // A step that stays: no leak, but a slope over one hour. The rule's own false alarm, as Prometheus would give it.
      const step = (minute: number) => 50 + (minute >= 70 ? 600 : 0) + 5 * Math.sin(minute);
      await run(product, 0, 91, step);
      expect((await ruleNamed(product, 'GoroutineLeak'))?.state).toBe('pending');
      expect(await findings(product)).toEqual([]);
      await run(product, 91, 111, step);
      const firing = await ruleNamed(product, 'GoroutineLeak');
      expect(firing?.state).toBe('firing');
      expect(firing?.instances).toMatchObject([{ instance: 'a', state: 'firing' }]);
      const [finding, ...more] = await findings(product);
      expect(more).toEqual([]);
      expect(finding).toMatchObject({
        kind: 'rule',
        state: 'firing',
        service: 'depot',
        title: 'depot: rule GoroutineLeak fires',
        notice: { firing: 'off' },
      });
      expect(finding?.summary.replaceAll(/\s/g, ' ')).toMatch(
        /^The number of goroutines of depot has grown by more than 0.1\/s for 30 min, since .*: 0\.\d+\/s now/,
      );
      await run(product, 111, 151, step);
      expect((await ruleNamed(product, 'GoroutineLeak'))?.state).toBe('inactive');
      expect((await findings(product)).map(({ state, title, summary }) => [state, title, summary])).toEqual([
        [
          'resolved',
          'depot: rule GoroutineLeak has stopped firing',
          'Rule GoroutineLeak of depot does not hold any more.',
        ],
      ]);
    } finally {
      await product.close();
    }
  });

  it('say nothing of an instance that a finding names already', async () => {
    const product = await openProduct({ at: START });
    try {
      await run(product, 0, 121, (minute) => 50 + 20 * minute + 5 * Math.sin(minute));
      expect((await ruleNamed(product, 'GoroutineLeak'))?.state).toBe('firing');
      const open = (await findings(product)).filter(({ state }) => state === 'firing');
      expect(open.map(({ kind }) => kind)).toEqual(['leak']);
      // The rule may have spoken first; then it has ended without a message of its own.
      const silent = (await findings(product)).filter(({ kind }) => kind === 'rule');
      expect(silent.every(({ notice }) => notice.resolved === 'none')).toBe(true);
      const decide = (what: string, body: object) =>
        product.api(`/findings/${open[0]?.id}/${what}`, {
          method: 'POST',
          headers: JSON_HEADERS,
          body: JSON.stringify(body),
        });
      // Somebody wants to hear of it later: nor does the rule speak before.
      expect((await decide('snooze', { untilMs: START + 5 * HOUR_MS })).status).toBe(200);
      await run(product, 121, 131, (minute) => 50 + 20 * minute + 5 * Math.sin(minute));
      expect((await findings(product)).filter(({ state }) => state === 'firing')).toEqual([]);
      // Somebody says that it is no leak: then the rule speaks for itself.
      expect((await decide('dismiss', { reason: 'as it should be' })).status).toBe(200);
      await run(product, 131, 151, (minute) => 50 + 20 * minute + 5 * Math.sin(minute));
      const speaking = (await findings(product)).filter(({ state }) => state === 'firing');
      expect(speaking.map(({ kind }) => kind)).toEqual(['rule']);
    } finally {
      await product.close();
    }
  });

  it('that people set speak first, and their message is the only one', async () => {
    const product = await openProduct({ at: START });
    const messages: string[] = [];
    const notifier: Notifier = {
      name: 'kept',
      send: ({ title }) => {
        messages.push(title);
        return Promise.resolve({ outcome: 'sent' });
      },
    };
    const deliver = () =>
      deliverDue(product.local.context, [notifier], (error) => {
        throw error;
      });
    // Flat, and then a leak: the rule knows after minutes, the analysis when lows have confirmed it twice.
    const leaking = (minute: number) => 50 + 20 * Math.max(0, minute - 60) + 5 * Math.sin(minute);
    try {
      await run(product, 0, 1, leaking);
      const set = await product.api('/services/depot/settings', {
        method: 'PUT',
        headers: JSON_HEADERS,
        body: JSON.stringify({ rules: { GoroutineLeak: { threshold: 0.01, forMs: MINUTE_MS } } }),
      });
      expect(set.status).toBe(200);
      await run(product, 1, 72, leaking);
      await deliver();
      expect(messages).toEqual(['depot: rule GoroutineLeak fires']);
      await run(product, 72, 241, leaking);
      await deliver();
      const open = (await findings(product)).filter(({ state }) => state === 'firing');
      expect(open.map(({ kind, notice }) => [kind, notice.firing])).toEqual([['leak', 'sent']]);
      expect(messages).toHaveLength(1);
    } finally {
      await product.close();
    }
  });

  it('see a process near its limit, however old it is', async () => {
    const product = await openProduct({ at: START });
    const sendUntil = async (from: number, to: number) => {
      for (let minute = from; minute < to; minute += 1) {
        product.clock.time = START + minute * MINUTE_MS;
        const body = JSON.stringify(metricOf(product.clock.time, 'process.memory.usage', 900_000_000));
        await product.send('/v1/metrics', { method: 'POST', headers: JSON_HEADERS, body });
        if (minute % 10 === 9) {
          await product.settle();
          await product.scan();
        }
      }
    };
    try {
      await sendUntil(0, 10);
      const settings = JSON.stringify({ limitBytes: 1_000_000_000 });
      await product.api('/services/depot/settings', { method: 'PUT', headers: JSON_HEADERS, body: settings });
      await sendUntil(10, 300);
      expect((await ruleNamed(product, 'MemoryNearLimit'))?.state).toBe('firing');
      // Nor does the page thin a range that was sent whole.
      const since = product.clock.time - 2 * HOUR_MS;
      const page = await product.get<ApiMemory>(
        `/services/depot/memory?from=${since}&to=${product.clock.time}`,
      );
      expect(page.series[0]?.points.length).toBeGreaterThanOrEqual(119);
    } finally {
      await product.close();
    }
  });

  it('can be changed and switched off for a service', async () => {
    const product = await openProduct({ at: START });
    try {
      await run(product, 0, 1, () => 1);
      const set = (rules: object) =>
        product.api('/services/depot/settings', {
          method: 'PUT',
          headers: JSON_HEADERS,
          body: JSON.stringify({ rules }),
        });
      expect((await set({ GoroutineLeak: { threshold: 5 }, HeapGrowth: { off: true } })).status).toBe(200);
      expect((await ruleNamed(product, 'GoroutineLeak'))?.threshold).toBe(5);
      expect(await ruleNamed(product, 'HeapGrowth')).toMatchObject({ off: true, threshold: 10_000 });
      expect((await set({ GoroutineLeak: { forMs: -1 } })).status).toBe(400);
    } finally {
      await product.close();
    }
  });
});

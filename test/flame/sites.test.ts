import { describe, expect, it } from 'vitest';
import {
  type LiveSites,
  liveSites,
  SITES_MAX,
  type Site,
  siteKey,
  siteOfKey,
} from '../../lib/flame/sites.ts';
import { fold } from '../../lib/jobs/fold.ts';
import { ownedLine } from '../../lib/jobs/line-owner.ts';
import { heapSnapshotsOf } from '../../lib/jobs/lives/sites.ts';
import { uploadId } from '../../lib/model/ids.ts';
import type { ServiceName } from '../../lib/model/service.ts';
import type { UploadFacts } from '../../lib/model/telemetry.ts';
import { instanceKind } from '../../lib/segments/kinds/instance.ts';
import { drawn, T0 } from './drawing.ts';

const HEAP = { types: ['inuse_space/bytes level'] };
const placesOf = ({ sites }: LiveSites) =>
  sites.map(({ site, bytes }) => [site.name, site.line, site.calledFrom?.name ?? null, bytes]);

describe('liveSites()', () => {
  it('names the innermost frame, and the own code that led there', () => {
    const [live] = liveSites(drawn('+main;+save:7;json 10\n +main;+save:9;json 5\n +main;+keep:3 20', HEAP));
    expect(live!.total).toBe(35);
    expect(placesOf(live!)).toEqual([
      ['keep', 3, null, 20],
      ['json', 0, 'save', 10],
      ['json', 0, 'save', 5],
    ]);
    expect(live!.sites.map(({ site }) => site.calledFrom?.line)).toEqual([undefined, 7, 9]);
  });

  it('names the SDK that called a builtin of the runtime, not the own code far above', () => {
    const stacks = `
      +serve@/srv/cart.ts:9;capture@/srv/node_modules/@sentry/core/scope.js:4;push;from 30
      +serve@/srv/cart.ts:9;capture@/srv/node_modules/@sentry/core/scope.js:4 20
      +serve@/srv/cart.ts:9;push 10
      +serve@/srv/cart.ts:9;wrapped@/srv/node_modules/@opentelemetry/instrumentation/w.js:4;query@/srv/node_modules/pg/query.js:2 5`;
    const [live] = liveSites(drawn(stacks, HEAP));
    expect(placesOf(live!)).toEqual([
      ['from', 0, 'capture', 30],
      ['capture', 4, 'serve', 20],
      ['push', 0, 'serve', 10],
      ['query', 2, 'serve', 5],
    ]);
    const owners = live!.sites.map(({ site }) => ownedLine(site).owner);
    expect(owners).toEqual(['sdk', 'sdk', 'unknown', 'unknown']);
  });

  it('tells nothing of deltas and of cumulative values', () => {
    expect(liveSites(drawn('a 1', { types: ['cpu/nanoseconds delta'] }))).toEqual([]);
    expect(liveSites(drawn('a 1', { types: ['alloc_space/bytes cumulative'] }))).toEqual([]);
  });

  it('keeps the largest, and the total of all', () => {
    const text = Array.from({ length: SITES_MAX + 50 }, (_, i) => `f${i} ${i + 1}`).join('\n');
    const [live] = liveSites(drawn(text, HEAP));
    expect(live!.sites).toHaveLength(SITES_MAX);
    expect(live!.sites.at(-1)!.bytes).toBe(51);
    expect(live!.total).toBe((250 * 251) / 2);
  });
});

describe('ownedLine()', () => {
  it.each([
    ['setUp', '/srv/shop/src/opentelemetry.ts', 1, 'own'],
    ['main.sentryHandler', '/home/build/sentry.go', 1, 'own'],
    ['map', '/home/sentry/app/node_modules/lodash/map.js', 0, 'library'],
    ['parse', '/opt/datadog/venv/lib/python3.12/site-packages/orjson/__init__.py', 0, 'library'],
    ['capture_event', '/venv/lib/python3.12/site-packages/sentry_sdk/client.py', 0, 'sdk'],
    ['onStart', '/srv/node_modules/@opentelemetry/sdk-trace-base/build/src/Span.js', 0, 'sdk'],
    ['io.opentelemetry.sdk.trace.SdkSpan.setAttribute', 'SdkSpan.java', 1, 'sdk'],
    ['go.opentelemetry.io/otel/attribute.NewSet', 'vendored/set.go', 1, 'sdk'],
    ['Sentry.SentrySdk.CaptureEvent', '', -1, 'sdk'],
  ] as const)('says of %s in %s (in the app: %d) that it is %s', (name, file, inApp, owner) => {
    expect(ownedLine({ name, file, line: 1, inApp }).owner).toBe(owner);
  });

  it('leaves a builtin to the own file that called it, whatever that is called', () => {
    const calledFrom = { name: 'setUp', file: '/srv/shop/opentelemetry.ts', line: 3 };
    expect(ownedLine({ name: 'push', file: '', line: 0, inApp: -1, calledFrom }).owner).toBe('unknown');
  });
});

describe('siteOfKey()', () => {
  it('reads what siteKey() wrote', () => {
    const site: Site = { name: 'a"b', file: 'c\\d.js', line: 4, inApp: 0 };
    const called = { ...site, calledFrom: { name: 'x', file: 'y', line: 0 } };
    for (const one of [site, called]) expect(siteOfKey(siteKey(one))).toEqual(one);
  });
});

describe('heapSnapshotsOf()', () => {
  const facts = (text: string, at: number): UploadFacts => ({
    reports: [],
    profiles: [
      {
        service: 'shop' as ServiceName,
        instance: { key: 'pod-1', source: 'host+pid', joins: { host: 'mill-1', pid: 42 } },
        lifeStart: null,
        time: T0 + at,
        profile: drawn(text, HEAP),
      },
    ],
    machines: [],
    unused: new Map(),
    dropped: new Map(),
    earliest: T0 + at,
    latest: T0 + at,
    points: 1,
    spans: 0,
  });
  const stored = (texts: readonly string[]) => {
    const states = texts.flatMap((text, i) =>
      fold({
        project: 'p',
        uploadId: uploadId(String(i).padStart(32, '0')),
        facts: facts(text, i * 1000),
        from: T0 - 1e6,
        to: T0 + 1e6,
      }).parts.map(({ sections }) => sections.instance!),
    );
    const merged = states.reduce(instanceKind.merge);
    return instanceKind
      .decode(instanceKind.encode(merged), instanceKind.codecVersion)
      .instances.get('pod-1')!;
  };

  it('gives bytes by site and time, 0 where a site was not yet', () => {
    const instance = stored(['+main;cache 5', '+main;cache 5\n +main;leak 7', '+main;leak 30']);
    const [heap] = heapSnapshotsOf(instance);
    expect(heap).toMatchObject({
      measure: 'inuse_space:bytes',
      times: [T0, T0 + 1000, T0 + 2000],
      totals: [5, 12, 30],
    });
    expect(heap!.sites.map(({ site, values }) => [site.name, site.calledFrom?.name, values])).toEqual([
      ['leak', 'main', [0, 7, 30]],
      ['cache', 'main', [5, 5, 0]],
    ]);
  });

  it('keeps what matches the life with those of other protocols', () => {
    const names = [...stored(['a 1']).facts.keys()].map((key) => JSON.parse(key));
    expect(names).toEqual([
      ['host', 'mill-1'],
      ['pid', '42'],
    ]);
  });
});

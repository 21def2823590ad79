// The very bundles that `cdk synth` produced, under a Lambda Runtime API, beside the embedded product: one code path.
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersOf } from '../support/answers.ts';
import { startEngines, type TestEngines } from '../support/aws/cloud.ts';
import { type Deployed, deploy } from '../support/aws/deployed.ts';
import { type Assembly, ENTRIES, synth } from '../support/aws/synth.ts';
import { packedCapture, replay } from '../support/captures.ts';
import { openProduct } from '../support/product.ts';
import { allows, statementsOf } from './rights.ts';
import { templateChecks } from './template.ts';

/** On a machine that has much else to do. */
const LONG_MS = 180_000;

let assembly: Assembly;
beforeAll(async () => {
  assembly = await synth();
}, LONG_MS);
afterAll(() => assembly.close());

templateChecks(() => assembly);

/** Bytes, unpacked. What grows past them says so here, before it says so in every cold start. */
const SIZES_MAX: Readonly<Record<(typeof ENTRIES)[number], number>> = {
  ingest: 400_000,
  api: 900_000,
  analyze: 700_000,
  work: 800_000,
  notify: 250_000,
  schedule: 700_000,
};

describe('the bundles', () => {
  it.each(ENTRIES)('%s stays within its size', async (entry) => {
    const { size } = await stat(`${assembly.bundle(entry)}/index.mjs`);
    expect(size).toBeLessThan(SIZES_MAX[entry]);
    expect(size).toBeGreaterThan(1000);
  });
});

describe('the bundles beside the embedded product', { timeout: LONG_MS }, () => {
  const capture = packedCapture(new URL('../fixtures/replays/otel-go.json.gz', import.meta.url).pathname);
  const at = capture.truth.recorder.startUnixMs;
  let engines: TestEngines;
  let deployed: Deployed;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    engines = await startEngines(at);
    closing.push(engines.close);
    deployed = await deploy(assembly, engines);
    closing.push(deployed.close);
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  it('find the same, byte for byte', async () => {
    const embedded = await openProduct({ at });
    closing.push(embedded.close);
    const statuses = await replay(embedded, capture);
    expect(await replay(deployed, capture)).toEqual(statuses);
    const wanted = await answersOf(embedded);
    const found = await answersOf(deployed);
    expect(wanted.findings).toMatch(/"kind":"leak"/);
    expect(found).toEqual(wanted);
  });
  it.each(ENTRIES.filter((entry) => entry !== 'notify'))('%s loads', async (entry) => {
    const events: Partial<Record<string, unknown>> = {
      schedule: { tick: 'sweep' },
      analyze: { Records: [] },
      work: { Records: [] },
    };
    if (entry in events) await deployed.call(entry, events[entry]);
    else
      expect((await (entry === 'api' ? deployed.api('/status') : deployed.send('/healthz'))).status).toBe(
        200,
      );
  });
  it('tell of the finding', async () => {
    expect(await deployed.call('notify', {})).toEqual({ sent: 1 });
    expect(deployed.messages).toMatchObject([{ type: expect.stringContaining('finding') }]);
  });
  it('ask for nothing that their roles do not allow', async () => {
    for (const tick of ['sweep', 'join', 'orphans', 'roll-up', 'expire', 'replay']) await deployed.tick(tick);
    const seen = Object.values(engines.proxies).flatMap((proxy) => proxy.seen);
    const byFunctions = seen.filter(({ by }) => ENTRIES.some((entry) => entry === by));
    expect(new Set(byFunctions.map(({ by }) => by))).toEqual(new Set(ENTRIES));
    const refused = byFunctions.filter((one) => !statementsOf(assembly, one.by).some(allows(one)));
    expect(refused.map(({ by, action, resource }) => `${by}: ${action} ${resource}`)).toEqual([]);
  });
  it('count what they cost', async () => {
    engines.clock.time += 5 * 60_000; // counts are written as often
    await deployed.send('/healthz');
    await deployed.call('analyze', { Records: [] });
    const usage = await deployed.get<{ uploads: number; usdPerMillion: number; items: { name: string }[] }>(
      '/usage',
    );
    expect(usage.uploads).toBe(capture.requests.length);
    expect(usage.items.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ingest', 'analyze', 'work']),
    );
    // A handful of uploads bear a whole installation here; docs/operations/cost.md has what a million costs.
    expect(usage.usdPerMillion).toBeGreaterThan(5);
    expect(usage.usdPerMillion).toBeLessThan(500);
  });
});

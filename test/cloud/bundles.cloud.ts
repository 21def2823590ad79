// The shipped bundles on engines that other people wrote, and what an operator may meet: an upgrade in the middle of a batch,
// a table that is lost.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAws } from '../../lib/compose/aws.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep } from '../../lib/jobs/replay.ts';
import { listServices } from '../../lib/records/services.ts';
import { answersOf } from '../support/answers.ts';
import type { Engines } from '../support/aws/cloud.ts';
import { type Deployed, deploy } from '../support/aws/deployed.ts';
import { freshTable } from '../support/aws/engines.ts';
import { freshOn, type RealEngines, startRealEngines } from '../support/aws/real-engines.ts';
import { type Assembly, synth } from '../support/aws/synth.ts';
import { type PackedCapture, packedCapture, replay } from '../support/captures.ts';
import { openProduct } from '../support/product.ts';

const LONG_MS = 300_000;
const CAPTURES = ['otel-go', 'otel-flask-leak'];

let assembly: Assembly;
let real: RealEngines;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  [assembly, real] = await Promise.all([synth(), startRealEngines()]);
}, LONG_MS);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await real?.close();
  await assembly?.close();
}, LONG_MS);

const read = (name: string) =>
  packedCapture(new URL(`../fixtures/replays/${name}.json.gz`, import.meta.url).pathname);
async function deployFresh(capture: PackedCapture): Promise<{ engines: Engines; deployed: Deployed }> {
  const engines = await freshOn(real, capture.truth.recorder.startUnixMs);
  const deployed = await deploy(assembly, engines);
  closing.push(engines.close, deployed.close);
  return { engines, deployed };
}
async function embeddedAnswers(capture: PackedCapture) {
  const embedded = await openProduct({ at: capture.truth.recorder.startUnixMs });
  closing.push(embedded.close);
  await replay(embedded, capture);
  return answersOf(embedded);
}

describe.each(CAPTURES)('the bundles on versitygw, DynamoDB Local and ElasticMQ: %s', (name) => {
  it(
    'find what the embedded product finds, byte for byte',
    async () => {
      const capture = read(name);
      const { deployed } = await deployFresh(capture);
      const statuses = await replay(deployed, capture);
      expect(Object.keys(statuses).every((key) => key.endsWith(' 200'))).toBe(true);
      expect(await answersOf(deployed)).toEqual(await embeddedAnswers(capture));
    },
    LONG_MS,
  );
});

describe('an upgrade', () => {
  it(
    'in the middle of a batch loses nothing and counts nothing twice',
    async () => {
      const capture = read('otel-go');
      const { engines, deployed: old } = await deployFresh(capture);
      const upgraded = await deploy(assembly, engines);
      closing.push(upgraded.close);
      const middle = Math.floor(capture.requests.length / 2);
      let killed = false;
      await replay(old, capture, async (number) => {
        if (number < middle || killed) return killed ? upgraded : old;
        // The old analyzer dies between the segment that it has stored and the head that would list it.
        engines.proxies.dynamodb.trouble = ({ action }) => {
          if (killed || action !== 'dynamodb:PutItem') return undefined;
          killed = true;
          old.lambdas.get('analyze')?.kill();
          return 'lost';
        };
        while ((await old.analyzeOnce()) > 0 && !killed);
        engines.proxies.dynamodb.trouble = () => undefined;
        return killed ? upgraded : old;
      });
      expect(killed).toBe(true);
      const { of, findings } = await answersOf(upgraded);
      const wanted = await embeddedAnswers(capture);
      expect({ of, findings }).toEqual({ of: wanted.of, findings: wanted.findings });
    },
    LONG_MS,
  );
});

describe('a table that is lost', () => {
  it(
    'is made again from the raw objects alone, but for what people decided',
    async () => {
      const capture = read('otel-go');
      const { engines, deployed } = await deployFresh(capture);
      await replay(deployed, capture);
      const before = await answersOf(deployed);

      const table = `${engines.env.TIDEMARK_TABLE}-again`;
      await freshTable(real.urls.dynamodb, table);
      const empty: Engines = { ...engines, env: { ...engines.env, TIDEMARK_TABLE: table } };
      const restored = await deploy(assembly, empty);
      closing.push(restored.close);

      // What `tidemark replay --project default` does, without its waits: the store's clock is the machine's.
      const { context } = openAws(empty.env, engines.clock);
      expect(await listServices(context.records, 'default')).toEqual([]);
      const { building } = await openReplay(context, 'default');
      await context.generations.change('default', (record) => ({
        ...record,
        building: building && { ...building, openedAt: building.openedAt - REPLAY_AFTER_MS },
      }));
      while ((await replayStep(context, 'default')) !== 'flipped');
      await restored.scan();
      const after = await answersOf(restored);
      expect(after.of).toEqual(before.of);
      expect(JSON.parse(after.services)).toMatchObject({ items: [{ service: 'production//depot' }] });
    },
    LONG_MS,
  );
});

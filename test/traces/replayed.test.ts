// A replay puts traces together again, and has to tell what live joins told of them.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep } from '../../lib/jobs/replay.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { listServices } from '../../lib/records/services.ts';
import { spansKind } from '../../lib/segments/kinds/spans.ts';
import type { SpansState } from '../../lib/traces/spans-state.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, uploadOf, type World, world } from '../jobs/world.ts';

/** Recorded transactions as if they ended at other times. */
function recordedAt(name: string, times: readonly number[]): string[] {
  const file = new URL(`../fixtures/nesting/${name}.jsonl.gz`, import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return times.map((time, i) => {
    const line = lines[i]!;
    const ended = Date.parse((JSON.parse(line) as { timestamp: string }).timestamp);
    const moveUs = Math.round(time - ended) * 1000;
    return line.replace(/"(\d{4}-\d\d-\d\dT[\d:]{8})\.(\d{6})Z"/g, (_, seconds, fraction) => {
      const us = Date.parse(`${seconds}Z`) * 1000 + Number(fraction) + moveUs;
      const text = new Date(Math.floor(us / 1000)).toISOString().slice(0, 19);
      return `"${text}.${String(us % 1e6).padStart(6, '0')}Z"`;
    });
  });
}

async function spansOf({ context, clock }: World, generation?: number): Promise<SpansState> {
  const [service] = await listServices(context.records, 'default');
  const query = { project: 'default', service: service!.service, from: clock.time - DAY_MS, to: clock.time };
  const parts = await context.reader.range(
    'spans',
    generation === undefined ? query : { ...query, generation },
  );
  return parts.map(({ state }) => state).reduce(spansKind.merge, spansKind.empty());
}

describe('a replay', () => {
  it('tells what live joins told, where one trace in seven minutes bears witness', async () => {
    const here = await world();
    const times = Array.from({ length: 20 }, (_, i) => NOON + 7 * i * MINUTE_MS);
    for (const [i, line] of recordedAt('sentry-web-early', times).entries()) {
      here.clock.time = times[i]! + 1000;
      const body = `{}\n{"type":"transaction"}\n${line}\n`;
      const upload = await uploadOf(body, { route: 'sentry-envelope', receivedAt: here.clock.time });
      await analyze(here.context, [message(await rawObject(here, [upload]))]);
      here.clock.time += 4 * MINUTE_MS;
      await joinDue(here.context, foldJoined, (error) => {
        throw error;
      });
    }
    const live = await spansOf(here);
    const traces = [...live.deployments.values()];
    expect(traces.map((one) => one.traces)).toEqual([20]);
    expect(traces[0]!.misnested).toBeGreaterThan(5);
    await openReplay(here.context, 'default');
    for (let step = 0, done = ''; done !== 'flipped'; step += 1) {
      expect(step).toBeLessThan(500);
      done = await replayStep(here.context, 'default');
      if (done === 'waiting') here.clock.time += REPLAY_AFTER_MS;
    }
    expect(spansKind.encode(await spansOf(here, 1))).toEqual(spansKind.encode(live));
  });
});

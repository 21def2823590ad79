// What the code of a function costs at its first call: spawn to the first request for work (init), and the first answer after
// that, under the Runtime API of the tests; beside a function that does nothing, in the same harness, in turns.
//
//   node bench/cloud/cold-start.ts [--starts 20] [--json]
//
// Limit: ingest less hello ≤ 120 ms (median of init + first answer). AWS's own machine, network and sandbox come on top of both.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEngines } from '../../test/support/aws/cloud.ts';
import { deploy } from '../../test/support/aws/deployed.ts';
import { toUrlEvent } from '../../test/support/aws/function-url.ts';
import { withKey } from '../../test/support/aws/keys.ts';
import { startLambda } from '../../test/support/aws/runtime-api.ts';
import { ENTRIES, synth } from '../../test/support/aws/synth.ts';

const LIMIT_MS = 120;
const { values } = parseArgs({
  options: { starts: { type: 'string', default: '20' }, json: { type: 'boolean' } },
});
const starts = Number(values.starts);

const hello = mkdtempSync(join(tmpdir(), 'tidemark-hello-'));
writeFileSync(
  join(hello, 'index.mjs'),
  'export const handler = async () => ({ statusCode: 200, headers: {}, body: "hello" });\n',
);
const assembly = await synth();
const engines = await startEngines(Date.now());
const deployed = await deploy(assembly, engines);

const request = async (entry: string) => {
  const headers = { 'x-api-key': withKey.authorization.replace('Bearer ', '') };
  if (entry === 'api') return toUrlEvent(new Request('https://api.test/api/v1/status', { headers }));
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' };
  return toUrlEvent(new Request('https://ingest.test/v1/metrics', init));
};
const EVENTS: Readonly<Record<string, () => Promise<unknown>>> = {
  hello: () => request('ingest'),
  ingest: () => request('ingest'),
  api: () => request('api'),
  analyze: async () => ({ Records: [] }),
  work: async () => ({ Records: [] }),
  schedule: async () => ({ tick: 'expire' }),
  notify: async () => ({}),
};

async function coldStart(entry: string): Promise<number> {
  const bundle = entry === 'hello' ? hello : assembly.bundle(entry);
  const environment = entry === 'hello' ? engines.env : deployed.environment(entry);
  const started = await startLambda({ bundle, environment, timeoutMs: 30_000 });
  const event = await EVENTS[entry]?.();
  const began = performance.now();
  await started.invoke(event);
  const tookMs = performance.now() - began;
  await started.close();
  return tookMs;
}

const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const names = ['hello', ...ENTRIES];
const times = new Map<string, number[]>(names.map((name) => [name, []]));
for (let start = 0; start < starts; start += 1)
  for (const name of names) times.get(name)?.push(await coldStart(name));

const base = median(times.get('hello') ?? []);
const rows = names.map((name) => {
  const firstAnswerMs = median(times.get(name) ?? []);
  const bytes = statSync(join(name === 'hello' ? hello : assembly.bundle(name), 'index.mjs')).size;
  return { name, bytes, firstAnswerMs, overHelloMs: firstAnswerMs - base };
});
const over = rows.find(({ name }) => name === 'ingest')?.overHelloMs ?? Number.POSITIVE_INFINITY;
if (values.json) console.log(JSON.stringify({ starts, limitMs: LIMIT_MS, ok: over <= LIMIT_MS, rows }));
else {
  for (const { name, bytes, firstAnswerMs, overHelloMs } of rows)
    console.log(
      `${name.padEnd(9)} ${String(bytes).padStart(8)} bytes  ${firstAnswerMs.toFixed(0).padStart(5)} ms  ${overHelloMs.toFixed(0).padStart(5)} over hello`,
    );
  console.log(
    `ingest over hello: ${over.toFixed(0)} ms, at most ${LIMIT_MS}: ${over <= LIMIT_MS ? 'kept' : 'MISSED'}`,
  );
}
await deployed.close();
await engines.close();
await assembly.close();
rmSync(hello, { recursive: true });
process.exitCode = over <= LIMIT_MS ? 0 : 1;

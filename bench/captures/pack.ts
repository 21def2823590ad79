// Packs recorded runs into fixtures: node bench/captures/pack.ts OUT DIR…   writes OUT/<name>.json.gz
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packCapture } from '../../test/support/captures.ts';

const [out = '.', ...folders] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
for (const folder of folders) {
  const { truth, requests } = packCapture(folder);
  const { recorder, traceSampling, lives } = truth;
  const kept = lives.map(({ startedUnixMs, endedUnixMs, requests: counts, leak }) => ({
    startedUnixMs,
    endedUnixMs,
    requests: counts,
    leak: leak ?? null,
  }));
  const packed = {
    truth: { recorder: { startUnixMs: recorder.startUnixMs }, traceSampling, lives: kept },
    requests,
  };
  writeFileSync(join(out, `${basename(folder)}.json.gz`), gzipSync(JSON.stringify(packed), { level: 9 }));
}

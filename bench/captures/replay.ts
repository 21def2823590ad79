// Replays recorded runs of real SDKs through the whole product and prints what it says of each beside the truth.
//   node bench/captures/replay.ts DIR…     each DIR holds requests/ and truth.json
import { basename } from 'node:path';
import { type CaptureTruth, packCapture, plainRoute, replay } from '../../test/support/captures.ts';
import { openProduct } from '../../test/support/product.ts';

interface Cohort {
  role: string;
  verdict: string;
  reason: string;
  suspects: {
    units: { name: string }[];
    cause: string;
    weight: number;
    bytesPerUnit: { value: number } | null;
  }[];
}

for (const folder of process.argv.slice(2)) {
  const capture = packCapture(folder);
  const { truth } = capture;
  const product = await openProduct({ at: truth.recorder.startUnixMs });
  await replay(product, capture);
  const { items: services } = await product.get<{ items: { service: string }[] }>('/services');
  const leak = truth.lives.map((life) => life.leak).find((one) => one);
  const seconds = truth.lives
    .map((life) => ((life.endedUnixMs - life.startedUnixMs) / 1000).toFixed(0))
    .join('+');
  const wanted = leak ? `${leak.route} ${Math.round(leak.bytesPerRequest)} B` : 'none';
  console.log(`\n${basename(folder)}  ${seconds} s  leak: ${wanted}`);
  const { items: findings } = await product.get<{ items: { title: string; state: string }[] }>('/findings');
  for (const { title, state } of findings) console.log(`  FINDING ${state}: ${title}`);
  for (const { service } of services) {
    const { items } = await product.get<{ items: Cohort[] }>(
      `/services/${encodeURIComponent(service)}/leaks`,
    );
    for (const { role, verdict, suspects, reason } of items) {
      const [first] = suspects;
      const names = first ? first.units.map(({ name }) => name).join(' + ') || first.cause : '–';
      const kept = first?.bytesPerUnit ? `${Math.round(first.bytesPerUnit.value)} B` : '';
      console.log(
        `  ${role.padEnd(16)} ${verdict.padEnd(20)} ${names} ${kept} ${first?.weight.toFixed(2) ?? ''}`,
      );
      if (process.env.WHY) console.log(`    ${reason}`);
    }
    const { items: units } = await product.get<{ items: { unit: { name: string }; count: number }[] }>(
      `/services/${encodeURIComponent(service)}/units`,
    );
    for (const [route, byStatus] of Object.entries(totals(truth.lives))) {
      const got = units.find(({ unit }) => plainRoute(unit.name) === plainRoute(route))?.count ?? 0;
      const want = Object.values(byStatus).reduce((a, b) => a + b, 0);
      const known =
        units.some(({ unit }) => plainRoute(unit.name) === plainRoute(route)) || services.length === 1;
      if (known && got !== want) console.log(`  COUNT ${route}: ${got}, truth ${want}`);
    }
  }
  await product.close();
}

function totals(lives: CaptureTruth['lives']) {
  const sums: Record<string, Record<string, number>> = {};
  for (const { requests } of lives) {
    for (const [route, byStatus] of Object.entries(requests ?? {})) {
      for (const [status, count] of Object.entries(byStatus)) {
        sums[route] = { ...sums[route], [status]: (sums[route]?.[status] ?? 0) + count };
      }
    }
  }
  return sums;
}

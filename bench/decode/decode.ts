import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Profile as PprofFormat } from 'pprof-format';
import protobuf from 'protobufjs';
import { decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { PPROF_PROTO } from './pprof-proto.ts';

// Decoders of profiles in MB per CPU second (user and system, garbage collection included), unpacked bytes, beside well-kept libraries on the same bytes in the same run. Ours give
// the whole model: stacks as a tree, frames, exact value columns, units of work. For JSON and text there is no library to
// stand beside it, but a limit: JSON.parse, or splitting into lines.
//
// Run: node bench/decode/decode.ts [seconds per measurement]

const SECONDS = Number(process.argv[2] ?? 1);
const ROUNDS = 7;
const WARM_UP = 50;
const FIXTURES = new URL('../../test/fixtures/profiles/', import.meta.url);

const pprofType = protobuf.parse(PPROF_PROTO).root.lookupType('perftools.profiles.Profile');
const utf8 = new TextDecoder();

function fixture(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, FIXTURES));
  return new Uint8Array(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
}

/** MB per CPU second: a machine that is busy with other work changes it little. */
function rate(bytes: number, work: () => unknown): number {
  let calls = 0;
  const start = process.cpuUsage();
  let spentUs = 0;
  while (spentUs < (SECONDS * 1e6) / ROUNDS) {
    work();
    calls += 1;
    const { user, system } = process.cpuUsage(start);
    spentUs = user + system;
  }
  return (calls * bytes) / spentUs;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

type Row = readonly [label: string, work: () => unknown];

/** All take turns in every round, so that a busy machine is busy for all; ratios are medians over rounds. */
function report(name: string, bytes: Uint8Array, rows: readonly Row[]): void {
  console.log(`\n${name}, ${(bytes.length / 1000).toFixed(0)} kB`);
  for (const [, work] of rows) for (let i = 0; i < WARM_UP; i += 1) work();
  const rates = rows.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [i, [, work]] of rows.entries()) rates[i]!.push(rate(bytes.length, work));
  for (const [i, [label]] of rows.entries()) {
    const ratio = median(rates[i]!.map((own, round) => rates[0]![round]! / own));
    const beside = i === 0 ? '' : `   ours is × ${ratio.toFixed(2)}`;
    console.log(`  ${label.padEnd(28)} ${median(rates[i]!).toFixed(1).padStart(8)} MB/s${beside}`);
  }
}

for (const name of ['gdu-cpu.pb.gz', 'parca-alloc-delta.pb.gz', 'own-node-wall-routes.pb.gz']) {
  const bytes = fixture(name);
  report(`pprof, ${name}`, bytes, [
    ['decodeProfile', () => decodeProfile(bytes, { format: 'pprof' })],
    ['pprof-format', () => PprofFormat.decode(bytes)],
    ['protobufjs', () => pprofType.decode(bytes)],
  ]);
}
for (const name of [
  'own-inspector.cpuprofile.gz',
  'own-node24.heapprofile.gz',
  'own-evented.speedscope.json.gz',
  'own-node-transaction.json.gz',
  'own-python-chunk.json.gz',
  'ebpf.json.gz',
]) {
  const bytes = fixture(name);
  report(`JSON, ${name}`, bytes, [
    ['decodeProfile', () => decodeProfile(bytes)],
    ['JSON.parse alone', () => JSON.parse(utf8.decode(bytes))],
  ]);
}
const folded = fixture('own-stackprof.folded.gz');
report('folded stacks, own-stackprof', folded, [
  ['decodeProfile', () => decodeProfile(folded)],
  ['lines to a Map alone', () => foldedMap(folded)],
]);
const profile = decodeProfile(fixture('gdu-cpu.pb.gz'));
const plain = encodeProfile(profile, 'pprof-plain');
const library = PprofFormat.decode(plain);
report('writing pprof, gdu-cpu', plain, [
  ['encodeProfile', () => encodeProfile(profile, 'pprof-plain')],
  ['pprof-format', () => library.encode()],
]);

/** The least that reading folded stacks can be: counts by the text of the stack. */
function foldedMap(bytes: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of utf8.decode(bytes).split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0)
      counts.set(line.slice(0, at), (counts.get(line.slice(0, at)) ?? 0) + Number(line.slice(at + 1)));
  }
  return counts;
}

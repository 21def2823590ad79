import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { generate } from './generate.ts';
import { canonical, neutralPprof } from './neutral-pprof.ts';

// `tidemark profile merge` beside google/pprof's Parse + Merge + Write on the same 1,000 profiles (72 MB unpacked): CPU
// seconds (user + system) of the command with all its processes on one core, in turns, and whether the two results are equal. Gunzip alone
// and the start of the command stand beside it. Ends with 1 where the results differ or ours is below the mark. Needs Go, bash
// and taskset.
//
// Run: node bench/flame/merge.ts [files] [seed] [rounds]

/** How many times faster than google/pprof it has to be, by the median of the rounds. */
const MARK = 3;

const [files = '1000', seed = '1', rounds = '5'] = process.argv.slice(2);
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'merge-bench-'));

/** CPU seconds of a command on one core, by the shell's own count of its children. */
function cpuSeconds(command: readonly string[]): number {
  const script = `TIMEFORMAT='%U %S'; time taskset -c 0 "$@" >/dev/null`;
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    encoding: 'utf8',
    cwd: root,
  });
  if (status !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  const [user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number) as [number, number];
  return user + system;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function isEqual(a: string, b: string): { bytes: boolean; meaning: boolean; samples: number } {
  const [bytesA, bytesB] = [gunzipSync(readFileSync(a)), gunzipSync(readFileSync(b))];
  const [linesA, linesB] = [canonical(neutralPprof(bytesA)), canonical(neutralPprof(bytesB))];
  const meaning = linesA.length === linesB.length && linesA.every((line, i) => line === linesB[i]);
  return {
    bytes: bytesA.equals(bytesB),
    meaning,
    samples: linesA.filter((line) => line.startsWith('sample ')).length,
  };
}

try {
  const made = generate(join(folder, 'in'), Number(files), Number(seed));
  const inputs = readdirSync(join(folder, 'in'))
    .sort()
    .map((name) => join(folder, 'in', name));
  console.log(
    `${files} profiles, ${(made.raw / 1e6).toFixed(1)} MB, ${(made.packed / 1e6).toFixed(1)} MB packed, seed ${seed}`,
  );
  const peer = join(folder, 'peer');
  const build = spawnSync('go', ['build', '-o', peer, '.'], {
    cwd: join(root, 'bench/flame/google-pprof'),
    stdio: 'inherit',
  });
  if (build.status !== 0) throw new Error('Cannot build the peer: need Go and its module proxy');
  const theirs = join(folder, 'theirs.pb.gz');
  const ours = join(folder, 'ours.pb.gz');
  const node = process.execPath;
  const commands = {
    'google/pprof': [peer, theirs, ...inputs],
    tidemark: [node, 'bin/tidemark.js', 'profile', 'merge', ...inputs, '-o', ours],
    'gunzip alone': [node, 'bench/flame/gunzip.ts', ...inputs],
    'start alone': [node, 'bin/tidemark.js', 'profile', '--help'],
  };
  // Both are compiled before they are measured: theirs above, ours at the first start of a new source.
  cpuSeconds(commands.tidemark);
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const [name, command] of Object.entries(commands)) times[name]!.push(cpuSeconds(command));
  }
  for (const [name, values] of Object.entries(times)) {
    const seconds = median(values);
    const rate = name.startsWith('start') ? '' : `  ${(made.raw / 1e6 / seconds).toFixed(0)} MB/s`;
    console.log(
      `${name.padEnd(14)} ${seconds.toFixed(2)} s CPU (${values.map((v) => v.toFixed(2)).join(' ')})${rate}`,
    );
  }
  const ratios = times['google/pprof']!.map((seconds, i) => seconds / times.tidemark![i]!);
  const ratio = median(ratios);
  console.log(
    `ratio          ${ratio.toFixed(2)} × (${ratios.map((r) => r.toFixed(2)).join(' ')}), mark ${MARK} ×`,
  );
  const { bytes, meaning, samples } = isEqual(theirs, ours);
  console.log(
    `equal          ${meaning ? 'yes' : 'NO'}: ${samples} samples${bytes ? ', byte for byte before compression' : ''}`,
  );
  console.log(
    `written        ${statSync(theirs).size} bytes by google/pprof, ${statSync(ours).size} by tidemark`,
  );
  if (!meaning || ratio < MARK) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

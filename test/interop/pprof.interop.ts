import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neutralPprof } from '../../bench/flame/neutral-pprof.ts';
import { profileTotals } from '../../lib/cli/profile-totals.ts';
import { addToMerge, createMerge, finishMerge } from '../../lib/formats/pprof/merge.ts';
import { combineProfiles, decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { PROFILE_FACTS, plainProfile, profileFile } from '../formats/profile-fixtures.ts';
import { valuesByStack } from '../formats/values-by-stack.ts';

// What `go tool pprof` makes of the files that we write, and of the ones that we merge.

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-pprof-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pprof(...args: readonly string[]): string {
  return execFileSync('go', ['tool', 'pprof', '-symbolize=none', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PPROF_TMPDIR: folder },
  });
}

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** As Go read it: the file written again by it. */
function throughGo(...paths: readonly string[]) {
  const out = join(folder, 'out.pb.gz');
  pprof('-proto', `-output=${out}`, ...paths);
  return neutralPprof(gunzipSync(readFileSync(out)));
}

describe('go tool pprof opens what we write', () => {
  it.each(PROFILE_FACTS)('of $file, with every stack and value', ({ file }) => {
    const bytes = encodeProfile(decodeProfile(profileFile(file)), 'pprof-plain');
    const read = throughGo(written('in.pb', bytes));
    expect(valuesByStack(read)).toEqual(valuesByStack(neutralPprof(bytes)));
  });

  it.each(PROFILE_FACTS)('of $file, and lists its functions', ({ file }) => {
    const profile = decodeProfile(profileFile(file));
    const { functions } = profileTotals(profile, profile.defaultType);
    const named = functions.find(({ name, self }) => Number(self) > 0 && /^[\w.]+$/.test(name));
    const path = written('in.pb.gz', encodeProfile(combineProfiles([profile]), 'pprof'));
    const text = pprof('-top', '-nodecount=100000', '-nodefraction=0', path);
    if (named !== undefined) expect(text).toContain(named.name);
  });
});

describe('go tool pprof merges as we do', () => {
  it.each([
    ['gdu-cpu.pb.gz'],
    ['own-go-cpu-routes.pb.gz'],
    ['own-go-allocs.pb.gz'],
    ['parca-heap-jump.pb.gz'],
    ['parca-alloc-delta.pb.gz'],
    ['own-node-wall-routes.pb.gz'],
  ])('%s, twice', (file) => {
    const bytes = plainProfile(file);
    const merge = createMerge();
    addToMerge(merge, bytes);
    addToMerge(merge, bytes);
    const path = written('in.pb.gz', bytes);
    expect(valuesByStack(neutralPprof(finishMerge(merge)))).toEqual(valuesByStack(throughGo(path, path)));
  });
});

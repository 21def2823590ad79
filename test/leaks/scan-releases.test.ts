import { describe, expect, it } from 'vitest';
import { scan } from '../../lib/cli/scan.ts';
import { exported, type Process } from './service-story.ts';

const KIB = 1024;
const OLD = { version: '1.4.1', kept: 0, minutes: 60 };
const BAD = { version: '1.4.2', kept: 40 * KIB, minutes: 120 };
const NEW = { version: '1.4.3', kept: 0, minutes: 60 };

/** One process after the other; an export each, in a file of lines. */
async function scanned(processes: readonly Process[], ...options: string[]) {
  let first = 0;
  const lines = processes.map((process) => {
    const from = first;
    first += process.minutes;
    return JSON.stringify(exported('shop', process, from, from, first));
  });
  let stdout = '';
  const code = await scan(['run.jsonl', '--role', 'heap_used', ...options], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stdout += text;
    },
    readFile: async () => new TextEncoder().encode(lines.join('\n')),
  });
  expect([code, stdout]).toEqual([0, stdout]);
  return stdout;
}

describe('tidemark scan of several releases', () => {
  it('says what each of them kept, which was the first bad one, and that the newest has ended it', async () => {
    const [leak] = JSON.parse(await scanned([OLD, BAD, NEW], '--json')).results.filter(
      ({ verdict }: { verdict: string }) => verdict === 'leak',
    );
    expect(leak.series).toMatchObject({ service: 'shop', version: '1.4.2' });
    const { by, items, firstBad, fix } = leak.releases;
    expect([by, items.map((item: { version: string }) => item.version)]).toEqual([
      'unit',
      ['1.4.1', '1.4.2', '1.4.3'],
    ]);
    for (const [i, kept] of [0, 40 * KIB, 0].entries()) {
      const { bytesPerUnit, units, hours } = items[i];
      expect([bytesPerUnit.low <= kept, bytesPerUnit.high >= kept]).toEqual([true, true]);
      expect([units > 0, hours > 0]).toEqual([true, true]);
    }
    expect(firstBad).toEqual({ versions: ['1.4.2'], lastGood: '1.4.1' });
    expect(fix).toMatchObject({ version: '1.4.3', state: 'fixed', by: 'unit' });
  });

  it('prints the same for people', async () => {
    const text = await scanned([OLD, BAD, NEW]);
    expect(text).toMatch(/^LEAK .* · shop · 1\.4\.2 · /m);
    expect(text).toMatch(/^ {2}release 1\.4\.1 {2}.* each \(.*\), [\d]+ units in 0\.\d h of its processes$/m);
    expect(text).toMatch(/^ {2}release 1\.4\.2 {2}(39|40)\.\d KiB each \(.*, the first bad one$/m);
    expect(text).toMatch(/^ {2}release 1\.4\.3: keeps none of it, \d+ of about \d+ units served$/m);
  });

  it('has no table where there is one release, or none that grows', async () => {
    expect(await scanned([BAD])).not.toMatch(/release/);
    expect(await scanned([OLD, { ...NEW, minutes: 120 }])).not.toMatch(/release/);
  });
});
